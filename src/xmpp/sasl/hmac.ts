/**
 * HMAC (RFC 2104) from two hashes in one call each. `createHmac` makes a key object for each key,
 * which takes five times as long, and a stored key is used once for each who signs in.
 */
import { hash } from 'node:crypto'

/** Bytes that the hash works on at a time (RFC 2104 §2: B). */
const BLOCK = { sha1: 64, sha256: 64, sha512: 128 } as const

export type Digest = keyof typeof BLOCK

/** `key` is no longer than the block: what SCRAM keeps is as long as the hash. */
export function hmac(digest: Digest, key: Buffer, message: string | Buffer): Buffer {
  const block = BLOCK[digest]
  if (key.length > block) throw new RangeError(`a key of ${key.length} bytes for ${digest}`)
  const inner = Buffer.allocUnsafe(block + Buffer.byteLength(message))
  pad(inner, key, block, 0x36)
  if (typeof message === 'string') inner.write(message, block)
  else message.copy(inner, block)
  const innerHash = hash(digest, inner, 'buffer')
  const outer = Buffer.allocUnsafe(block + innerHash.length)
  pad(outer, key, block, 0x5c)
  innerHash.copy(outer, block)
  return hash(digest, outer, 'buffer')
}

function pad(target: Buffer, key: Buffer, block: number, byte: number): void {
  target.fill(byte, 0, block)
  for (let at = 0; at < key.length; at += 1) target[at] = byte ^ (key[at] ?? 0)
}
