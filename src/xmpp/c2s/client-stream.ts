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
import { type Element, xml } from '../../xml/element.ts'
import { errorReply, StanzaError, StreamError } from '../errors.ts'
import { NS_CLIENT, NS_SASL, NS_TLS } from '../namespaces.ts'
import { XmppSession } from '../session.ts'
import { countOf, failed, NS_SM, resumed } from '../stream-management/nonzas.ts'
import { bindResult, requestedResource } from './bind.ts'
import { BoundStream, type BoundStreamDeps, countTooHigh } from './bound-stream.ts'
import type { ConnectionDeps, StreamUser } from './connection.ts'
import { streamFeatures } from './features.ts'
import { answerGuest } from './guests.ts'
import { SignIn, type SignInDeps } from './sign-in.ts'
import type { StreamConnection, StreamEnd } from './stream-connection.ts'

export interface ClientStreamDeps extends ConnectionDeps, SignInDeps, BoundStreamDeps {
  readonly config: ConnectionDeps['config']
  readonly sessions: Sessions
}

export class ClientStream implements StreamUser {
  readonly #deps: ClientStreamDeps
  readonly #connection: StreamConnection
  #domain = ''
  /** Of the client's stream header: the language of stanzas that name none (§8.1.5). */
  #lang: string | undefined
  /** Until somebody has signed in. */
  #signIn: SignIn | undefined
  #account: BareJid | undefined
  #bound: BoundStream | undefined
  #authTimer: Timer | undefined

  constructor(deps: ClientStreamDeps, connection: StreamConnection) {
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
    if (this.#bound) return this.#bound.element(element)
    if (this.#account && element.ns === NS_SM) return this.#manage(this.#account, element)
    if (this.#account) return this.#bind(this.#account, element)
    if (element.is('starttls', NS_TLS)) return this.#startTls()
    if (element.ns === NS_SASL) return this.#authenticate(element)
    if (element.is('iq', NS_CLIENT) && this.#mayAsk()) return this.#guest(element)
    // §4.9.3.12
    throw new StreamError('not-authorized')
  }

  ended(how: StreamEnd): void {
    this.#authTimer?.cancel()
    this.#bound?.ended(how)
    this.#bound = undefined
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
        this.#begin(jid, bindResult(iq, jid))
        return
      }
      displaced.close(new StreamError('conflict', 'another client took the resource'))
      await displaced.departure
    }
  }

  #begin(jid: Jid, reply: string): void {
    const { management, handler } = this.#deps
    const session = new XmppSession(jid, this.#connection)
    management.began(session)
    this.#connection.write(reply)
    this.#carry(session)
    handler.bound(session)
  }

  #carry(session: XmppSession): BoundStream {
    this.#authTimer?.cancel()
    this.#authTimer = undefined
    this.#bound = new BoundStream(this.#deps, this.#connection, session, this.#lang)
    return this.#bound
  }

  /** XEP-0198 §5. The client may bind a resource where this fails. */
  async #manage(account: BareJid, element: Element): Promise<void> {
    const { management, accounts } = this.#deps
    const h = countOf(element)
    const id = element.attr('previd') ?? ''
    if (element.name !== 'resume') return this.#write(failed('unexpected-request'))
    if (h === undefined) return this.#write(failed('bad-request'))
    // Disabled or removed since, as for a resource.
    if ((await accounts.user(account))?.disabled !== false) throw new StreamError('not-authorized')
    const managed = await management.claim(account, id)
    if (!managed) return this.#write(failed('item-not-found', management.handledBy(id, account)))
    if (!this.#connection.isOpen) return management.park(managed, undefined)
    if (!managed.outbox.acknowledge(h)) {
      management.park(managed, undefined)
      throw countTooHigh(h, managed.outbox.sent)
    }
    this.#write(resumed(id, managed.handled.value))
    this.#carry(managed.session).resume(managed)
  }

  #write(element: Element): void {
    this.#connection.write(element.toString())
  }
}
