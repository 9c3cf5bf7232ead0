/** What a session was sent and never acknowledged, when it has gone for good (XEP-0198 §4). */
import { domainOf, type Jid, parseJid } from '../../core/address.ts'
import type { DeliveryOutcome } from '../../core/messaging/message.ts'
import type { Messaging } from '../../core/messaging/messaging.ts'
import { parseDocument } from '../../xml/document.ts'
import { Element } from '../../xml/element.ts'
import { errorReply, serviceUnavailable } from '../errors.ts'
import type { LocalSessions } from '../local-sessions.ts'
import { NS_CLIENT, NS_DELAY } from '../namespaces.ts'
import type { XmppSession } from '../session.ts'
import type { Unacknowledged } from '../stream-management/outbox.ts'
import { refusalError } from './refusals.ts'
import { XmppMessage } from './xmpp-message.ts'

/** It was checked when it came in: these bound nothing that is not bounded. */
const LIMITS = { maxStanzaBytes: 2 ** 30, maxDepth: 1000, maxAttributes: 1000 }

export interface RedeliveryDeps {
  readonly messaging: Pick<Messaging, 'send'>
  readonly sessions: LocalSessions
}

export class Redelivery {
  readonly #deps: RedeliveryDeps

  constructor(deps: RedeliveryDeps) {
    this.#deps = deps
  }

  /**
   * Messages go to his other clients or wait for him as if they came now (RFC 6121 §8.5), with the time at
   * which they came; requests are answered with an error (§8.5.3.2.3); the rest was for that session alone.
   */
  async redeliver(session: XmppSession, stanzas: readonly Unacknowledged[]): Promise<void> {
    for (const unacknowledged of stanzas) {
      const stanza = parse(unacknowledged.stanza)
      const from = parseJid(stanza?.attr('from') ?? '')
      if (!stanza || !from) continue
      if (isRequest(stanza)) this.#answer(from, errorReply(stanza, serviceUnavailable()))
      if (stanza.name !== 'message' || this.#isElsewhere(session, unacknowledged)) continue
      await this.#again(stanza, from, session, unacknowledged.at)
    }
  }

  /** A client of his that is there, or may come back, got it as well, and answers for it. */
  #isElsewhere({ account }: XmppSession, { isCopy }: Unacknowledged): boolean {
    return isCopy && this.#deps.sessions.available(account).length > 0
  }

  async #again(sent: Element, from: Jid, session: XmppSession, at: number): Promise<void> {
    const to = parseJid(sent.attr('to') ?? '') ?? session.jid
    const { stanza, since } = undelayed(sent, domainOf(session.account))
    const message = new XmppMessage(stanza, from, to, since ?? at)
    this.#settle(stanza, from, await this.#deps.messaging.send(message, undefined))
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

/** Without our own note of when it came first (XEP-0203), which the next delivery writes anew. */
function undelayed(stanza: Element, domain: string): { stanza: Element; since?: number } {
  for (const delay of stanza.elements()) {
    if (!delay.is('delay', NS_DELAY) || delay.attr('from') !== domain) continue
    const { name, ns, attrs, children } = stanza
    const rest = children.filter((child) => child !== delay)
    const since = Date.parse(delay.attr('stamp') ?? '')
    if (Number.isNaN(since)) break
    return { stanza: new Element(name, ns, attrs, rest), since }
  }
  return { stanza }
}

function isRequest(stanza: Element): boolean {
  const type = stanza.attr('type')
  return stanza.name === 'iq' && (type === 'get' || type === 'set')
}

function parse(text: string): Element | undefined {
  const [stanza] = parseDocument(`<sent xmlns='${NS_CLIENT}'>${text}</sent>`, LIMITS).elements()
  return stanza
}
