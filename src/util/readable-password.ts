/** Passwords that the server makes: shown once, and typed by somebody. */
import { randomBytes } from 'node:crypto'

/** 32 of them, so that each takes five bits; none that is mistaken for another. */
const LETTERS = 'abcdefghijkmnpqrstuvwxyz23456789'

/** 80 random bits as `abcd-efgh-ijkm-npqr`. */
export function readablePassword(): string {
  const text = Array.from(randomBytes(16), (byte) => LETTERS[byte % LETTERS.length]).join('')
  return text.replace(/(.{4})(?!$)/g, '$1-')
}
