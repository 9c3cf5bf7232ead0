/**
 * A copy that holds no other string's memory. V8 cuts strings out of longer ones without copying:
 * a short one that is kept for long would keep the whole chunk that it came in.
 */
export function ownString(text: string): string {
  return Buffer.from(text).toString()
}
