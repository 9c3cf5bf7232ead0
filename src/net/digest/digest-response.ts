/** The arithmetic of digest authentication with qop=auth (RFC 7616 §3.4.1). */
import { createHash } from 'node:crypto'

export type DigestAlgorithm = 'MD5' | 'SHA-256'

export interface DigestInput {
  readonly algorithm: DigestAlgorithm
  /** H(username:realm:password) in lower-case hexadecimal. */
  readonly ha1: string
  readonly method: string
  readonly uri: string
  readonly nonce: string
  /** Eight hexadecimal digits, as they were sent. */
  readonly nc: string
  readonly cnonce: string
}

/** Lower-case hexadecimal. */
export function digestResponse(input: DigestInput): string {
  const { algorithm, ha1, method, uri, nonce, nc, cnonce } = input
  const ha2 = digestHash(algorithm, `${method}:${uri}`)
  return digestHash(algorithm, `${ha1}:${nonce}:${nc}:${cnonce}:auth:${ha2}`)
}

export function digestHash(algorithm: DigestAlgorithm, text: string): string {
  return createHash(algorithm === 'MD5' ? 'md5' : 'sha256')
    .update(text)
    .digest('hex')
}

/** RFC 8760 §2.4: MD5 where the client names none. */
export function parseAlgorithm(text = 'MD5'): DigestAlgorithm | undefined {
  const name = text.toUpperCase()
  return name === 'MD5' || name === 'SHA-256' ? name : undefined
}
