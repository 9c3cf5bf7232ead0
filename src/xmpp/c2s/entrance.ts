/** How somebody who has signed in gets a session: a resource (RFC 6120 §7, XEP-0386), or the session that he had (XEP-0198 §5). */
import type { BareJid, Jid } from '../../core/address.ts'
import type { Element } from '../../xml/element.ts'
import { StreamError } from '../errors.ts'
import { ManagedSession } from '../stream-management/managed-session.ts'
import { countOf, failed } from '../stream-management/nonzas.ts'
import type { StreamManagement } from '../stream-management/stream-management.ts'
import { type BindDeps, requestedResource, type Wanted } from './bind.ts'
import { countTooHigh } from './bound-stream.ts'
import type { Accounts } from './sign-in.ts'
import type { StreamConnection } from './stream-connection.ts'

export interface EntranceDeps extends BindDeps {
  readonly accounts: Pick<Accounts, 'user'>
  readonly management: StreamManagement
}

export class Entrance {
  readonly account: BareJid
  readonly #deps: EntranceDeps
  readonly #connection: StreamConnection

  constructor(deps: EntranceDeps, connection: StreamConnection, account: BareJid) {
    this.#deps = deps
    this.#connection = connection
    this.account = account
  }

  /**
   * Calls `begin` with the JID that is free for this client, unless its connection has closed. A session that
   * has to make room has gone, for everybody, before. Rejects with `StanzaError`, `StreamError`.
   */
  async bind(wanted: Wanted, begin: (jid: Jid) => void): Promise<void> {
    for (;;) {
      await this.#requireUser()
      if (!this.#connection.isOpen) return
      const { jid, displaced } = requestedResource(this.#deps, this.account, wanted)
      if (!displaced) {
        begin(jid)
        return
      }
      displaced.close(new StreamError('conflict', 'another client took the resource'))
      await displaced.departure
    }
  }

  /**
   * The session, with nobody carrying it; or what the client is told, who may bind a resource instead; nothing where its
   * connection has closed.
   */
  async resume(wish: Element): Promise<ManagedSession | Element | undefined> {
    const { management } = this.#deps
    const h = countOf(wish)
    const id = wish.attr('previd') ?? ''
    if (h === undefined) return failed('bad-request')
    await this.#requireUser()
    const managed = await management.claim(this.account, id)
    if (!managed) return failed('item-not-found', management.handledBy(id, this.account))
    if (!this.#connection.isOpen) {
      management.park(managed, undefined)
      return undefined
    }
    if (!managed.outbox.acknowledge(h)) {
      management.park(managed, undefined)
      throw countTooHigh(h, managed.outbox.sent)
    }
    return managed
  }

  /** Disabled or removed since he signed in: nobody but us could close a stream that has no session yet. */
  async #requireUser(): Promise<void> {
    const user = await this.#deps.accounts.user(this.account)
    if (user?.disabled !== false) throw new StreamError('not-authorized')
  }
}

export function isSession(outcome: ManagedSession | Element): outcome is ManagedSession {
  return outcome instanceof ManagedSession
}
