/** What every request must satisfy before a handler sees it (RFC 3261 §8.2). */
import { SipError } from './errors.ts'
import type { SipRequest } from './message/message.ts'
import { parseCSeq, parseNameAddr } from './message/values.ts'
import type { CapabilityList } from './user-agent-capabilities.ts'

/** Of RFC 3261 and its extensions: what is not among them is answered 501 rather than 405. */
export const KNOWN_METHODS: ReadonlySet<string> = new Set([
  ...['INVITE', 'ACK', 'BYE', 'CANCEL', 'OPTIONS', 'REGISTER', 'PRACK', 'SUBSCRIBE', 'NOTIFY'],
  ...['PUBLISH', 'INFO', 'REFER', 'MESSAGE', 'UPDATE'],
])

/** `im` and `pres` are other names of a user's SIP address (RFC 3861). */
const SCHEMES = new Set(['sip', 'sips', 'tel', 'im', 'pres'])

/** Throws `SipError` with the refusal that the first failed check asks for. */
export function admit(request: SipRequest, capabilities: CapabilityList): void {
  requireHeaders(request)
  requireScheme(request)
  // §8.2.2.3: a CANCEL is never refused for an extension.
  if (request.method === 'CANCEL') return
  requireExtensions(request, capabilities)
  requireEncoding(request)
}

/** §8.1.1. Max-Forwards may be missing: RFC 2543 did not know it, and we do not forward. */
function requireHeaders({ method, headers }: SipRequest): void {
  for (const name of ['From', 'To'] as const) {
    const value = headers.get(name)
    if (value === undefined) throw new SipError(400, `Missing ${name}`)
    if (!parseNameAddr(value)) throw new SipError(400, `Bad ${name}`)
  }
  if (!headers.get('Call-ID')) throw new SipError(400, 'Missing Call-ID')
  const cseq = parseCSeq(headers.get('CSeq') ?? '')
  if (!cseq) throw new SipError(400, 'Missing or Bad CSeq')
  if (cseq.method !== method) throw new SipError(400, 'CSeq Names Another Method')
}

function requireScheme({ uri }: SipRequest): void {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(uri)?.[1]?.toLowerCase()
  if (scheme === undefined) throw new SipError(400, 'Bad Request-URI')
  if (!SCHEMES.has(scheme)) throw new SipError(416)
}

/** §8.2.2.3; nothing is proxied here, so that Proxy-Require asks the same of us. */
function requireExtensions({ headers }: SipRequest, capabilities: CapabilityList): void {
  const required = [...headers.getAll('Require'), ...headers.getAll('Proxy-Require')]
  const unsupported = required.filter((tag) => !capabilities.supports(tag))
  if (unsupported.length > 0) {
    throw new SipError(420, undefined, [['Unsupported', unsupported.join(', ')]])
  }
}

/** §8.2.3. */
function requireEncoding({ headers, body }: SipRequest): void {
  const encoding = headers.get('Content-Encoding')
  if (body.length > 0 && encoding !== undefined && encoding.trim().toLowerCase() !== 'identity') {
    throw new SipError(415, undefined, [['Accept-Encoding', 'identity']])
  }
}
