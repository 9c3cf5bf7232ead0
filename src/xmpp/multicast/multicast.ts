/** Passes one stanza on to many (XEP-0033 §6): a copy for each, on the way that the sender's own stanzas go. */
import type { Jid } from '../../core/address.ts'
import type { Log } from '../../util/log.ts'
import type { Element } from '../../xml/element.ts'
import type { Asker } from '../asker.ts'
import {
  errorReply,
  forbidden,
  internalServerError,
  StanzaError,
  serviceUnavailable,
} from '../errors.ts'
import type { Route } from '../host-stanzas.ts'
import { NS_CLIENT } from '../namespaces.ts'
import { XmppSession } from '../session.ts'
import { readHeader } from './addresses.ts'
import { copies, multicasts } from './metrics.ts'
import type { Pace } from './pace.ts'
import { Shown } from './shown.ts'

export interface MulticastDeps {
  readonly log: Log
  readonly pace: Pace
  readonly maxAddresses: number
  /** §2.2: whether he may write to many; strangers never may, since this is no relay for others. */
  maySend(from: Jid): boolean
  /** A domain of ours or of one of our services. */
  isHost(domain: string): boolean
}

export class Multicast {
  readonly #deps: MulticastDeps
  readonly #shown = new Shown()

  constructor(deps: MulticastDeps) {
    this.#deps = deps
  }

  /** Settles when every copy is on its way. Throws `StanzaError` where nobody gets any. */
  take(asker: Asker, stanza: Element, route: Route): undefined | Promise<void> {
    // What cannot be answered is not multiplied either.
    if (stanza.attr('type') === 'error') return undefined
    try {
      const taken = this.#take(asker, stanza, route)
      multicasts.inc({ kind: stanza.name, outcome: 'taken' })
      return taken
    } catch (error) {
      const outcome = error instanceof StanzaError ? error.condition : 'internal-server-error'
      multicasts.inc({ kind: stanza.name, outcome })
      throw error
    }
  }

  /** §5.1: presence that names the service alone ends all that went through it. */
  goodbye(asker: Asker, stanza: Element, route: Route): undefined | Promise<void> {
    const told = this.#shown
      .forget(asker)
      .map((to) => this.#send(asker, to, stanza.withAttrs({ to: to.full }), route))
    return allOf(told)
  }

  #take(asker: Asker, stanza: Element, route: Route): undefined | Promise<void> {
    if (!this.#deps.maySend(asker.jid)) throw forbidden()
    const { recipients, copyFor } = readHeader(stanza, this.#deps.maxAddresses)
    if (asker instanceof XmppSession) {
      const size = () => stanza.toString(NS_CLIENT).length
      this.#deps.pace.charge(asker.account, recipients.length, size)
    }
    return allOf(
      recipients.map((recipient) => this.#send(asker, recipient.to, copyFor(recipient), route)),
    )
  }

  /** Never throws: what is wrong with one recipient is no reason to leave out the next. */
  #send(asker: Asker, to: Jid, copy: Element, route: Route): undefined | Promise<void> {
    try {
      // A copy for this service itself would be copied again, without end.
      if (to.local === '' && this.#deps.isHost(to.domain)) throw serviceUnavailable()
      if (isShowing(copy)) this.#shown.requireRoom(asker)
      const pending = route(copy)
      if (pending instanceof Promise) {
        return pending.then(
          () => this.#sent(asker, to, copy),
          (error: unknown) => this.#refused(asker, copy, error),
        )
      }
      this.#sent(asker, to, copy)
    } catch (error) {
      this.#refused(asker, copy, error)
    }
    return undefined
  }

  #sent(asker: Asker, to: Jid, copy: Element): void {
    copies.inc({ kind: copy.name, outcome: 'passed' })
    if (copy.name === 'presence') this.#shown.sent(asker, to, isShowing(copy))
  }

  /** The error comes from the recipient whom it is about, as if the sender had written to him alone. */
  #refused(asker: Asker, copy: Element, error: unknown): void {
    copies.inc({ kind: copy.name, outcome: 'refused' })
    const refusal = error instanceof StanzaError ? error : internalServerError()
    if (refusal !== error) this.#deps.log.error({ what: 'xmpp_multicast_failed', err: error })
    const reply = errorReply(copy, refusal)
    if (reply) asker.send(reply)
  }
}

function isShowing({ name, attrs }: Element): boolean {
  return name === 'presence' && attrs.type === undefined
}

function allOf(pending: readonly (undefined | Promise<void>)[]): undefined | Promise<void> {
  const promises = pending.filter((promise) => promise !== undefined)
  return promises.length === 0 ? undefined : Promise.all(promises).then(() => undefined)
}
