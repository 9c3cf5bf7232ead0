/** Values that must be unique over space and time (RFC 3261 §8.1.1.7, §19.3, §8.1.1.4). */
import { randomFillSync, randomUUID } from 'node:crypto'

const pool = Buffer.alloc(4096)
let used = pool.length

/** `bytes` from the system's generator, in hex; never given out twice. */
function randomHex(bytes: number): string {
  if (used + bytes > pool.length) {
    randomFillSync(pool)
    used = 0
  }
  used += bytes
  return pool.toString('hex', used - bytes, used)
}

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
