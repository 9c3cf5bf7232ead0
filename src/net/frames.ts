/**
 * What happens to many links, in order, as one block of bytes: the words in which the thread that owns the
 * sockets and the one that knows what they mean speak to each other.
 *
 *   batch = acknowledged (u32), frame*
 *   frame = kind (u8), link (u32), length of the payload (u32), payload
 */

/** From the edge: what happened. To the edge: what is to be done. */
export const FRAME = {
  opened: 1,
  received: 2,
  secured: 3,
  ended: 4,
  overflowed: 5,
  failed: 6,
  closed: 7,
  flushed: 8,
  read: 16,
  pause: 17,
  resume: 18,
  write: 19,
  flush: 20,
  secure: 21,
  end: 22,
  destroy: 23,
} as const

export type FrameKind = (typeof FRAME)[keyof typeof FRAME]

export type Payload = string | Uint8Array

const BATCH_HEAD = 4
const FRAME_HEAD = 9

/** Gathers frames until they are taken. Bytes that are added must stay as they are until then. */
export class FrameBatch {
  readonly #frames: (FrameKind | number | Payload)[] = []
  #bytes = BATCH_HEAD

  get isEmpty(): boolean {
    return this.#bytes === BATCH_HEAD
  }

  get bytes(): number {
    return this.#bytes
  }

  add(kind: FrameKind, link: number, payload: Payload): void {
    const length = typeof payload === 'string' ? Buffer.byteLength(payload) : payload.length
    this.#frames.push(kind, link, length, payload)
    this.#bytes += FRAME_HEAD + length
  }

  /** All of them in memory of their own, which may be handed to another thread. */
  take(acknowledged: number): Buffer<ArrayBuffer> {
    const batch = Buffer.from(new ArrayBuffer(this.#bytes))
    batch.writeUInt32LE(acknowledged, 0)
    const frames = this.#frames
    let at = BATCH_HEAD
    for (let next = 0; next < frames.length; next += 4) {
      const payload = frames[next + 3] as Payload
      at = batch.writeUInt8(frames[next] as number, at)
      at = batch.writeUInt32LE(frames[next + 1] as number, at)
      at = batch.writeUInt32LE(frames[next + 2] as number, at)
      if (typeof payload === 'string') at += batch.write(payload, at)
      else {
        batch.set(payload, at)
        at += payload.length
      }
    }
    frames.length = 0
    this.#bytes = BATCH_HEAD
    return batch
  }
}

export type FrameHandler = (kind: FrameKind, link: number, payload: Buffer) => void

/** Calls `handle` for each frame, in order; answers how many bytes the other side has acknowledged with it. */
export function readBatch(batch: Buffer, handle: FrameHandler): number {
  let at = BATCH_HEAD
  while (at < batch.length) {
    const length = batch.readUInt32LE(at + 5)
    const end = at + FRAME_HEAD + length
    handle(
      batch.readUInt8(at) as FrameKind,
      batch.readUInt32LE(at + 1),
      batch.subarray(at + FRAME_HEAD, end),
    )
    at = end
  }
  return batch.readUInt32LE(0)
}
