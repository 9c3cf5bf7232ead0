/** Where a client's stanzas go, by what they are and whom they name (RFC 6120 §10.3, RFC 6121 §8). */
import { type Jid, parseJid, requireJid } from '../core/address.ts'
import type { Element } from '../xml/element.ts'
import { type Refusing, requireNotBlocked } from './blocking/blocked.ts'
import { type Components, sendToComponent } from './components/components.ts'
import { jidMalformed, StreamError } from './errors.ts'
import type { HostStanzaHandler } from './host-stanzas.ts'
import type { IqRouter } from './iq/iq-router.ts'
import type { MessageHandler } from './messages/message-handler.ts'
import type { Redelivery } from './messages/redelivery.ts'
import type { PresenceHandler } from './presence/presence-handler.ts'
import type { Pushes } from './push/pushes.ts'
import type { ServiceHosts } from './service-hosts.ts'
import type { BindFeature, GuestHandler, StanzaHandler, XmppSession } from './session.ts'
import type { Unacknowledged } from './stream-management/outbox.ts'

export interface RouterDeps {
  access: Refusing
  components: Components
  directory: { isLocal(domain: string): boolean }
  services: Pick<ServiceHosts, 'taker'>
  iq: IqRouter
  messages: MessageHandler
  presence: PresenceHandler
  redelivery: Redelivery
  pushes: Pushes | undefined
  /** Offered after sign-in, in this order. */
  features: readonly Element[]
  bindFeatures: readonly BindFeature[]
  /** Registration, where it is open. */
  guests: GuestHandler | undefined
}

export class Router implements StanzaHandler {
  readonly features: readonly Element[]
  readonly bindFeatures: readonly BindFeature[]
  readonly guests: GuestHandler | undefined
  readonly #access: Refusing
  readonly #components: Components
  readonly #directory: { isLocal(domain: string): boolean }
  readonly #services: Pick<ServiceHosts, 'taker'>
  readonly #iq: IqRouter
  readonly #messages: MessageHandler
  readonly #presence: PresenceHandler
  readonly #redelivery: Redelivery
  readonly #pushes: Pushes | undefined

  constructor({
    access,
    components,
    directory,
    services,
    iq,
    messages,
    presence,
    redelivery,
    pushes,
    features,
    bindFeatures,
    guests,
  }: RouterDeps) {
    this.#access = access
    this.#components = components
    this.#directory = directory
    this.#services = services
    this.#iq = iq
    this.#messages = messages
    this.#presence = presence
    this.#redelivery = redelivery
    this.#pushes = pushes
    this.features = features
    this.bindFeatures = bindFeatures
    this.guests = guests
  }

  stanza(session: XmppSession, stanza: Element): void | Promise<void> {
    if (this.#toComponent(session, stanza)) return
    switch (stanza.name) {
      case 'message':
        return this.#message(session, stanza)
      case 'presence':
        return this.#presenceStanza(session, stanza)
      case 'iq':
        return this.#iq.handle(session, stanza, this.#addressee(session, stanza))
      default:
        throw new StreamError('unsupported-stanza-type') // RFC 6120 §4.9.3.24
    }
  }

  #message(session: XmppSession, stanza: Element): void | Promise<void> {
    const to = this.#addressee(session, stanza)
    const taker = to.local === '' ? this.#taker(to, stanza) : undefined
    if (taker) return taker(session, stanza, (copy) => this.stanza(session, copy))
    return this.#messages.handle(session, addressedStanza(session, stanza), to)
  }

  #presenceStanza(session: XmppSession, stanza: Element): void | Promise<void> {
    const address = stanza.attr('to')
    // Nearly all presence is for nobody in particular, or for a person.
    if (address !== undefined && !address.includes('@')) {
      const to = parseJid(address)
      const taker = to && !this.#components.find(to.domain) && this.#taker(to, stanza)
      if (taker) return taker(session, stanza, (copy) => this.stanza(session, copy))
    }
    return this.#presence.handle(session, stanza)
  }

  #taker(to: Jid, stanza: Element): HostStanzaHandler | undefined {
    return this.#services.taker(this.#directory, to, stanza)
  }

  bound(): void {
    // A connected resource takes part in nothing until it sends presence (RFC 6121 §4.1).
  }

  closed(session: XmppSession): void | Promise<void> {
    return this.#presence.closed(session)
  }

  waits(session: XmppSession, stanzas: readonly Unacknowledged[]): void {
    this.#pushes?.waits(session, stanzas)
  }

  clientLost(session: XmppSession, stanzas: readonly Unacknowledged[]): void {
    this.#pushes?.clientLost(session, stanzas)
  }

  undelivered(session: XmppSession, stanzas: readonly Unacknowledged[]): Promise<void> {
    return this.#redelivery.redeliver(session, stanzas)
  }

  /** Presence goes the way of all directed presence. */
  #toComponent(session: XmppSession, stanza: Element): boolean {
    if (stanza.name !== 'message' && stanza.name !== 'iq') return false
    const found = this.#components.addressee(stanza)
    if (!found) return false
    sendToComponent(stanza, { access: this.#access, session, ...found })
    return true
  }

  #addressee(session: XmppSession, stanza: Element): Jid {
    const to = addressee(session, stanza)
    requireNotBlocked(this.#access, session.account, to)
    return to
  }
}

/** RFC 6120 §10.3: a stanza without `to` is for the sender's own account. */
function addressee(session: XmppSession, stanza: Element): Jid {
  const to = stanza.attr('to')
  const jid = to === undefined ? requireJid(session.account) : parseJid(to)
  if (!jid) throw jidMalformed()
  return jid
}

function addressedStanza(session: XmppSession, stanza: Element): Element {
  return stanza.attr('to') === undefined ? stanza.withAttrs({ to: session.account }) : stanza
}
