/**
 * What a client and the server say to each other on one connection: TLS, sign-in, a resource, and
 * then stanzas (RFC 6120 §4–§8).
 *
 *   plain ──starttls──▶ encrypted ──SASL──▶ authenticated ──bind──▶ bound
 *     └────────SASL, where the operator allows it────▲               ▲
 *                       encrypted ──SASL2 (XEP-0388), with its wishes┘
 */
import { type BareJid, type Jid, parseJid } from '../../core/address.ts'
import type { Sessions } from '../../core/sessions.ts'
import type { Timer } from '../../util/clock.ts'
import { type Element, xml } from '../../xml/element.ts'
import { errorReply, StanzaError, StreamError } from '../errors.ts'
import { NS_BIND2, NS_CLIENT, NS_SASL, NS_SASL2, NS_TLS } from '../namespaces.ts'
import { type Guest, XmppSession } from '../session.ts'
import type { ManagedSession } from '../stream-management/managed-session.ts'
import { failed, NS_SM, resumed } from '../stream-management/nonzas.ts'
import { bindResult, wantedByIq } from './bind.ts'
import { bound, notBound, wantedResource } from './bind2.ts'
import { BoundStream, type BoundStreamDeps } from './bound-stream.ts'
import type { ConnectionDeps, StreamUser } from './connection.ts'
import { Entrance, isSession } from './entrance.ts'
import { answerGuest } from './guests.ts'
import type { SignedIn } from './sasl2.ts'
import type { Sasl2Request } from './sasl2-request.ts'
import { Sasl2Success } from './sasl2-success.ts'
import { SignIn, type SignInDeps } from './sign-in.ts'
import type { StreamConnection, StreamEnd } from './stream-connection.ts'

export interface ClientStreamDeps extends ConnectionDeps, SignInDeps, BoundStreamDeps {
  readonly config: ConnectionDeps['config']
  readonly sessions: Sessions
  /** This installation's: what is made with it can be guessed by nobody. */
  readonly key: Buffer
}

const NOTHING = xml('bind', { xmlns: NS_BIND2 })

export class ClientStream implements StreamUser {
  readonly #deps: ClientStreamDeps
  readonly #connection: StreamConnection
  #domain = ''
  #asGuest: Guest | undefined
  /** Of the client's stream header: the language of stanzas that name none (§8.1.5). */
  #lang: string | undefined
  /** Until somebody has signed in. */
  #signIn: SignIn | undefined
  /** From then on. */
  #entrance: Entrance | undefined
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
    if (this.#entrance) this.#checkReopened(this.#entrance.account, to, header)
    this.#domain = to.domain
    this.#lang = header.attr('xml:lang')
    const offer = this.#signIn?.offer(this.#domain, header.attr('from'))
    return { domain: this.#domain, features: offer ?? this.#deps.offers.beforeBind }
  }

  element(element: Element): void | Promise<void> {
    if (this.#bound) return this.#bound.element(element)
    if (this.#entrance && element.ns === NS_SM) return this.#resume(this.#entrance, element)
    if (this.#entrance) return this.#bind(this.#entrance, element)
    if (element.ns === NS_SASL2) return this.#authenticate2(element)
    if (this.#signIn?.isExclusive) throw new StreamError('policy-violation')
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
    this.#enter(account)
    this.#connection.restart()
  }

  async #authenticate2(element: Element): Promise<void> {
    const signedIn = await this.#signIn?.take2(element)
    if (signedIn && this.#connection.isOpen) await this.#welcome(signedIn)
  }

  #enter(account: BareJid): Entrance {
    this.#signIn = undefined
    this.#entrance = new Entrance(this.#deps, this.#connection, account)
    return this.#entrance
  }

  /** XEP-0388 §2.6.1: `<success/>` says what became of each wish. A session that goes on needs no resource (XEP-0198 §9.2). */
  async #welcome({ account, request, ...signedIn }: SignedIn): Promise<void> {
    const entrance = this.#enter(account)
    this.#connection.signedIn()
    const success = new Sasl2Success(signedIn)
    const outcome = request.resume && (await entrance.resume(request.resume))
    if (!this.#connection.isOpen) return
    if (outcome && isSession(outcome)) {
      this.#goOn(outcome, (reply) => success.add(reply).toString(outcome.session.jid.full))
      return
    }
    success.add(outcome)
    if (request.bind && (await this.#bindInline(entrance, request, success))) return
    this.#connection.write(success.toString(account))
    this.#connection.write(this.#deps.offers.beforeBind)
  }

  /** XEP-0077 §3.1 comes before sign-in, and carries a password. */
  #mayAsk(): boolean {
    const { handler, policy } = this.#deps
    return handler.guests !== undefined && (this.#connection.isEncrypted || !policy.isTlsRequired)
  }

  async #guest(iq: Element): Promise<void> {
    const { handler, log } = this.#deps
    // The same for all that he asks, while the stream is to this domain.
    if (this.#asGuest?.domain !== this.#domain) {
      this.#asGuest = { domain: this.#domain, remoteAddress: this.#connection.source }
    }
    const reply = await answerGuest({ guests: handler.guests, log }, this.#asGuest, iq)
    if (reply) this.#connection.write(reply.toString(NS_CLIENT))
  }

  async #bind(entrance: Entrance, iq: Element): Promise<void> {
    try {
      await entrance.bind(wantedByIq(entrance.account, iq), (jid) => {
        const { session } = this.#begin(jid)
        this.#connection.write(bindResult(iq, jid))
        this.#deps.handler.bound(session)
      })
    } catch (error) {
      if (!(error instanceof StanzaError)) throw error
      const reply = errorReply(iq, error)
      if (reply) this.#connection.write(reply.toString(NS_CLIENT))
    }
  }

  /** XEP-0386 §3.2; false where there is no resource to be had, which does not undo the sign-in. */
  async #bindInline(
    entrance: Entrance,
    { bind = NOTHING, agent }: Sasl2Request,
    success: Sasl2Success,
  ): Promise<boolean> {
    const { key, handler, offers } = this.#deps
    const client = agent?.client
    try {
      await entrance.bind(wantedResource(key, entrance.account, { bind, client }), (jid) => {
        const stream = this.#begin(jid, client)
        success.add(bound(stream, bind, handler.bindFeatures ?? []))
        this.#connection.write(success.toString(jid.full))
        this.#connection.write(stream.isManaged ? offers.afterManagedBind : offers.afterBind)
        handler.bound(stream.session)
      })
      return true
    } catch (error) {
      if (!(error instanceof StanzaError)) throw error
      success.add(notBound(error))
      return false
    }
  }

  /** XEP-0198 §5. The client may bind a resource where this fails. */
  async #resume(entrance: Entrance, element: Element): Promise<void> {
    const isWish = element.name === 'resume'
    const outcome = isWish ? await entrance.resume(element) : failed('unexpected-request')
    if (!outcome) return
    if (isSession(outcome)) this.#goOn(outcome, String)
    else this.#connection.write(outcome.toString())
  }

  #goOn(managed: ManagedSession, tell: (reply: Element) => string): void {
    const { session, resumable, handled } = managed
    this.#connection.write(tell(resumed(resumable?.id ?? '', handled.value)))
    this.#carry(session).resume(managed)
  }

  #carry(session: XmppSession): BoundStream {
    this.#authTimer?.cancel()
    this.#authTimer = undefined
    this.#bound = new BoundStream(this.#deps, this.#connection, session, this.#lang)
    return this.#bound
  }

  #begin(jid: Jid, client?: string): BoundStream {
    const session = new XmppSession(jid, this.#connection)
    session.client = client
    this.#deps.management.began(session)
    return this.#carry(session)
  }
}
