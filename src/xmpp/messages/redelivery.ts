/** What a session was sent and never acknowledged, when it has gone for good (XEP-0198 §4). */
import { type Jid, parseJid } from '../../core/address.ts'
import type { DeliveryOutcome } from '../../core/messaging/message.ts'
import type { Messaging } from '../../core/messaging/messaging.ts'
import type { Clock } from '../../util/clock.ts'
import type { Element } from '../../xml/element.ts'
import { errorReply, serviceUnavailable } from '../errors.ts'
import type { LocalSessions } from '../local-sessions.ts'
import type { XmppSession } from '../session.ts'
import type { Unacknowledged } from '../stream-management/outbox.ts'
import { refusalError } from './refusals.ts'
import { parseStanza } from './render.ts'
import { asItCame } from './returned.ts'
import { XmppMessage } from './xmpp-message.ts'

export interface RedeliveryDeps {
  readonly messaging: Pick<Messaging, 'send'>
  readonly sessions: LocalSessions
  readonly clock: Pick<Clock, 'now'>
}

/** Messages that several clients had of which it is known that they were sent on. */
const MAX_SENT_ON = 10_000

export class Redelivery {
  readonly #deps: RedeliveryDeps
  /** By account and stable id, when; the oldest first. */
  readonly #sentOn = new Map<string, number>()

  constructor(deps: RedeliveryDeps) {
    this.#deps = deps
  }

  /**
   * Messages go to his other clients or wait for him as if they came now (RFC 6121 §8.5), with the time at
   * which they came; requests are answered with an error (§8.5.3.2.3); the rest was for that session alone.
   */
  async redeliver(session: XmppSession, stanzas: readonly Unacknowledged[]): Promise<void> {
    for (const unacknowledged of stanzas) {
      const stanza = parseStanza(unacknowledged.stanza)
      const from = parseJid(stanza?.attr('from') ?? '')
      if (!stanza || !from) continue
      if (isRequest(stanza)) this.#answer(from, errorReply(stanza, serviceUnavailable()))
      if (stanza.name !== 'message' || this.#isElsewhere(session, unacknowledged)) continue
      await this.#again(stanza, session, unacknowledged)
    }
  }

  /** A client of his that is there, or may come back, got it as well, and answers for it. */
  #isElsewhere({ account }: XmppSession, { isCopy }: Unacknowledged): boolean {
    return isCopy && this.#deps.sessions.available(account).length > 0
  }

  async #again(sent: Element, session: XmppSession, unacknowledged: Unacknowledged): Promise<void> {
    const returned = asItCame(sent, session.account)
    const from = parseJid(returned?.stanza.attr('from') ?? '')
    if (!returned || !from) return
    const { stanza, stableId, since = unacknowledged.at } = returned
    const isShared = unacknowledged.isCopy && stableId !== undefined
    if (isShared && this.#isSentOn(`${session.account} ${stableId}`, unacknowledged.at)) return
    const to = parseJid(stanza.attr('to') ?? '') ?? session.jid
    const message = new XmppMessage(stanza, from, to, since)
    message.stableId = stableId
    this.#settle(stanza, from, await this.#deps.messaging.send(message, undefined))
  }

  /** Several clients of his that are gone had it: it goes on once, until it comes back from there. */
  #isSentOn(key: string, at: number): boolean {
    const before = this.#sentOn.get(key)
    if (before !== undefined && at < before) return true
    this.#sentOn.delete(key)
    this.#sentOn.set(key, this.#deps.clock.now())
    const [oldest] = this.#sentOn.keys()
    if (this.#sentOn.size > MAX_SENT_ON && oldest !== undefined) this.#sentOn.delete(oldest)
    return false
  }

  #settle(stanza: Element, from: Jid, outcome: DeliveryOutcome): void {
    if (outcome.kind === 'refused') {
      this.#answer(from, errorReply(stanza, refusalError(outcome.refusal)))
    } else if (outcome.kind === 'relayed') {
      void outcome.final.then((final) => this.#settle(stanza, from, final))
    }
  }

  #answer(to: Jid, reply: Element | undefined): void {
    if (reply) this.#deps.sessions.get(to.bare, to.resource)?.send(reply)
  }
}

function isRequest(stanza: Element): boolean {
  const type = stanza.attr('type')
  return stanza.name === 'iq' && (type === 'get' || type === 'set')
}
