/**
 * What the server has sent on a stream and the client has not acknowledged (XEP-0198 §4). It stands between
 * a session and the stream that carries it, and outlives the stream where the session may be resumed.
 */
import type { Clock, Timer } from '../../util/clock.ts'
import { StreamError } from '../errors.ts'
import type { Wire } from '../session.ts'
import { countAfter, stanzasBetween } from './stanza-count.ts'

export interface OutboxLimits {
  /** Stanzas, and characters of them, that may wait for their acknowledgement. */
  readonly maxStanzas: number
  readonly maxQueuedBytes: number
}

export interface OutboxDeps {
  readonly clock: Clock
  readonly limits: OutboxLimits
  /** The client has left too much unacknowledged. */
  overflowed(): void
  /** Something was written that waits for a client who is away. */
  waits(): void
  /** The session is to end while no stream carries it. */
  abandoned(): void
}

/** One that nobody has acknowledged. */
export interface Unacknowledged {
  readonly stanza: string
  /** When it was sent first, milliseconds since the epoch. */
  readonly at: number
  /** Other clients of the account got it too. */
  readonly isCopy: boolean
}

export const REQUEST = "<r xmlns='urn:xmpp:sm:3'/>"

/** Sent before the client is asked what it has; fewer wait for a moment for others. */
const ASK_AFTER = 5
const ASK_LATER_MS = 2_000
/** Whoever waits for an acknowledgement waits no longer: the queue answers for what was sent. */
const FLUSH_MS = 20_000
const ANSWER_MS = 60_000
const NO_ANSWER = new StreamError('connection-timeout', 'no acknowledgement came')

export class Outbox implements Wire {
  readonly acknowledges = true
  readonly #deps: OutboxDeps
  #stream: Wire | undefined
  #queue: Unacknowledged[] = []
  #queued = 0
  /** The count that the client acknowledged last. */
  #acknowledged = 0
  #unasked = 0
  #asked: Timer | undefined
  #later: Timer | undefined
  readonly #waiting = new Map<() => void, number>()

  constructor(deps: OutboxDeps, stream: Wire) {
    this.#deps = deps
    this.#stream = stream
  }

  /** Oldest first. */
  get unacknowledged(): readonly Unacknowledged[] {
    return this.#queue
  }

  write(stanza: string, isCopy = false): boolean {
    this.#queue.push({ stanza, at: this.#deps.clock.now(), isCopy })
    this.#queued += stanza.length
    const { maxStanzas, maxQueuedBytes } = this.#deps.limits
    if (this.#queue.length > maxStanzas || this.#queued > maxQueuedBytes) {
      this.#deps.overflowed()
      // It is among the unacknowledged, and shares their fate.
      return true
    }
    if (!this.#stream) {
      this.#deps.waits()
      return true
    }
    this.#stream.write(stanza)
    this.#unasked += 1
    if (this.#unasked >= ASK_AFTER) this.ask()
    else this.#later ??= this.#deps.clock.after(ASK_LATER_MS, () => this.ask())
    return true
  }

  /** Resolves when the client has what was sent so far, or when this queue answers for it. */
  flushed(): Promise<boolean> {
    if (this.#queue.length === 0 || !this.#stream) return Promise.resolve(true)
    this.ask()
    return new Promise((resolve) => {
      const done = () => {
        deadline.cancel()
        this.#waiting.delete(done)
        resolve(true)
      }
      const deadline = this.#deps.clock.after(FLUSH_MS, done)
      this.#waiting.set(done, this.sent)
    })
  }

  close(error?: StreamError): void {
    if (this.#stream) this.#stream.close(error)
    else this.#deps.abandoned()
  }

  /** Asks the client what it has got (§4). */
  ask(): void {
    this.#later?.cancel()
    this.#later = undefined
    if (!this.#stream || this.#asked || this.#queue.length === 0) return
    this.#unasked = 0
    this.#stream.write(REQUEST)
    this.#asked = this.#deps.clock.after(ANSWER_MS, () => this.close(NO_ANSWER))
  }

  /** `h` of `<a/>` or `<resume/>`; false where it is more than was sent (§6). */
  acknowledge(h: number): boolean {
    const count = stanzasBetween(this.#acknowledged, h)
    if (count > this.#queue.length) return false
    this.#asked?.cancel()
    this.#asked = undefined
    for (const { stanza } of this.#queue.splice(0, count)) this.#queued -= stanza.length
    this.#acknowledged = h
    for (const [done, sent] of this.#waiting) {
      // Those that are open are in the queue; what lies behind `h` is a whole round away.
      if (sent === h || stanzasBetween(h, sent) > this.#queue.length) done()
    }
    if (this.#unasked >= ASK_AFTER) this.ask()
    return true
  }

  /** The stream has gone: what is written waits for another. */
  detach(): void {
    this.#stream = undefined
    this.#unasked = 0
    for (const timer of [this.#asked, this.#later]) timer?.cancel()
    this.#asked = undefined
    this.#later = undefined
    for (const done of [...this.#waiting.keys()]) done()
  }

  /** Another stream carries the session: what is unacknowledged is sent again (§5). */
  attach(stream: Wire): void {
    this.#stream = stream
    for (const { stanza } of this.#queue) stream.write(stanza)
    this.ask()
  }

  /** How many stanzas have been written, acknowledged or not. */
  get sent(): number {
    return countAfter(this.#acknowledged, this.#queue.length)
  }
}
