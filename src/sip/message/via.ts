/** Via (RFC 3261 §20.42, RFC 3581). */
import {
  isToken,
  type Params,
  parseParams,
  serializeParams,
  splitList,
  trimSpace,
} from './grammar.ts'
import type { SipMessage } from './message.ts'
import { parseHostPort, serializeHostPort } from './uri.ts'

export interface Via {
  /** In upper case: `UDP`, `TCP`, `TLS`, `WS`, or whatever else it says. */
  readonly transport: string
  /** sent-by: in lower case, IPv6 without brackets. */
  readonly host: string
  readonly port: number | undefined
  /** `branch`, `received`, `rport` ('' where it only asks), `maddr`, `ttl` … */
  readonly params: Params
}

const PROTOCOL = /^([^\s/;,]+)[ \t]*\/[ \t]*([^\s/;,]+)[ \t]*\/[ \t]*([^\s/;,]+)[ \t]+/

/** One Via value; `undefined` where it is malformed. */
export function parseVia(text: string): Via | undefined {
  const [protocol = '', name = '', version = '', transport = ''] = PROTOCOL.exec(text) ?? []
  if (!isToken(name) || !isToken(version) || !isToken(transport)) return undefined
  const semicolon = text.indexOf(';', protocol.length)
  const end = semicolon < 0 ? text.length : semicolon
  const sentBy = parseHostPort(withoutSpace(text.slice(protocol.length, end)))
  const params = parseParams(text.slice(end))
  if (!sentBy || !params) return undefined
  return { transport: transport.toUpperCase(), host: sentBy.host, port: sentBy.port, params }
}

/** The layers ask for the same top Via one after the other. */
let last: { readonly field: string; readonly via: Via | undefined } = { field: '', via: undefined }

/** The one added by whoever sent us the message; `undefined` where there is none or it is malformed. */
export function topVia({ headers }: SipMessage): Via | undefined {
  const field = headers.get('Via')
  if (field === undefined) return undefined
  if (field !== last.field) last = { field, via: parseVia(splitList(field)[0] ?? '') }
  return last.via
}

export function serializeVia({ transport, host, port, params }: Via): string {
  return `SIP/2.0/${transport} ${serializeHostPort(host, port)}${serializeParams(params)}`
}

/** §25.1 COLON: there may be space around the one before the port. */
function withoutSpace(sentBy: string): string {
  const trimmed = trimSpace(sentBy)
  if (!trimmed.includes(' ') && !trimmed.includes('\t')) return trimmed
  const colon = trimmed.lastIndexOf(':')
  return `${trimSpace(trimmed.slice(0, colon))}:${trimSpace(trimmed.slice(colon + 1))}`
}
