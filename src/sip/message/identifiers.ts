/** Values that must be unique over space and time (RFC 3261 §8.1.1.7, §19.3, §8.1.1.4). */
import { randomUUID } from 'node:crypto'

/** A branch that begins so is unique by itself (§8.1.1.7). */
export const MAGIC_COOKIE = 'z9hG4bK'

/** §19.3 asks for 32 random bits; these are 60. */
export function newTag(): string {
  return randomUUID().replaceAll('-', '').slice(-16)
}

export function newBranch(): string {
  return `${MAGIC_COOKIE}${randomUUID().replaceAll('-', '')}`
}

export function newCallId(): string {
  return randomUUID()
}
