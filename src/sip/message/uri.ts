/** SIP and SIPS URIs (RFC 3261 §19.1), tel (RFC 3966), pres and im (RFC 3859, RFC 3860). */

import { isIPv4, isIPv6 } from 'node:net'
import { ownString } from '../../util/own-string.ts'
import { NO_PARAMS, type Params } from './grammar.ts'
import { escapeUri, unescapeUri } from './uri-escapes.ts'

export { urisEqual } from './uris-equal.ts'

export interface SipUri {
  /** In lower case: `sip`, `sips`, `tel`, `pres`, `im`, or whatever else it says. */
  readonly scheme: string
  /** Escapes undone. The telephone number of a tel URI, as written. */
  readonly user?: string | undefined
  readonly password?: string | undefined
  /** In lower case, IPv6 without brackets; '' where the scheme has none (tel, others). */
  readonly host: string
  readonly port?: number | undefined
  /** Names in lower case, escapes undone; '' for a parameter without value. */
  readonly params: Params
  readonly headers: readonly (readonly [name: string, value: string])[]
  /** What follows the colon, where the scheme is none of ours. */
  readonly opaque?: string | undefined
}

interface HostPort {
  readonly host: string
  readonly port: number | undefined
}

const SCHEME = /^[a-z][a-z0-9+.-]*$/
const USER = /^(?:[\w.!~*'()&=+$,;?/-]|%[\dA-Fa-f]{2})+$/
const PASSWORD = /^(?:[\w.!~*'()&=+$,-]|%[\dA-Fa-f]{2})*$/
const PARAM_PART = /^(?:[\w.!~*'()[\]/:&+$-]|%[\dA-Fa-f]{2})+$/
const HEADER_PART = /^(?:[\w.!~*'()[\]/?:+$-]|%[\dA-Fa-f]{2})*$/
const TEL_NUMBER = /^(?:\+[-.()]*\d[\d.()-]*|(?=[.()-]*[\dA-Fa-f*#])[\dA-Fa-f*#.()-]+)$/
/** Underscores are not for host names (§25.1), but names inside of enterprises have them. */
const HOST_NAME = /^[A-Za-z0-9](?:[\w.-]*[\w.])?$/
const EXTRA_COLON = /:::(?=\d+\.\d+\.\d+\.\d+$)/
const OPAQUE = /^[\x21-\x7e\x80-\u{10ffff}]+$/u
const NO_HEADERS: SipUri['headers'] = []

/** The same few URIs come again and again; those that nobody says twice are not kept for long. */
const CACHE_SIZE = 4096
const MAX_CACHED_LENGTH = 256
const cache = new Map<string, SipUri>()

/**
 * `undefined` where the text is not a URI, or one of a scheme above that breaks its grammar.
 * Answers are shared: nobody changes them.
 */
export function parseSipUri(text: string): SipUri | undefined {
  const known = cache.get(text)
  if (known) return known
  if (text.length > MAX_CACHED_LENGTH) return parseUri(text)
  // A copy: a piece of a message's text would keep all of it in memory.
  const own = ownString(text)
  const uri = parseUri(own)
  if (!uri) return undefined
  if (cache.size >= CACHE_SIZE) cache.clear()
  cache.set(own, uri)
  return uri
}

function parseUri(text: string): SipUri | undefined {
  const colon = text.indexOf(':')
  if (colon < 1) return undefined
  const scheme = text.slice(0, colon).toLowerCase()
  const rest = text.slice(colon + 1)
  switch (scheme) {
    case 'sip':
    case 'sips':
    case 'pres':
    case 'im':
      return parseHierarchy(scheme, rest)
    case 'tel':
      return parseTel(rest)
    default:
      if (!SCHEME.test(scheme) || !OPAQUE.test(rest)) return undefined
      return { scheme, host: '', params: new Map(), headers: NO_HEADERS, opaque: rest }
  }
}

function parseHierarchy(scheme: string, rest: string): SipUri | undefined {
  // The user part may have unescaped semicolons and question marks, but nothing has an unescaped @.
  const at = rest.indexOf('@')
  const userinfo = at < 0 ? { user: undefined, password: undefined } : parseUser(rest.slice(0, at))
  const tail = rest.slice(at + 1)
  const question = tail.indexOf('?')
  const beforeHeaders = question < 0 ? tail : tail.slice(0, question)
  const semicolon = beforeHeaders.indexOf(';')
  const hostPort = parseHostPort(semicolon < 0 ? beforeHeaders : beforeHeaders.slice(0, semicolon))
  const params = parseUriParams(semicolon < 0 ? undefined : beforeHeaders.slice(semicolon + 1))
  const headers = question < 0 ? NO_HEADERS : parseUriHeaders(tail.slice(question + 1))
  if (!userinfo || !hostPort || !params || !headers) return undefined
  const { user, password } = userinfo
  return { scheme, user, password, host: hostPort.host, port: hostPort.port, params, headers }
}

function parseUser(text: string): Pick<SipUri, 'user' | 'password'> | undefined {
  const colon = text.indexOf(':')
  const user = colon < 0 ? text : text.slice(0, colon)
  const password = colon < 0 ? undefined : text.slice(colon + 1)
  if (!USER.test(user) || !PASSWORD.test(password ?? '')) return undefined
  return {
    user: unescapeUri(user),
    password: password === undefined ? undefined : unescapeUri(password),
  }
}

/** `host`, `host:port`, `[v6]`, `[v6]:port`; the host in lower case and without brackets. */
export function parseHostPort(text: string): HostPort | undefined {
  const end = text.startsWith('[') ? text.indexOf(']') + 1 : text.indexOf(':')
  const written = end > 0 ? text.slice(0, end) : text
  const host = parseHost(written)
  if (host === undefined || end === 0) return undefined
  if (written.length === text.length) return { host, port: undefined }
  const port = text.slice(written.length)
  if (!/^:\d{1,5}$/.test(port) || Number(port.slice(1)) > 65_535) return undefined
  return { host, port: Number(port.slice(1)) }
}

/** A host name, an IPv4 address or an IPv6 reference (in brackets, which are taken away). */
export function parseHost(text: string): string | undefined {
  if (text.startsWith('[')) {
    // The grammar of RFC 3261 lets a third colon slip in before an embedded IPv4 address (RFC 5118 §4.10).
    const address = text.slice(1, -1).replace(EXTRA_COLON, '::')
    return text.endsWith(']') && isIPv6(address) ? address.toLowerCase() : undefined
  }
  if (!HOST_NAME.test(text) || text.includes('..')) return undefined
  // §25.1: the last label of a name begins with a letter, so digits and dots are an address.
  if (/^[\d.]+$/.test(text) && !isIPv4(text)) return undefined
  return text.toLowerCase()
}

/** `text` follows the first semicolon; `undefined` where there is none. */
function parseUriParams(text: string | undefined): Params | undefined {
  if (text === undefined) return NO_PARAMS
  const params = new Map<string, string>()
  for (const part of text.split(';')) {
    const equals = part.indexOf('=')
    const name = equals < 0 ? part : part.slice(0, equals)
    const value = equals < 0 ? undefined : part.slice(equals + 1)
    if (!PARAM_PART.test(name) || (value !== undefined && !PARAM_PART.test(value))) return undefined
    const key = unescapeUri(name).toLowerCase()
    // §19.1.1: no parameter name comes more than once.
    if (params.has(key)) return undefined
    params.set(key, value === undefined ? '' : unescapeUri(value))
  }
  return params
}

function parseUriHeaders(text: string): SipUri['headers'] | undefined {
  const headers: [string, string][] = []
  for (const part of text.split('&')) {
    const equals = part.indexOf('=')
    if (equals < 1) return undefined
    const name = part.slice(0, equals)
    const value = part.slice(equals + 1)
    if (!HEADER_PART.test(name) || !HEADER_PART.test(value)) return undefined
    headers.push([unescapeUri(name), unescapeUri(value)])
  }
  return headers
}

/** A local number without phone-context is against RFC 3966 §5.1.5, and common. */
function parseTel(rest: string): SipUri | undefined {
  const semicolon = rest.indexOf(';')
  const number = semicolon < 0 ? rest : rest.slice(0, semicolon)
  const params = parseUriParams(semicolon < 0 ? undefined : rest.slice(semicolon + 1))
  if (!TEL_NUMBER.test(number) || !params) return undefined
  return { scheme: 'tel', user: number, host: '', params, headers: NO_HEADERS }
}

/** Parts that are left out are not there. */
export function serializeUri(uri: Partial<SipUri> & Pick<SipUri, 'scheme' | 'host'>): string {
  const { scheme, user, password, host, port, opaque, params = NO_PARAMS } = uri
  if (opaque !== undefined) return `${scheme}:${opaque}`
  if (scheme === 'tel') return `tel:${user ?? ''}${paramsText(params)}`
  let text = `${scheme}:`
  if (user !== undefined) {
    text += escapeUri(user, 'user')
    if (password !== undefined) text += `:${escapeUri(password, 'password')}`
    text += '@'
  }
  text += serializeHostPort(host, port) + paramsText(params)
  const headers = (uri.headers ?? []).map(
    ([name, value]) => `${escapeUri(name, 'header')}=${escapeUri(value, 'header')}`,
  )
  return headers.length === 0 ? text : `${text}?${headers.join('&')}`
}

export function serializeHostPort(host: string, port: number | undefined): string {
  const written = host.includes(':') ? `[${host}]` : host
  return port === undefined ? written : `${written}:${port}`
}

function paramsText(params: Params): string {
  let text = ''
  for (const [name, value] of params) {
    text += `;${escapeUri(name, 'param')}${value === '' ? '' : `=${escapeUri(value, 'param')}`}`
  }
  return text
}
