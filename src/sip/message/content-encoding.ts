/**
 * Bodies that are packed (RFC 3261 §20.12, §7.4.1). What one unpacks to has a bound of its own: a
 * few kilobytes of `deflate` may be many megabytes.
 */
import { constants, gunzipSync, inflateRawSync, inflateSync, type ZlibOptions } from 'node:zlib'
import { SipError } from '../errors.ts'
import type { SipHeaders } from './headers.ts'
import { tokensOf } from './values.ts'

export const CONTENT_ENCODINGS = ['deflate', 'gzip'] as const

/** Of one body, unpacked. */
export const MAX_UNPACKED_BYTES = 524_288

/**
 * The body as it was before it was packed; the same buffer where it was not.
 * Throws `SipError` 415 for an encoding that we do not know, 413 where it unpacks to too much, 400 where it is broken.
 */
export function unpacked(headers: SipHeaders, body: Buffer, max = MAX_UNPACKED_BYTES): Buffer {
  const codings = tokensOf(headers, 'Content-Encoding').filter((coding) => coding !== 'identity')
  if (codings.length === 0 || body.length === 0) return body
  const [coding] = codings
  if (codings.length > 1 || (coding !== 'deflate' && coding !== 'gzip' && coding !== 'x-gzip')) {
    throw new SipError(415, undefined, [['Accept-Encoding', CONTENT_ENCODINGS.join(', ')]])
  }
  try {
    return coding === 'deflate' ? inflate(body, max) : gunzipSync(body, optionsOf(max))
  } catch (error) {
    if (isTooLarge(error)) throw new SipError(413, 'Unpacks to Too Much')
    throw new SipError(400, 'Bad Content-Encoding')
  }
}

/** `deflate` is zlib's format (RFC 1950), its checksum included; some write what is inside of it alone. */
function inflate(body: Buffer, max: number): Buffer {
  const isWrapped =
    ((body[0] ?? 0) & 0x0f) === 8 && body.length > 1 && body.readUInt16BE() % 31 === 0
  return isWrapped ? inflateSync(body, optionsOf(max)) : inflateRawSync(body, optionsOf(max))
}

function optionsOf(maxOutputLength: number): ZlibOptions {
  return { maxOutputLength, finishFlush: constants.Z_FINISH }
}

function isTooLarge(error: unknown): boolean {
  return error instanceof RangeError && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE'
}
