/**
 * A copy that holds no other string's memory. V8 cuts strings out of longer ones without copying:
 * a short one that is kept for long would keep the whole chunk that it came in.
 */
export function ownString(text: string): string {
  return Buffer.from(text).toString()
}

const CACHE_SIZE = 16_384
const MAX_SHARED_LENGTH = 256
const shared = new Map<string, string>()

/** As `ownString`, one copy for many who keep the same text: an address, a contact. */
export function sharedString(text: string): string {
  const known = shared.get(text)
  if (known !== undefined) return known
  const own = ownString(text)
  if (own.length > MAX_SHARED_LENGTH) return own
  if (shared.size >= CACHE_SIZE) shared.clear()
  shared.set(own, own)
  return own
}
