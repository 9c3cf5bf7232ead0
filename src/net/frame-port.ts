/** One end of the way between two threads: frames in batches, and how many bytes are under way. */
import { flushAtEndOfTick } from './end-of-tick.ts'
import { FrameBatch, type FrameHandler, type FrameKind, type Payload, readBatch } from './frames.ts'

/** `MessagePort` and `Worker`, as far as they are used here. */
export interface MessageEnd {
  postMessage(message: unknown, transfer?: readonly ArrayBuffer[]): void
  on(event: 'message', listener: (message: unknown) => void): unknown
}

export interface FramePortUser {
  readonly frame: FrameHandler
  /** A message that is no batch, in its place among them. */
  message(message: unknown): void
  /** All frames of a batch of so many bytes have been handled; they are acknowledged by whoever says so. */
  handled(bytes: number): void
  /** The other side has acknowledged some of what is under way. */
  acknowledged(): void
}

/** What is owed is told with the next frames, or alone when it is so much. */
const TELL_ABOVE_BYTES = 256 * 1024

export class FramePort {
  readonly #end: MessageEnd
  readonly #batch = new FrameBatch()
  #scheduled = false
  #owed = 0
  #underWay = 0

  constructor(end: MessageEnd, user: FramePortUser) {
    this.#end = end
    end.on('message', (message) => {
      if (!(message instanceof ArrayBuffer)) {
        user.message(message)
        return
      }
      const acknowledged = readBatch(Buffer.from(message), user.frame)
      this.#underWay -= acknowledged
      user.handled(message.byteLength)
      if (acknowledged > 0) user.acknowledged()
    })
  }

  /** Bytes that the other side has not yet said to have handled. */
  get underWay(): number {
    return this.#underWay + this.#batch.bytes
  }

  /** Leaves at the end of the tick; bytes must stay as they are until then. */
  send(kind: FrameKind, link: number, payload: Payload = ''): void {
    this.#batch.add(kind, link, payload)
    this.#schedule()
  }

  /** Behind all that was sent. */
  post(message: object): void {
    this.flush()
    this.#end.postMessage(message)
  }

  acknowledge(bytes: number): void {
    this.#owed += bytes
    if (this.#owed > TELL_ABOVE_BYTES) this.#schedule()
  }

  flush(): void {
    this.#scheduled = false
    if (this.#batch.isEmpty && this.#owed <= TELL_ABOVE_BYTES) return
    const batch = this.#batch.take(this.#owed)
    this.#owed = 0
    this.#underWay += batch.byteLength
    this.#end.postMessage(batch.buffer, [batch.buffer])
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    flushAtEndOfTick(this)
  }
}
