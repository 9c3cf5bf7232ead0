/** The bytes of one client's stream over HTTP polling (XEP-0025), as if they came on a connection. */

import type { Caller } from '../../../net/callers.ts'
import type { ChannelBindingType, Link, LinkUser } from '../../../net/link.ts'
import type { Clock, Timer } from '../../../util/clock.ts'

export interface PollingLinkDeps {
  readonly clock: Clock
  readonly maxQueuedBytes: number
  /** How long the client may be without a request, milliseconds. */
  readonly inactivityMs: number
  /** It has not asked for too long, or has got all that there was: it is unknown from here. */
  forget(): void
}

export class PollingLink implements Link {
  user: LinkUser | undefined
  readonly remoteAddress: string
  readonly isSecured: boolean
  readonly channelBindings: readonly ChannelBindingType[] = []
  readonly peerCertificate = undefined
  readonly #deps: PollingLinkDeps
  #out = ''
  #timer: Timer
  #lastHeard: number
  #isClosed = false
  /** What came while nobody wanted to read. */
  #waiting: Buffer[] | undefined
  #flushing: ((taken: boolean) => void)[] | undefined

  constructor(deps: PollingLinkDeps, { address, isEncrypted }: Caller) {
    this.#deps = deps
    this.remoteAddress = address
    this.isSecured = isEncrypted
    this.#lastHeard = deps.clock.now()
    this.#timer = this.#watch()
  }

  /** A request brought these bytes; answers those that wait for the client. */
  poll(bytes: Buffer): void {
    this.#lastHeard = this.#deps.clock.now()
    if (bytes.length === 0 || this.#isClosed) return
    if (this.#waiting) this.#keep(bytes)
    else this.user?.received(bytes)
  }

  #keep(bytes: Buffer): void {
    this.#waiting = [...(this.#waiting ?? []), bytes]
    const length = this.#waiting.reduce((sum, each) => sum + each.length, 0)
    if (length > this.#deps.maxQueuedBytes) this.#close()
  }

  /** What waits for the client, who gets it now. */
  take(): string {
    const text = this.#out
    this.#out = ''
    for (const done of this.#flushing ?? []) done(true)
    this.#flushing = undefined
    if (this.#isClosed) {
      this.#timer.cancel()
      this.#deps.forget()
    }
    return text
  }

  read(): void {}

  pause(): void {
    this.#waiting ??= []
  }

  resume(): void {
    const waiting = this.#waiting ?? []
    this.#waiting = undefined
    for (const [at, bytes] of waiting.entries()) {
      // One of them may have been too much again.
      if (this.#waiting) {
        this.#waiting = [...this.#waiting, ...waiting.slice(at)]
        return
      }
      this.user?.received(bytes)
    }
  }

  write(text: string): void {
    if (this.#isClosed) return
    this.#out += text
    if (this.#out.length <= this.#deps.maxQueuedBytes) return
    this.#out = ''
    this.user?.overflowed()
  }

  flushed(): Promise<boolean> {
    if (this.#isClosed) return Promise.resolve(false)
    if (this.#out === '') return Promise.resolve(true)
    this.#flushing ??= []
    return new Promise((done) => this.#flushing?.push(done))
  }

  secure(): void {
    throw new Error('TLS is that of HTTP')
  }

  channelBinding(): undefined {
    return undefined
  }

  /** The client gets what is left when it asks next. */
  end(): void {
    this.#close()
  }

  destroy(): void {
    this.#close()
  }

  #watch(): Timer {
    const { clock, inactivityMs } = this.#deps
    return clock.after(this.#lastHeard + inactivityMs - clock.now(), () => {
      if (clock.now() - this.#lastHeard < inactivityMs) {
        this.#timer = this.#watch()
        return
      }
      this.#close()
      this.#deps.forget()
    })
  }

  #close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    for (const done of this.#flushing ?? []) done(false)
    this.#flushing = undefined
    // As of a socket: never within the call that closes it.
    setImmediate(() => this.user?.closed())
  }
}
