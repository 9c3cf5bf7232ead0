/** A peer of the server without a network between: bytes go in and come out as they would there. */
import { Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { Wire } from './wire.ts'

const MAX_TURNS = 1000

/** Lets the event loop turn until it is so. */
export async function until(done: () => boolean): Promise<void> {
  for (let turns = 0; !done(); turns += 1) {
    if (turns > MAX_TURNS) throw new Error('something that was waited for did not come')
    await turn()
  }
}

/** The server's end of a connection, and the peer's hand on it. */
export class MemorySocket extends Socket {
  /** What the server has sent. */
  readonly wire = new Wire()
  /** Of that, the last. */
  last: Uint8Array | string = ''
  readonly #heard: ((bytes: Buffer) => void) | undefined

  /** `heard`, where given, is told what the server sends, in bytes. */
  constructor(heard?: (bytes: Buffer) => void) {
    super()
    this.#heard = heard
  }

  override write(chunk: Uint8Array | string): boolean {
    this.last = chunk
    this.wire.send(chunk)
    this.#heard?.(Buffer.from(chunk))
    return true
  }

  /** The peer says something. */
  says(bytes: Buffer): void {
    this.emit('data', bytes)
  }

  /** And waits until the answer has this in it. */
  async asks(text: string, answer: string): Promise<void> {
    this.last = ''
    this.says(Buffer.from(text))
    await until(() => this.last.toString().includes(answer))
  }
}
