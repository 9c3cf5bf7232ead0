/**
 * Tells the clients that know a block list what changed in it (XEP-0191 §3.3 to §3.5), whoever
 * changed it: a client, the API, an administrator.
 */
import type { BareJid } from '../../core/address.ts'
import { escapeAttr } from '../../xml/element.ts'
import type { LocalSessions } from '../local-sessions.ts'
import type { XmppSession } from '../session.ts'
import { withItems } from './block-list-stanza.ts'

export interface BlockListPushesDeps {
  sessions: LocalSessions
  /** The JIDs that the account blocks now. */
  blocked(account: BareJid): ReadonlySet<string>
}

export class BlockListPushes {
  readonly #deps: BlockListPushesDeps
  /** Accounts whose whole list is being given up. */
  readonly #clearing = new Set<BareJid>()
  #pushes = 0

  constructor(deps: BlockListPushesDeps) {
    this.#deps = deps
  }

  /** Some access rule of the account changed. */
  changed(account: BareJid): void {
    let now: ReadonlySet<string> | undefined
    for (const session of this.#deps.sessions.connected(account)) {
      const known = session.blockList
      if (!known) continue
      now ??= this.#deps.blocked(account)
      session.blockList = now
      this.#tell(session, known, now)
    }
  }

  /** §3.5: who unblocks everybody is told so in so many words, also where that was nobody. */
  async clearing(account: BareJid, work: () => Promise<unknown>): Promise<void> {
    if (this.#deps.blocked(account).size === 0) {
      for (const session of this.#deps.sessions.connected(account)) {
        if (session.blockList) this.#push(session, withItems('unblock', []).toString())
      }
      return
    }
    this.#clearing.add(account)
    try {
      await work()
    } finally {
      this.#clearing.delete(account)
    }
  }

  #tell(session: XmppSession, known: ReadonlySet<string>, now: ReadonlySet<string>): void {
    const added = now.difference(known)
    const removed = known.difference(now)
    if (added.size > 0) this.#push(session, withItems('block', added).toString())
    if (removed.size === 0) return
    const all = now.size === 0 && this.#clearing.has(session.account)
    this.#push(session, withItems('unblock', all ? [] : removed).toString())
  }

  #push(session: XmppSession, payload: string): void {
    this.#pushes += 1
    const to = escapeAttr(session.jid.full)
    session.send(`<iq type='set' id='block${this.#pushes}' to='${to}'>${payload}</iq>`)
  }
}
