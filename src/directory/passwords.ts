/**
 * SASLprep (RFC 4013): the form of a password that is hashed, which RFC 5802 §2.2 asks of both sides.
 * Characters newer than Unicode 3.2 are let through as in a query (RFC 3454 §7), since clients do the same
 * and RFC 8265 has come to allow them.
 */
import { DirectoryError } from './errors.ts'

const MAX_BYTES = 1024

const ASCII = /^[\x20-\x7e]*$/
/** RFC 3454 table C.1.2, mapped to a space. */
const OTHER_SPACES = /[\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000]/g
/** RFC 3454 table B.1, mapped to nothing. */
const NOTHING = /\u00ad|\u034f|\u1806|[\u180b-\u180d]|[\u200c\u200d]|\u2060|[\ufe00-\ufe0f]|\ufeff/g
/** RFC 3454 tables C.2.1 to C.9: controls, private use, non-characters, surrogates, what steers the display, tags. */
const PROHIBITED =
  /[\p{Cc}\p{Co}\p{Cs}\p{Noncharacter_Code_Point}\u06dd\u070f\u180e\u200e\u200f\u2028-\u202e\u2061-\u2063\u206a-\u206f\u2ff0-\u2ffb\ufff9-\ufffd\u{1d173}-\u{1d17a}\u{e0001}\u{e0020}-\u{e007f}]/u
/** RFC 3454 table D.1, by script: right-to-left letters. */
const RIGHT_TO_LEFT =
  /[[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]&&\p{L}]/v
/** RFC 3454 table D.2, near enough: letters of all other scripts. */
const LEFT_TO_RIGHT =
  /[\p{L}--[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]]/v

/** The prepared password, or `undefined` where it is empty, too long or has characters that it must not have. */
export function preparePassword(text: string): string | undefined {
  if (text.length > MAX_BYTES) return undefined
  const prepared = ASCII.test(text) ? text : saslprep(text)
  if (!prepared || Buffer.byteLength(prepared) > MAX_BYTES) return undefined
  return prepared
}

/** Throws `DirectoryError` `BAD_PASSWORD`. */
export function requirePassword(text: string): string {
  const prepared = preparePassword(text)
  if (prepared !== undefined) return prepared
  const reason = text === '' ? 'is empty' : 'is too long or has characters that are not allowed'
  throw new DirectoryError('BAD_PASSWORD', `the password ${reason} (RFC 4013)`)
}

function saslprep(text: string): string | undefined {
  const mapped = text.replace(OTHER_SPACES, ' ').replace(NOTHING, '').normalize('NFKC')
  if (PROHIBITED.test(mapped) || !isDirectionSound(mapped)) return undefined
  return mapped
}

/** RFC 3454 §6: right-to-left text starts and ends with such a letter, and has no left-to-right ones. */
function isDirectionSound(text: string): boolean {
  if (!RIGHT_TO_LEFT.test(text)) return true
  const characters = [...text]
  return (
    !LEFT_TO_RIGHT.test(text) &&
    RIGHT_TO_LEFT.test(characters[0] ?? '') &&
    RIGHT_TO_LEFT.test(characters.at(-1) ?? '')
  )
}
