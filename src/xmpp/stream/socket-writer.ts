/** Writes to one socket: everything of one tick in one write, and never more than a bound in memory. */
import type { Socket } from 'node:net'

/** Those with something to write when the tick ends; one callback of the event loop serves them all. */
let waiting: SocketWriter[] = []

export class SocketWriter {
  #socket: Socket
  #pending = ''
  #scheduled = false
  readonly #maxBytes: number
  readonly #overflow: () => void

  /** `overflow` is called when the peer leaves more than `maxBytes` unread. */
  constructor(socket: Socket, maxBytes: number, overflow: () => void) {
    this.#socket = socket
    this.#maxBytes = maxBytes
    this.#overflow = overflow
  }

  write(text: string): void {
    this.#pending += text
    if (this.#pending.length + this.#socket.writableLength > this.#maxBytes) {
      this.#pending = ''
      this.#overflow()
      return
    }
    if (this.#scheduled) return
    this.#scheduled = true
    // After all input that is there now: what many senders have for one reader leaves together.
    if (waiting.push(this) === 1) setImmediate(flushAll)
  }

  flush(): void {
    this.#scheduled = false
    if (this.#pending === '') return
    const text = this.#pending
    this.#pending = ''
    if (this.#socket.writable) this.#socket.write(text)
  }

  /** Resolves when the system has taken what was written so far; with false where the socket closed first. */
  flushed(): Promise<boolean> {
    this.flush()
    if (!this.#socket.writable) return Promise.resolve(false)
    return new Promise((resolve) => {
      this.#socket.write('', (error) => resolve(!error))
    })
  }

  /** Goes on with another socket (TLS took over the old one). */
  moveTo(socket: Socket): void {
    this.#socket = socket
  }
}

function flushAll(): void {
  const writers = waiting
  waiting = []
  for (const writer of writers) writer.flush()
}
