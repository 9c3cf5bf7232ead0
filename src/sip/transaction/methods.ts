/** Of RFC 3261 and its extensions: what is not among them is answered 501 rather than 405. */
export const KNOWN_METHODS: ReadonlySet<string> = new Set([
  ...['INVITE', 'ACK', 'BYE', 'CANCEL', 'OPTIONS', 'REGISTER', 'PRACK', 'SUBSCRIBE', 'NOTIFY'],
  ...['PUBLISH', 'INFO', 'REFER', 'MESSAGE', 'UPDATE'],
])

/** A metric's label must not be the peer's to choose. */
export function methodLabel(method: string): string {
  return KNOWN_METHODS.has(method) ? method : 'other'
}
