/**
 * What a client and the server say to each other on one connection: TLS, sign-in, a resource, and
 * then stanzas (RFC 6120 §4–§8).
 *
 *   plain ──starttls──▶ encrypted ──SASL──▶ authenticated ──bind──▶ bound
 *     └────────SASL, where the operator allows it────▲
 */
import { type BareJid, type Jid, parseJid } from '../../core/address.ts'
import type { Sessions } from '../../core/sessions.ts'
import type { Timer } from '../../util/clock.ts'
import type { FailureThrottle } from '../../util/failure-throttle.ts'
import { counter } from '../../util/metrics.ts'
import { type Element, xml } from '../../xml/element.ts'
import { errorReply, internalServerError, SaslError, StanzaError, StreamError } from '../errors.ts'
import { NS_CLIENT, NS_SASL, NS_TLS } from '../namespaces.ts'
import type { CredentialSource, SaslContext } from '../sasl/mechanism.ts'
import { mechanismsFor, SaslNegotiation, type SaslResult } from '../sasl/negotiation.ts'
import { type StanzaHandler, XmppSession } from '../session.ts'
import { bindResult, chooseResource } from './bind.ts'
import { channelBinding } from './channel-binding.ts'
import type { Connection, ConnectionDeps, StreamUser } from './connection.ts'
import { streamFeatures } from './features.ts'
import { acceptStanza, checkStanza } from './stanza-checks.ts'

export interface Accounts extends CredentialSource {
  isLocal(domain: string): boolean
  domain(name: string): { readonly digestMd5: boolean } | undefined
  user(account: BareJid): Promise<{ readonly disabled: boolean } | undefined>
}

export interface ClientStreamDeps extends ConnectionDeps {
  readonly accounts: Accounts
  readonly sessions: Sessions
  readonly handler: StanzaHandler
  readonly throttle: FailureThrottle
}

/** RFC 6120 §6.4.5: between two and five tries on a stream. */
const MAX_SASL_FAILURES = 5
const NS_PING = 'urn:xmpp:ping'

const stanzasIn = counter({
  name: 'heliograph_xmpp_stanzas_received_total',
  help: 'Stanzas that clients sent.',
  labels: ['name'],
})
const counted = {
  iq: stanzasIn.labels('iq'),
  message: stanzasIn.labels('message'),
  presence: stanzasIn.labels('presence'),
}

export class ClientStream implements StreamUser {
  readonly #deps: ClientStreamDeps
  readonly #connection: Connection
  #domain = ''
  #sasl: SaslNegotiation | undefined
  #failures = 0
  #account: BareJid | undefined
  #session: XmppSession | undefined
  #timer: Timer

  constructor(deps: ClientStreamDeps, connection: Connection) {
    this.#deps = deps
    this.#connection = connection
    const { clock, config } = deps
    this.#timer = clock.after(config.authTimeoutMs, () =>
      connection.close(new StreamError('connection-timeout', 'sign-in took too long')),
    )
  }

  opened(header: Element): { domain: string; features: string } {
    const domain = parseJid(header.attr('to') ?? '')
    // §4.9.3.6, for a stream to nobody too: there is no default domain.
    if (!domain || domain.local !== '' || !this.#deps.accounts.isLocal(domain.domain)) {
      throw new StreamError('host-unknown')
    }
    // §4.7.2: the domain cannot change once somebody has signed in for it.
    if (this.#account && this.#domain !== domain.domain) throw new StreamError('host-unknown')
    this.#domain = domain.domain
    return { domain: this.#domain, features: this.#features() }
  }

  element(element: Element): void | Promise<void> {
    if (this.#session) return this.#stanza(this.#session, element)
    if (this.#account) return this.#bind(this.#account, element)
    if (element.is('starttls', NS_TLS)) return this.#startTls()
    if (element.ns === NS_SASL) return this.#signIn(element)
    if (element.is('iq', NS_CLIENT) && this.#mayAsk()) return this.#guest(element)
    // §7.1, §4.9.3.12
    throw new StreamError('not-authorized')
  }

  ended(): void {
    this.#timer.cancel()
    const session = this.#session
    this.#session = undefined
    if (!session) return
    this.#deps.sessions.unbind(session)
    const closed = this.#deps.handler.closed(session)
    closed?.catch((error: unknown) =>
      this.#deps.log.error({ what: 'xmpp_session_close_failed', err: error }),
    )
  }

  #features(): string {
    const { plaintextAuth } = this.#deps.config
    const encrypted = this.#connection.isEncrypted
    const mechanisms = mechanismsFor({
      encrypted,
      plaintextAuth,
      digestMd5: this.#deps.accounts.domain(this.#domain)?.digestMd5 ?? false,
      canBind: encrypted,
    })
    if (!this.#account) {
      this.#sasl = new SaslNegotiation(mechanisms, this.#saslContext(encrypted))
    }
    return streamFeatures({
      encrypted,
      authenticated: this.#account !== undefined,
      tlsPossible: true,
      tlsRequired: !plaintextAuth,
      mechanisms,
      contributed: this.#account
        ? this.#deps.handler.features
        : this.#mayAsk()
          ? (this.#deps.handler.guests?.features ?? [])
          : [],
    })
  }

  #saslContext(encrypted: boolean): SaslContext {
    return {
      domain: this.#domain,
      credentials: this.#deps.accounts,
      offersPlus: encrypted,
      channelBinding: (type) => this.#connection.tls && channelBinding(this.#connection.tls, type),
    }
  }

  #startTls(): void {
    // §5.4.2.2: once is enough.
    if (this.#connection.isEncrypted) throw new StreamError('policy-violation')
    this.#connection.upgrade(xml('proceed', { xmlns: NS_TLS }).toString())
  }

  async #signIn(element: Element): Promise<void> {
    const { config, throttle } = this.#deps
    if (!this.#connection.isEncrypted && !config.plaintextAuth) {
      return this.#refuse(new SaslError('encryption-required'))
    }
    if (throttle.waitMs(this.#connection.remoteAddress) > 0) {
      return this.#refuse(
        new SaslError('temporary-auth-failure', 'too many failures; wait a while'),
      )
    }
    const result = await this.#sasl?.take(element)
    if (!result || !this.#connection.isOpen) return
    await this.#signedIn(result)
  }

  async #signedIn(result: SaslResult): Promise<void> {
    if (result.kind === 'failure') return this.#refuse(result.error)
    if (result.kind === 'success') {
      const user = await this.#deps.accounts.user(result.account)
      // §6.5.2; said only to who has proved that the account is his.
      if (!user || user.disabled) return this.#refuse(new SaslError('account-disabled'))
      this.#account = result.account
      this.#sasl = undefined
      this.#connection.write(result.reply.toString())
      this.#connection.restart()
      return
    }
    this.#connection.write(result.reply.toString())
  }

  /** XEP-0077 §3.1 comes before sign-in, and carries a password. */
  #mayAsk(): boolean {
    const { handler, config } = this.#deps
    return handler.guests !== undefined && (this.#connection.isEncrypted || config.plaintextAuth)
  }

  async #guest(iq: Element): Promise<void> {
    const { guests } = this.#deps.handler
    const guest = { domain: this.#domain, remoteAddress: this.#connection.remoteAddress }
    const id = iq.attr('id')
    let reply: Element | undefined
    try {
      checkStanza(iq)
      const payload = await guests?.iq(guest, iq)
      reply = xml('iq', { xmlns: NS_CLIENT, type: 'result', id, from: this.#domain }, payload)
    } catch (error) {
      const refusal = error instanceof StanzaError ? error : internalServerError()
      if (refusal !== error) this.#deps.log.error({ what: 'xmpp_guest_failed', err: error })
      reply = errorReply(iq, refusal)
    }
    if (reply) this.#connection.write(reply.toString(NS_CLIENT))
  }

  #refuse(error: SaslError): void {
    this.#failures += 1
    const { condition } = error
    if (condition === 'not-authorized' || condition === 'invalid-authzid') {
      this.#deps.throttle.failed(this.#connection.remoteAddress)
    }
    this.#connection.write(error.toElement().toString())
    if (this.#failures >= MAX_SASL_FAILURES) {
      this.#connection.close(new StreamError('policy-violation', 'too many failures to sign in'))
    }
  }

  #bind(account: BareJid, iq: Element): void {
    try {
      if (iq.ns !== NS_CLIENT || iq.name !== 'iq') throw new StreamError('not-authorized')
      const jid = chooseResource(this.#deps, account, iq)
      this.#bound(jid, bindResult(iq, jid))
    } catch (error) {
      if (!(error instanceof StanzaError)) throw error
      const reply = errorReply(iq, error)
      if (reply) this.#connection.write(reply.toString(NS_CLIENT))
    }
  }

  #bound(jid: Jid, reply: string): void {
    const { sessions, handler } = this.#deps
    const session = new XmppSession(jid, this.#connection)
    sessions.bind(session)
    this.#session = session
    this.#connection.write(reply)
    this.#watchIdleness()
    handler.bound(session)
  }

  #stanza(session: XmppSession, element: Element): void | Promise<void> {
    const stanza = acceptStanza(element, session.jid)
    try {
      countStanza(stanza.name)
      checkStanza(stanza)
      const pending = this.#deps.handler.stanza(session, stanza)
      if (pending instanceof Promise) {
        return pending.catch((error: unknown) => this.#answerError(session, stanza, error))
      }
    } catch (error) {
      this.#answerError(session, stanza, error)
    }
  }

  #answerError(session: XmppSession, stanza: Element, error: unknown): void {
    if (error instanceof StreamError) throw error
    const refusal = error instanceof StanzaError ? error : internalServerError()
    if (refusal !== error) {
      this.#deps.log.error({ what: 'xmpp_stanza_failed', name: stanza.name, err: error })
    }
    const reply = errorReply(stanza, refusal)
    if (reply) session.send(reply)
  }

  /** One timer a session, moved on only when it fires: hearing something costs nothing but a time stamp. */
  #watchIdleness(): void {
    this.#timer.cancel()
    const { clock, config } = this.#deps
    const silence = clock.now() - this.#connection.lastHeard
    this.#timer = clock.after(config.idleTimeoutMs - silence, () => {
      if (clock.now() - this.#connection.lastHeard < config.idleTimeoutMs) this.#watchIdleness()
      else this.#askForLife()
    })
  }

  /** RFC 6120 §4.6: a client that is there answers a ping (XEP-0199), if only with an error. */
  #askForLife(): void {
    const { clock, config } = this.#deps
    const asked = clock.now()
    this.#session?.send(
      xml(
        'iq',
        {
          xmlns: NS_CLIENT,
          type: 'get',
          id: `idle-${asked}`,
          from: this.#domain,
          to: this.#session.jid.full,
        },
        xml('ping', { xmlns: NS_PING }),
      ),
    )
    this.#timer = clock.after(config.idleGraceMs, () => {
      if (this.#connection.lastHeard >= asked) this.#watchIdleness()
      else this.#connection.close(new StreamError('connection-timeout'))
    })
  }
}

function countStanza(name: string): void {
  if (name === 'message') counted.message.inc()
  else if (name === 'presence') counted.presence.inc()
  else counted.iq.inc()
}
