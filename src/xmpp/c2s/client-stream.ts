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
import { gauge } from '../../util/metrics.ts'
import { type Element, xml } from '../../xml/element.ts'
import { errorReply, internalServerError, StanzaError, StreamError } from '../errors.ts'
import { NS_CLIENT, NS_SASL, NS_TLS } from '../namespaces.ts'
import { type StanzaHandler, XmppSession } from '../session.ts'
import { bindResult, requestedResource } from './bind.ts'
import type { Connection, ConnectionDeps, StreamUser } from './connection.ts'
import { streamFeatures } from './features.ts'
import { answerGuest } from './guests.ts'
import { Idleness } from './idleness.ts'
import { SignIn, type SignInDeps } from './sign-in.ts'
import { acceptStanza, answerHere, checkStanza, countStanza } from './stanza-checks.ts'

export interface ClientStreamDeps extends ConnectionDeps, SignInDeps {
  readonly config: ConnectionDeps['config']
  readonly sessions: Sessions
  readonly handler: StanzaHandler
}

const bound = gauge({ name: 'heliograph_xmpp_sessions', help: 'Bound resources of XMPP clients.' })

export class ClientStream implements StreamUser {
  readonly #deps: ClientStreamDeps
  readonly #connection: Connection
  #domain = ''
  /** Of the client's stream header: the language of stanzas that name none (§8.1.5). */
  #lang: string | undefined
  /** Until somebody has signed in. */
  #signIn: SignIn | undefined
  #account: BareJid | undefined
  #session: XmppSession | undefined
  /** The stanza that is being worked on. */
  #inHand: Promise<void> | undefined
  #authTimer: Timer | undefined
  #idleness: Idleness | undefined

  constructor(deps: ClientStreamDeps, connection: Connection) {
    this.#deps = deps
    this.#connection = connection
    this.#signIn = new SignIn(deps, connection)
    this.#authTimer = deps.clock.after(deps.config.authTimeoutMs, () =>
      connection.close(new StreamError('connection-timeout', 'sign-in took too long')),
    )
  }

  opened(header: Element): { domain: string; features: string } {
    const to = parseJid(header.attr('to') ?? '')
    // §4.7.2: a client says whom it wants to talk to; there is no default domain.
    if (!to || to.full !== to.domain) throw new StreamError('improper-addressing')
    if (!this.#deps.accounts.isLocal(to.domain)) throw new StreamError('host-unknown')
    if (this.#account) this.#checkReopened(this.#account, to, header)
    this.#domain = to.domain
    this.#lang = header.attr('xml:lang')
    return { domain: this.#domain, features: this.#features() }
  }

  element(element: Element): void | Promise<void> {
    if (this.#session) return this.#stanza(this.#session, element)
    if (this.#account) return this.#bind(this.#account, element)
    if (element.is('starttls', NS_TLS)) return this.#startTls()
    if (element.ns === NS_SASL) return this.#authenticate(element)
    if (element.is('iq', NS_CLIENT) && this.#mayAsk()) return this.#guest(element)
    // §4.9.3.12
    throw new StreamError('not-authorized')
  }

  ended(): void {
    this.#authTimer?.cancel()
    this.#idleness?.stop()
    const session = this.#session
    this.#session = undefined
    if (!session) return
    bound.dec()
    this.#deps.sessions.unbind(session)
    session.departure = this.#leave(session)
    if (session.departure !== undefined) this.#deps.unfinished.add(session.departure)
  }

  /** Nobody is told that the session has gone before the last thing that it said has had its effect. */
  #leave(session: XmppSession): Promise<void> | undefined {
    const { handler, log } = this.#deps
    const failed = (error: unknown) => log.error({ what: 'xmpp_session_close_failed', err: error })
    try {
      const closed =
        this.#inHand !== undefined
          ? this.#inHand.catch(() => undefined).then(() => handler.closed(session))
          : handler.closed(session)
      return closed?.catch(failed)
    } catch (error) {
      failed(error)
      return undefined
    }
  }

  #checkReopened(account: BareJid, to: Jid, header: Element): void {
    // §4.7.2: the domain cannot change once somebody has signed in for it.
    if (this.#domain !== to.domain) throw new StreamError('host-unknown')
    const from = header.attr('from')
    // §4.9.3.9
    if (from !== undefined && parseJid(from)?.bare !== account) {
      throw new StreamError('invalid-from')
    }
  }

  #features(): string {
    const { config, handler } = this.#deps
    const guests = this.#mayAsk() ? handler.guests?.features : undefined
    return streamFeatures({
      encrypted: this.#connection.isEncrypted,
      authenticated: this.#account !== undefined,
      tlsRequired: !config.plaintextAuth,
      mechanisms: this.#signIn?.offer(this.#domain) ?? [],
      contributed: this.#account ? handler.features : (guests ?? []),
    })
  }

  #startTls(): void {
    const { isEncrypted } = this.#connection
    try {
      if (!isEncrypted) {
        this.#connection.upgrade(xml('proceed', { xmlns: NS_TLS }).toString(), this.#domain)
        return
      }
    } catch (error) {
      this.#deps.log.error({ what: 'xmpp_starttls_failed', domain: this.#domain, err: error })
    }
    // §5.4.2.2
    this.#connection.write(xml('failure', { xmlns: NS_TLS }).toString())
    this.#connection.close()
  }

  async #authenticate(element: Element): Promise<void> {
    const account = await this.#signIn?.take(element)
    if (account === undefined) return
    this.#account = account
    this.#signIn = undefined
    this.#connection.restart()
  }

  /** XEP-0077 §3.1 comes before sign-in, and carries a password. */
  #mayAsk(): boolean {
    const { handler, config } = this.#deps
    return handler.guests !== undefined && (this.#connection.isEncrypted || config.plaintextAuth)
  }

  async #guest(iq: Element): Promise<void> {
    const { handler, log } = this.#deps
    const guest = { domain: this.#domain, remoteAddress: this.#connection.source }
    const reply = await answerGuest({ guests: handler.guests, log }, guest, iq)
    if (reply) this.#connection.write(reply.toString(NS_CLIENT))
  }

  async #bind(account: BareJid, iq: Element): Promise<void> {
    try {
      await this.#takeResource(account, iq)
    } catch (error) {
      if (!(error instanceof StanzaError)) throw error
      const reply = errorReply(iq, error)
      if (reply) this.#connection.write(reply.toString(NS_CLIENT))
    }
  }

  /** A session that has to make room has gone, for everybody, before its resource is taken. */
  async #takeResource(account: BareJid, iq: Element): Promise<void> {
    for (;;) {
      const user = await this.#deps.accounts.user(account)
      if (!this.#connection.isOpen) return
      // Disabled or removed since: nobody but us could close a stream that has no session yet.
      if (user?.disabled !== false) throw new StreamError('not-authorized')
      const { jid, displaced } = requestedResource(this.#deps, account, iq)
      if (!displaced) {
        this.#bound(jid, bindResult(iq, jid))
        return
      }
      displaced.close(new StreamError('conflict', 'another client took the resource'))
      await displaced.departure
    }
  }

  #bound(jid: Jid, reply: string): void {
    const { sessions, handler } = this.#deps
    const session = new XmppSession(jid, this.#connection)
    sessions.bind(session)
    bound.inc()
    this.#session = session
    this.#connection.write(reply)
    this.#authTimer?.cancel()
    this.#authTimer = undefined
    this.#idleness = new Idleness(this.#deps, this.#connection, session)
    handler.bound(session)
  }

  #stanza(session: XmppSession, element: Element): void | Promise<void> {
    const stanza = acceptStanza(element, session.jid, this.#lang)
    try {
      countStanza(stanza.name)
      checkStanza(stanza)
      const here = answerHere(stanza, session.jid)
      if (here) return void session.send(here)
      const pending = this.#deps.handler.stanza(session, stanza)
      if (pending instanceof Promise) return this.#waitFor(session, stanza, pending)
    } catch (error) {
      this.#answerError(session, stanza, error)
    }
  }

  #waitFor(session: XmppSession, stanza: Element, pending: Promise<void>): Promise<void> {
    const done = pending.catch((error: unknown) => this.#answerError(session, stanza, error))
    this.#inHand = done.finally(() => {
      this.#inHand = undefined
    })
    return this.#inHand
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
}
