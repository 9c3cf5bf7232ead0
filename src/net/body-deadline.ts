/** How long a client may take to send the body of a request; heads have the listener's own deadline. */
import type { IncomingMessage } from 'node:http'
import type { Clock } from '../util/clock.ts'

/** Calls `late` where the body is not there in time. */
export function watchBody(
  clock: Clock,
  request: IncomingMessage,
  { withinMs, late }: { withinMs: number; late: () => void },
): void {
  const { 'content-length': length, 'transfer-encoding': encoding } = request.headers
  if (encoding === undefined && (length === undefined || length === '0')) return
  const timer = clock.after(withinMs, () => {
    if (!request.complete) late()
  })
  request.once('end', () => timer.cancel())
  request.once('close', () => timer.cancel())
}
