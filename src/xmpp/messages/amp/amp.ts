/**
 * Advanced Message Processing (XEP-0079): the sender says what is to become of a message by rules, of which the
 * first that is met decides. Whoever may not see the recipient's clients may only have it dropped (§9).
 */
import { domainOf, type Jid, requireJid } from '../../../core/address.ts'
import type { InstantMessage } from '../../../core/messaging/message.ts'
import type { Messaging } from '../../../core/messaging/messaging.ts'
import type { Clock } from '../../../util/clock.ts'
import { Element, xml } from '../../../xml/element.ts'
import { StanzaError } from '../../errors.ts'
import type { LocalSessions } from '../../local-sessions.ts'
import { NS_AMP, NS_CLIENT } from '../../namespaces.ts'
import type { Sight } from '../../presence/sight.ts'
import type { XmppSession } from '../../session.ts'
import { parseStanza } from '../render.ts'
import { XmppMessage } from '../xmpp-message.ts'
import { isMet } from './conditions.ts'
import { instantOf, notAcceptableRules, parseRules, type Rule, ruleElement } from './rules.ts'

const NS_AMP_ERRORS = 'http://jabber.org/protocol/amp#errors'

export interface AmpDeps {
  readonly messaging: Pick<Messaging, 'foresee' | 'mailbox'>
  readonly sessions: LocalSessions
  readonly sight: Pick<Sight, 'ofClients'>
  readonly clock: Clock
}

/** What is answered to a message. */
interface Sent {
  readonly id: string | undefined
  readonly from: Jid
  /** As the sender wrote it. */
  readonly to: string
}

export class Amp implements Disposable {
  readonly #deps: AmpDeps
  readonly #watching: Disposable

  constructor(deps: AmpDeps) {
    this.#deps = deps
    this.#watching = deps.messaging.mailbox.onExpired((message) => this.#expired(message))
  }

  [Symbol.dispose](): void {
    this.#watching[Symbol.dispose]()
  }

  /** The message that is to be sent, if it is. Throws `StanzaError` for rules that cannot be kept. */
  async process(session: XmppSession, stanza: Element, to: Jid): Promise<XmppMessage | undefined> {
    const amp = rulesOf(stanza)
    if (!amp) return new XmppMessage(stanza, session.jid, to)
    const rules = applicable(amp, parseRules(stanza, amp))
    await this.#requireTrust(session.jid, to, rules)
    const message = new XmppMessage(addressed(stanza, amp), session.jid, to)
    const prospect = await this.#deps.messaging.foresee(message)
    const circumstances = { prospect, to, now: this.#deps.clock.now() }
    const met = rules.find((rule) => isMet(rule, circumstances))
    if (met) {
      const sent = { id: stanza.attr('id'), from: session.jid, to: stanza.attr('to') ?? to.full }
      const reply = replyTo(sent, met)
      if (reply) session.send(reply)
      if (met.action !== 'notify') return undefined
    }
    if (prospect.kind === 'stored') message.expiresAt = expiryOf(rules)
    return message
  }

  /** §9: what comes back would tell whether he is there. */
  async #requireTrust(from: Jid, to: Jid, rules: readonly Rule[]): Promise<void> {
    const telling = rules.filter(({ action }) => action !== 'drop')
    if (telling.length === 0) return
    if (!(await this.#deps.sight.ofClients(to.bare, from.bare))) throw notAcceptableRules(telling)
  }

  /** It waited for longer than it was to. */
  #expired(message: InstantMessage): void {
    const { origin, from } = message
    const stanza = origin === 'xmpp' ? parseStanza(message.native() ?? '') : undefined
    const amp = stanza && rulesOf(stanza)
    if (!stanza || !amp) return
    const now = this.#deps.clock.now()
    const rule = parseRules(stanza, amp).find(
      ({ condition, value, action }) =>
        condition === 'expire-at' && action !== 'notify' && (instantOf(value) ?? now) <= now,
    )
    const sent = { id: stanza.attr('id'), from, to: stanza.attr('to') ?? '' }
    const reply = rule && replyTo(sent, rule)
    if (reply) this.#deps.sessions.get(from.bare, from.resource)?.send(reply)
  }
}

/** Those that a server may apply; what comes back to a sender has a status (§5.1). */
export function rulesOf(stanza: Element): Element | undefined {
  const amp = stanza.child('amp', NS_AMP)
  return amp?.attr('status') === undefined && stanza.attr('type') !== 'error' ? amp : undefined
}

/** §3.3.3: resources are the business of the servers at the ends. */
function applicable(amp: Element, rules: readonly Rule[]): readonly Rule[] {
  if (amp.attr('per-hop') !== 'true') return rules
  return rules.filter(({ condition }) => condition !== 'match-resource')
}

/** §5.1: whoever gets it learns between whom it was sent. */
function addressed(stanza: Element, amp: Element): Element {
  const from = stanza.attr('from')
  const named = amp.withAttrs({ from, to: stanza.attr('to') })
  const children = stanza.children.map((child) => (child === amp ? named : child))
  return new Element(stanza.name, stanza.ns, stanza.attrs, children)
}

/** The first instant at which a message that waits is given up. */
function expiryOf(rules: readonly Rule[]): number | undefined {
  const instants = rules.flatMap(({ condition, action, value }) =>
    condition === 'expire-at' && action !== 'notify' ? (instantOf(value) ?? []) : [],
  )
  return instants.length > 0 ? Math.min(...instants) : undefined
}

/** §3.4; nothing for a message that is to be dropped without a word. */
function replyTo({ id, from, to }: Sent, rule: Rule): Element | undefined {
  if (rule.action === 'drop') return undefined
  const domain = requireJid(domainOf(from.bare)).bare
  const isError = rule.action === 'error'
  return xml(
    'message',
    { xmlns: NS_CLIENT, from: domain, to: from.full, id, type: isError ? 'error' : undefined },
    xml('amp', { xmlns: NS_AMP, status: rule.action, from: from.full, to }, ruleElement(rule)),
    isError ? failure(rule).toElement() : undefined,
  )
}

/** §3.4.3. */
function failure({ action, condition, value }: Rule): StanzaError {
  const rule = xml('rule', { action, condition, value })
  const detail = xml('failed-rules', { xmlns: NS_AMP_ERRORS }, rule)
  return new StanzaError('modify', 'undefined-condition', undefined, detail)
}
