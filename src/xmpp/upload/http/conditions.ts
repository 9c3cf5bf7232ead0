/** Whether a request is for what the client does not have yet (RFC 9110 §13). */
import type { IncomingHttpHeaders } from 'node:http'

export interface Validators {
  readonly etag: string
  /** Milliseconds since the epoch. */
  readonly modifiedAt: number
}

/** The status that the conditions ask for instead of the file, in the order of §13.2.2. */
export function failedCondition(
  headers: IncomingHttpHeaders,
  validators: Validators,
): 304 | 412 | undefined {
  const { 'if-match': match, 'if-none-match': noneMatch } = headers
  if (match !== undefined) {
    if (!names(match, validators.etag)) return 412
  } else if (isOlder(headers['if-unmodified-since'], validators)) {
    return 412
  }
  if (noneMatch !== undefined) return names(noneMatch, validators.etag) ? 304 : undefined
  const since = parseDate(headers['if-modified-since'])
  return since !== undefined && seconds(validators.modifiedAt) <= since ? 304 : undefined
}

/** §13.1.5: otherwise the range would be one of another file. */
export function isRangeMeant(
  header: string | undefined,
  { etag, modifiedAt }: Validators,
): boolean {
  if (header === undefined || header === etag) return true
  return parseDate(header) === seconds(modifiedAt)
}

/** Files never change: a weak tag (§8.8.3.2) names the same bytes. */
function names(list: string, etag: string): boolean {
  if (list.trim() === '*') return true
  return list.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag)
}

function isOlder(header: string | undefined, { modifiedAt }: Validators): boolean {
  const date = parseDate(header)
  return date !== undefined && seconds(modifiedAt) > date
}

function parseDate(header: string | undefined): number | undefined {
  const time = header === undefined ? Number.NaN : Date.parse(header)
  return Number.isNaN(time) ? undefined : seconds(time)
}

/** The resolution of HTTP's dates. */
function seconds(time: number): number {
  return Math.floor(time / 1000)
}
