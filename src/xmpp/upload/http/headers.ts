/** Headers of all that is answered, and of a file. */
import type { StoredUpload } from '../../../storage/stores/uploads.ts'
import { contentDisposition } from '../file-name.ts'
import { dispositionOf, essenceOf, servedType } from '../media-type.ts'

/**
 * XEP-0363 §8, §9.1. Whoever knows a URL may use it, from any page: nothing goes with the request that a page could
 * misuse. What is there runs nowhere, and is framed by nobody.
 */
export const ALWAYS: Readonly<Record<string, string>> = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers':
    'Accept-Ranges, Content-Disposition, Content-Range, ETag, Location, Retry-After',
  // A browser that shows a film by itself does so in a page that loads it: within the sandbox, by CORS.
  'content-security-policy':
    "default-src 'none'; media-src 'self'; frame-ancestors 'none'; sandbox",
  'cross-origin-resource-policy': 'cross-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  // @COMPAT(browsers without frame-ancestors)
  'x-frame-options': 'DENY',
  'x-robots-tag': 'noindex, nofollow',
}

export const METHODS = 'GET, HEAD, OPTIONS, PUT'

export const PREFLIGHT: Readonly<Record<string, string>> = {
  'access-control-allow-methods': METHODS,
  'access-control-allow-headers':
    'Authorization, Content-Type, If-Match, If-Modified-Since, If-None-Match, If-Range, If-Unmodified-Since, Range',
  'access-control-max-age': '86400',
}

export function entityTag({ id }: Pick<StoredUpload, 'id'>): string {
  return `"${id}"`
}

const YEAR_S = 31_536_000

/** What never changes may be kept as long as it is there, by whom it was sent to. */
export function validators(upload: StoredUpload, now: number): Record<string, string> {
  const { createdAt, expiresAt = Number.POSITIVE_INFINITY } = upload
  const seconds = Math.min(YEAR_S, Math.floor((expiresAt - now) / 1000))
  return {
    etag: entityTag(upload),
    'last-modified': new Date(createdAt).toUTCString(),
    'cache-control': `private, max-age=${seconds}, immutable`,
  }
}

export function contentHeaders({ name, contentType }: StoredUpload): Record<string, string> {
  return {
    'accept-ranges': 'bytes',
    'content-type': servedType(contentType),
    'content-disposition': contentDisposition(dispositionOf(essenceOf(contentType)), name),
  }
}
