/** A link whose socket is in an edge's thread: what is done to it here is done there, in the same order. */
import { strongestFirst } from './channel-binding.ts'
import { type LinkSecured, toldError } from './edge-messages.ts'
import { flushAtEndOfTick } from './end-of-tick.ts'
import type { FramePort } from './frame-port.ts'
import { FRAME, type FrameKind } from './frames.ts'
import type { ChannelBindingType, Link, LinkUser, PeerCertificate, TlsWish } from './link.ts'

export interface RemoteLinkOrigin {
  readonly port: FramePort
  readonly id: number
  readonly remoteAddress: string
  readonly maxQueuedBytes: number
}

export class RemoteLink implements Link {
  user: LinkUser | undefined
  readonly #origin: RemoteLinkOrigin
  #pending = ''
  #scheduled = false
  #secured: LinkSecured | undefined
  /** In the handshake: what came in plain behind the wish for TLS may be anybody's (RFC 6120 §5.4.3.3). */
  #isDeaf = false
  #isClosed = false
  /** Who waits for what was written; answered in order. */
  #flushing: ((taken: boolean) => void)[] | undefined

  constructor(origin: RemoteLinkOrigin) {
    this.#origin = origin
  }

  get remoteAddress(): string {
    return this.#origin.remoteAddress
  }

  get isSecured(): boolean {
    return this.#secured !== undefined
  }

  read(): void {
    this.#tell(FRAME.read)
  }

  pause(): void {
    this.#tell(FRAME.pause)
  }

  resume(): void {
    this.#tell(FRAME.resume)
  }

  write(text: string): void {
    this.#pending += text
    if (this.#pending.length > this.#origin.maxQueuedBytes) {
      this.#pending = ''
      this.user?.overflowed()
      return
    }
    if (this.#scheduled) return
    this.#scheduled = true
    flushAtEndOfTick(this)
  }

  flush(): void {
    this.#scheduled = false
    if (this.#pending === '') return
    const text = this.#pending
    this.#pending = ''
    this.#tell(FRAME.write, text)
  }

  flushed(): Promise<boolean> {
    if (this.#isClosed) return Promise.resolve(false)
    this.flush()
    this.#tell(FRAME.flush)
    this.#flushing ??= []
    return new Promise((resolve) => this.#flushing?.push(resolve))
  }

  secure(wish: TlsWish, last: string): void {
    this.flush()
    this.#isDeaf = true
    this.#tell(FRAME.secure, JSON.stringify({ wish, last }))
  }

  channelBinding(type: ChannelBindingType): Buffer | undefined {
    const name = this.#secured?.bindings[type]
    return name === undefined ? undefined : Buffer.from(name, 'hex')
  }

  get channelBindings(): readonly ChannelBindingType[] {
    const has = (type: ChannelBindingType) => this.#secured?.bindings[type] !== undefined
    return strongestFirst({
      'tls-exporter': has('tls-exporter'),
      'tls-unique': has('tls-unique'),
      'tls-server-end-point': has('tls-server-end-point'),
    })
  }

  get peerCertificate(): PeerCertificate | undefined {
    const peer = this.#secured?.peer
    return peer && { raw: Buffer.from(peer.raw, 'base64'), problem: peer.problem }
  }

  end(): void {
    this.flush()
    this.#tell(FRAME.end)
  }

  destroy(): void {
    this.#tell(FRAME.destroy)
  }

  /** What happened there. */
  take(kind: FrameKind, payload: Buffer): void {
    switch (kind) {
      case FRAME.received:
        if (!this.#isDeaf) this.user?.received(payload)
        break
      case FRAME.secured:
        this.#isDeaf = false
        this.#secured = JSON.parse(payload.toString())
        this.user?.secured()
        break
      case FRAME.ended:
        this.user?.peerEnded()
        break
      case FRAME.overflowed:
        this.user?.overflowed()
        break
      case FRAME.failed:
        this.user?.failed(toldError(JSON.parse(payload.toString())))
        break
      case FRAME.flushed:
        this.#flushing?.shift()?.(payload.length > 0)
        break
    }
  }

  /** Its socket has gone, or the thread that had it. */
  closed(): void {
    this.#isClosed = true
    for (const answer of this.#flushing ?? []) answer(false)
    this.#flushing = undefined
    this.user?.closed()
  }

  #tell(kind: FrameKind, payload = ''): void {
    if (!this.#isClosed) this.#origin.port.send(kind, this.#origin.id, payload)
  }
}
