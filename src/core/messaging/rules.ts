/** What RFC 6121 §8.5 says of a message by its type, where nobody is there to take it. */
import { type DeliveryOutcome, DROPPED, type InstantMessage, refused } from './message.ts'

/** No resource matches it (§8.5.2.1.1, §8.5.3.2.1); `undefined` where it is for the person. */
export function unmatched({ to, type }: InstantMessage): DeliveryOutcome | undefined {
  if (type === 'error') return DROPPED
  // To a resource that is not there, only chat is treated as if sent to the bare JID.
  if (type === 'groupchat' || (to.resource !== '' && type !== 'chat')) return refused('unreachable')
  return undefined
}

/**
 * §8.5.1, and table 1 for headlines. Who blocks the sender looks like somebody who has nobody to
 * take it (XEP-0191 §3.3).
 */
export function nobodyThere(
  { type }: InstantMessage,
  refusal: 'no-such-user' | 'unreachable' = 'unreachable',
): DeliveryOutcome {
  return type === 'error' || type === 'headline' ? DROPPED : refused(refusal)
}

/** §8.5.2.2, for an absent user. */
export function isKeptForLater({ type, storable }: InstantMessage): boolean {
  return storable && (type === 'chat' || type === 'normal')
}
