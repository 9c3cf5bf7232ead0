/**
 * A client's stream over BOSH (XEP-0206): what its requests carry, and what their answers are to carry.
 *
 *   opening ──features──▶ open ──▶ … restart (SASL) ──▶ opening
 *      any ──terminate, error, silence, shutdown──▶ closed
 */
import type { Caller } from '../../../net/callers.ts'
import type { ChannelBindingType } from '../../../net/link.ts'
import type { Timer } from '../../../util/clock.ts'
import { type Element, xml } from '../../../xml/element.ts'
import type { ConnectionDeps, StreamUser } from '../../c2s/connection.ts'
import type { Transport, Visitor } from '../../c2s/door.ts'
import { charge, Usage } from '../../c2s/intake.ts'
import { sourceOf } from '../../c2s/source-address.ts'
import type { StreamConnection, StreamEnd } from '../../c2s/stream-connection.ts'
import { checkVersion } from '../../c2s/stream-header.ts'
import { limitsOf, streamErrorOf } from '../../c2s/stream-limits.ts'
import { StreamError } from '../../errors.ts'
import { InOrder, type Work } from '../in-order.ts'
import { NS_XBOSH, xbosh } from './body.ts'
import { Exchange, type ExchangeUser } from './exchange.ts'
import { farewellFor } from './farewell.ts'
import { type BoshRequest, isRestart, isTermination } from './request.ts'
import { type Terms, termsAttributes } from './terms.ts'

export interface BoshSessionParts {
  /** A secret: whoever knows it may speak for the client. */
  readonly sid: string
  readonly terms: Terms
  readonly caller: Caller
  /** The request that begins it. */
  readonly first: BoshRequest
}

export interface BoshSessionDeps extends ConnectionDeps {
  /** Requests of it find it no more. */
  forget(sid: string): void
}

type State = 'opening' | 'open' | 'closed'

type Task =
  | { readonly kind: 'element'; readonly element: Element }
  | { readonly kind: 'restart'; readonly header: Element }
  | { readonly kind: 'terminate' }

export class BoshSession implements StreamConnection, Visitor, ExchangeUser, Work<Task> {
  readonly transport: Transport = 'bosh'
  readonly sid: string
  readonly source: string
  readonly isEncrypted: boolean
  readonly canUpgrade = false
  /** Requests come on connections of their own, each another channel. */
  readonly channelBindings: readonly ChannelBindingType[] = []
  readonly peerCertificate = undefined
  lastHeard: number
  readonly #deps: BoshSessionDeps
  readonly #terms: Terms
  readonly #exchange: Exchange
  readonly #tasks: InOrder<Task>
  readonly #usage = new Usage()
  readonly #addressUsage: Usage
  #user: StreamUser | undefined
  #state: State = 'opening'
  #domain: string | undefined
  #isSignedIn = false
  /** Runs while nothing of it is worked on for it has said too much. */
  #held: Timer | undefined

  constructor(deps: BoshSessionDeps, parts: BoshSessionParts, usage: Usage) {
    const { sid, terms, caller, first } = parts
    this.#deps = deps
    this.sid = sid
    this.#terms = terms
    this.source = sourceOf(caller.address)
    this.isEncrypted = caller.isEncrypted
    this.#addressUsage = usage
    this.#tasks = new InOrder(this, deps.unfinished)
    this.#exchange = new Exchange(deps.clock, terms, this, first)
    this.lastHeard = deps.clock.now()
  }

  /** XEP-0206 §4: features come with the answer to the first request. */
  start(user: StreamUser, first: BoshRequest): void {
    this.#user = user
    this.#tasks.push({ kind: 'restart', header: this.#headerOf(first) })
    if (!this.isOpen) return
    this.#exchange.greet({
      sid: this.sid,
      ...termsAttributes(this.#terms),
      from: this.#domain,
      'xmlns:xmpp': NS_XBOSH,
      'xmpp:version': '1.0',
      'xmpp:restartlogic': 'true',
    })
  }

  /** A request of this session. */
  request(request: BoshRequest): void {
    this.lastHeard = this.#deps.clock.now()
    this.#exchange.take(request)
  }

  /** Of a request. */
  get maxBytes(): number {
    const { strangers, signedIn } = limitsOf(this.#deps.config)
    // A stanza as large as may be fits in, with its wrapper and others beside it.
    return 2 * (this.#isSignedIn ? signedIn : strangers).maxStanzaBytes
  }

  get isOpen(): boolean {
    return this.#state !== 'closed'
  }

  channelBinding(): undefined {
    return undefined
  }

  write(text: string): boolean {
    if (!this.isOpen) return false
    const { outlet } = this.#exchange
    if (outlet.size + text.length <= this.#deps.config.maxQueuedBytes) this.#exchange.push(text)
    else {
      this.#deps.log.info({ what: 'xmpp_slow_reader_closed', source: this.source })
      outlet.end()
      this.close(new StreamError('resource-constraint', 'too much is unread'))
    }
    return this.isOpen
  }

  flushed(): Promise<boolean> {
    return this.isOpen ? this.#exchange.outlet.flushed() : Promise.resolve(false)
  }

  /** XEP-0206 §2: TLS is HTTP's. */
  upgrade(): void {
    throw new Error('BOSH is not upgraded')
  }

  /** XEP-0206 §5. */
  restart(): void {
    this.signedIn()
    this.#state = 'opening'
  }

  /** It may send larger stanzas from here. */
  signedIn(): void {
    this.#isSignedIn = true
  }

  close(error?: StreamError): void {
    if (!this.isOpen) return
    this.#exchange.end(farewellFor(error, this.#domain !== undefined))
    // A client that no longer answers may have lost its network only.
    this.#end(error?.condition === 'connection-timeout' ? 'lost' : 'closed')
  }

  fail(error: unknown): void {
    this.close(streamErrorOf(error, this.#deps.log))
  }

  // ExchangeUser

  get isAtWork(): boolean {
    return this.#tasks.isAtWork
  }

  came(request: BoshRequest): void {
    this.#charge(request)
    // XEP-0206 §5: what stands beside a restart is ignored.
    if (isRestart(request)) {
      this.#tasks.push({ kind: 'restart', header: this.#headerOf(request) })
    } else {
      for (const element of request.body.payloads) this.#tasks.push({ kind: 'element', element })
    }
    if (isTermination(request)) this.#tasks.push({ kind: 'terminate' })
  }

  broke(): void {
    if (this.isOpen) this.#end('lost')
  }

  left(): void {
    this.#deps.left(this)
  }

  forgotten(): void {
    this.#deps.forget(this.sid)
  }

  // Work

  take(task: Task): void | Promise<void> {
    switch (task.kind) {
      case 'terminate':
        this.close()
        return
      case 'restart':
        this.#opened(task.header)
        return
      case 'element':
        // XEP-0206 §5: after sign-in the stream begins anew.
        if (this.#state === 'opening') throw new StreamError('bad-format')
        return this.#user?.element(task.element)
    }
  }

  failed(error: unknown): void {
    this.fail(error)
  }

  idle(): void {
    this.#exchange.done()
  }

  #headerOf({ body }: BoshRequest): Element {
    const { attrs } = body.wrapper
    return xml('stream', {
      to: attrs.to ?? this.#domain,
      from: attrs.from,
      version: xbosh(body, 'version') ?? '1.0',
      'xml:lang': attrs['xml:lang'],
    })
  }

  #opened(header: Element): void {
    if (this.#state !== 'opening') throw new StreamError('bad-format', 'there is a stream already')
    checkVersion(header)
    const { domain, features } = this.#user?.opened(header) ?? { domain: '', features: '' }
    this.#domain = domain
    this.#state = 'open'
    this.write(features)
  }

  #charge({ bytes, body }: BoshRequest): void {
    const { clock, config } = this.#deps
    const from = { session: this.#usage, address: this.#addressUsage }
    const said = { bytes, stanzas: body.payloads.length, now: clock.now() }
    const waitMs = charge(limitsOf(config).intake, from, said)
    if (waitMs === 0 || this.#held || !this.isOpen) return
    this.#tasks.hold()
    this.#held = clock.after(waitMs, () => {
      this.#held = undefined
      this.#tasks.resume()
    })
  }

  #end(how: StreamEnd): void {
    const user = this.#user
    this.#user = undefined
    this.#state = 'closed'
    this.#held?.cancel()
    this.#tasks.stop()
    user?.ended(how)
  }
}
