/** Header field names: how they are written, their one-letter forms, and which of them are lists. */

export interface HeaderName {
  /** What two names of the same header field have in common. */
  readonly key: string
  /** As it is sent. */
  readonly name: string
  /** The field's values may stand in one field, separated by commas (RFC 3261 §7.3.1). */
  readonly list: boolean
  /** A message with two of it is malformed: a bit of its own. 0 for all others. */
  readonly once: number
}

/** Compact forms as IANA lists them (RFC 3261 §7.3.3, 3515, 3841, 3892, 4028, 6665, 8224). */
const COMPACT: Readonly<Record<string, string>> = {
  'Accept-Contact': 'a',
  'Allow-Events': 'u',
  'Call-ID': 'i',
  Contact: 'm',
  'Content-Encoding': 'e',
  'Content-Length': 'l',
  'Content-Type': 'c',
  Event: 'o',
  From: 'f',
  Identity: 'y',
  'Refer-To': 'r',
  'Referred-By': 'b',
  'Reject-Contact': 'j',
  'Request-Disposition': 'd',
  'Session-Expires': 'x',
  Subject: 's',
  Supported: 'k',
  To: 't',
  Via: 'v',
}

const LISTS = `Accept Accept-Contact Accept-Encoding Accept-Language Alert-Info Allow Allow-Events Call-Info Contact
  Content-Encoding Content-Language Diversion Error-Info History-Info In-Reply-To P-Asserted-Identity
  P-Associated-URI P-Preferred-Identity Path Proxy-Require Reason Record-Route Reject-Contact Request-Disposition
  Require Route Security-Client Security-Server Security-Verify Service-Route Supported Unsupported Via Warning`

/** Credentials and challenges have commas of their own and are never lists (§7.3.1); a Date has one too. */
const SINGLES = `Authentication-Info Authorization Call-ID Content-Disposition Content-Length Content-Type CSeq Date
  Event Expires From Identity Max-Forwards MIME-Version Min-Expires Organization Priority Privacy
  Proxy-Authenticate Proxy-Authorization RAck Refer-Sub Refer-To Referred-By Replaces Reply-To Retry-After RSeq
  Server Session-Expires SIP-ETag SIP-If-Match Subject Subscription-State Suppress-If-Match Timestamp To User-Agent
  WWW-Authenticate`

const ONCE = new Set(
  'Call-ID Content-Length Content-Type CSeq Date Event Expires From Max-Forwards SIP-If-Match To'.split(
    ' ',
  ),
)

const KNOWN = new Map<string, HeaderName>()
let onces = 0
for (const name of LISTS.split(/\s+/)) define(name, true)
for (const name of SINGLES.split(/\s+/)) define(name, false)

function define(name: string, list: boolean): void {
  const header = { key: name.toLowerCase(), name, list, once: ONCE.has(name) ? 2 ** onces++ : 0 }
  KNOWN.set(name, header).set(header.key, header)
  const compact = COMPACT[name]
  if (compact) KNOWN.set(compact, header).set(compact.toUpperCase(), header)
}

/** `undefined` for a name that is not in the tables above, or is not written in one of the usual ways. */
export function knownHeader(name: string): HeaderName | undefined {
  return KNOWN.get(name)
}

export function headerName(name: string): HeaderName {
  const known = KNOWN.get(name)
  if (known) return known
  const key = name.toLowerCase()
  return KNOWN.get(key) ?? { key, name, list: false, once: 0 }
}
