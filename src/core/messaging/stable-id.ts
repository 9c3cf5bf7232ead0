/**
 * The id by which an account knows a message (XEP-0359), given here and nowhere else: the same for all clients of the
 * account, while the message waits, and in what it leaves behind.
 */
import { randomId } from '../../util/random-id.ts'
import type { InstantMessage } from './message.ts'

/** §5: nothing can be told from it, and nobody guesses it. */
const BYTES = 15

/** Gives the message its id, unless it has one. */
export function identify(message: InstantMessage): void {
  message.stableId ??= randomId(BYTES, 'base64url')
}
