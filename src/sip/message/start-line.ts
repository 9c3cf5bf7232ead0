/** Request-Line and Status-Line (RFC 3261 §7.1, §7.2). */
import { isToken } from './grammar.ts'

export type StartLine =
  | {
      readonly kind: 'request'
      readonly method: string
      readonly uri: string
      readonly problem: StartLineProblem | undefined
    }
  | {
      readonly kind: 'response'
      readonly status: number
      readonly reason: string
      readonly problem: StartLineProblem | undefined
    }
  /** Not SIP at all. */
  | { readonly kind: 'unknown'; readonly problem: StartLineProblem }

export interface StartLineProblem {
  readonly status: number
  readonly reason: string
}

const VERSION = /^SIP\/\d+\.\d+$/i
/** The space before an empty reason phrase is often forgotten. */
const STATUS_LINE = /^SIP\/(\d+\.\d+) (\d{3})(?: (.*))?$/is
/** What ends like a request line, for all that is wrong in it. */
const LIKE_REQUEST = /^[^ ].* SIP\/\d+\.\d+ *$/is
const NOT_IN_URI = /[\s<>"\x00-\x1f\x7f]/

export function parseStartLine(line: string): StartLine {
  if (/^SIP\//i.test(line)) return parseStatusLine(line)
  const first = line.indexOf(' ')
  const last = line.lastIndexOf(' ')
  const version = line.slice(last + 1)
  const method = line.slice(0, Math.max(first, 0))
  if (first === last || !VERSION.test(version)) {
    if (!LIKE_REQUEST.test(line)) return { kind: 'unknown', problem: bad('Not a SIP message') }
    return { kind: 'request', method, uri: '', problem: bad('Malformed Request-Line') }
  }
  const uri = line.slice(first + 1, last)
  return { kind: 'request', method, uri, problem: requestProblem(method, uri, version) }
}

/** One space between each, none elsewhere, and no angle brackets around the URI (§7.1). */
function requestProblem(
  method: string,
  uri: string,
  version: string,
): StartLineProblem | undefined {
  if (!isToken(method)) return bad('Malformed method')
  if (version.toUpperCase() !== 'SIP/2.0') return { status: 505, reason: 'Version Not Supported' }
  return uri === '' || NOT_IN_URI.test(uri) ? bad('Malformed Request-URI') : undefined
}

function parseStatusLine(line: string): StartLine {
  const [, version, digits = '', reason = ''] = STATUS_LINE.exec(line) ?? []
  const status = Number(digits)
  const problem =
    version !== '2.0' || status < 100 || status > 699 ? bad('Malformed Status-Line') : undefined
  return { kind: 'response', status, reason, problem }
}

function bad(reason: string): StartLineProblem {
  return { status: 400, reason }
}
