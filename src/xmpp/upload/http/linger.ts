/**
 * Who was refused while he still sends reads the answer only if the connection stays: it does for a while, and for so
 * many bytes.
 */
import type { IncomingMessage } from 'node:http'
import type { Clock } from '../../../util/clock.ts'

const LINGER_MS = 10_000
const MAX_BYTES = 1_048_576

export function lingerOver(clock: Clock, request: IncomingMessage): void {
  if (request.complete || request.destroyed) return
  let bytes = 0
  const end = () => request.destroy()
  const timer = clock.after(LINGER_MS, end)
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > MAX_BYTES) end()
  })
  request.once('close', () => timer.cancel())
}
