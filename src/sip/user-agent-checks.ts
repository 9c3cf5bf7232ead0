/** What every request must satisfy before a handler sees it (RFC 3261 §8.2). */
import { SipError } from './errors.ts'
import type { SipRequest } from './message/message.ts'
import { unsupportedOptions, validateRequest } from './message/validate.ts'

/** Throws `SipError` with the refusal that the first failed check asks for. */
export function admit(request: SipRequest, supported: ReadonlySet<string>): void {
  const refusal = validateRequest(request)
  if (refusal) throw new SipError(refusal.status, refusal.reason)
  // §8.2.2.3: a CANCEL is never refused for an extension.
  if (request.method === 'CANCEL') return
  requireExtensions(request, supported)
  requireEncoding(request)
}

/** §8.2.2.3; nothing is proxied here, so that Proxy-Require asks the same of us. */
function requireExtensions(request: SipRequest, supported: ReadonlySet<string>): void {
  const unsupported = [
    ...unsupportedOptions(request, supported, 'Require'),
    ...unsupportedOptions(request, supported, 'Proxy-Require'),
  ]
  if (unsupported.length > 0) {
    throw new SipError(420, undefined, [['Unsupported', unsupported.join(', ')]])
  }
}

/** Whose handlers unpack what they get. */
const UNPACKING = new Set(['SUBSCRIBE', 'MESSAGE'])

/** §8.2.3. */
function requireEncoding({ method, headers, body }: SipRequest): void {
  if (UNPACKING.has(method)) return
  const encoding = headers.get('Content-Encoding')
  if (body.length > 0 && encoding !== undefined && encoding.trim().toLowerCase() !== 'identity') {
    throw new SipError(415, undefined, [['Accept-Encoding', 'identity']])
  }
}
