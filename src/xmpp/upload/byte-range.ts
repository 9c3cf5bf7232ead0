/** The part of a file that a request asks for (RFC 9110 §14). */
export interface ByteRange {
  readonly start: number
  /** The last one that belongs to it. */
  readonly end: number
}

/**
 * `undefined` where all of it is to be sent: there is no range, not one we know, or several, which a server may
 * ignore (§14.2).
 */
export function parseRange(
  header: string | undefined,
  size: number,
): ByteRange | 'unsatisfiable' | undefined {
  const [, first, last] = /^bytes=[ \t]*(\d{0,15})-(\d{0,15})[ \t]*$/i.exec(header ?? '') ?? []
  if (first === undefined || last === undefined || (first === '' && last === '')) return undefined
  if (first === '') {
    const length = Math.min(Number(last), size)
    return length === 0 ? 'unsatisfiable' : { start: size - length, end: size - 1 }
  }
  const start = Number(first)
  const end = last === '' ? size - 1 : Math.min(Number(last), size - 1)
  // §14.1.1: one that ends before it begins is no range at all.
  if (last !== '' && Number(last) < start) return undefined
  return start >= size ? 'unsatisfiable' : { start, end }
}
