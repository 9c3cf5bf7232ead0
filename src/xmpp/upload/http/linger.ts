/**
 * Who is refused while he still sends reads the answer only if the connection stays: it does for a while, and for so
 * many bytes.
 */
import type { IncomingMessage } from 'node:http'
import type { Clock } from '../../../util/clock.ts'

const LINGER_MS = 10_000
const MAX_BYTES = 1_048_576

/** To be called before the answer is sent; nobody else reads the request any more. */
export function lingerOver(clock: Clock, request: IncomingMessage): void {
  if (request.complete || request.destroyed) return
  let bytes = 0
  const timer = clock.after(LINGER_MS, () => request.destroy())
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    // What he sends from then on stays with him.
    if (bytes > MAX_BYTES) request.pause()
  })
  request.once('end', () => timer.cancel()).once('close', () => timer.cancel())
}
