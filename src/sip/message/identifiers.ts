/** Values that must be unique over space and time (RFC 3261 §8.1.1.7, §19.3, §8.1.1.4). */
import { randomUUID } from 'node:crypto'
import { randomId } from '../../util/random-id.ts'

/** A branch that begins so is unique by itself (§8.1.1.7). */
export const MAGIC_COOKIE = 'z9hG4bK'

/** §19.3 asks for 32 random bits; these are 64. */
export function newTag(): string {
  return randomId(8, 'hex')
}

export function newBranch(): string {
  return `${MAGIC_COOKIE}${randomId(12, 'hex')}`
}

export function newCallId(): string {
  return randomUUID()
}
