/**
 * From what an operator writes to what the program uses. Each reader takes a text, or what YAML made
 * of one, and answers `undefined` where it is not of its type; whoever asked words the complaint.
 */
import { isIP } from 'node:net'
import { networkInterfaces } from 'node:os'

/** What a configuration file, a variable or a flag can hold for one option. */
export type Raw = string | number | boolean | readonly Raw[] | RawRecord

/** One of a list of things with options of their own. */
export interface RawRecord {
  readonly [option: string]: Raw
}

/** Where a listener binds. Port 0 is any free one. */
export interface ListenAddress {
  readonly host: string
  readonly port: number
}

export type Parsed<T> = { readonly value: T } | undefined

const SECOND_MS = 1000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
const WEEK_MS = 7 * DAY_MS

const UNITS_MS: Readonly<Record<string, number>> = {
  '': 1,
  ...units(['ms', 'millisecond', 'milliseconds'], 1),
  ...units(['s', 'sec', 'second', 'seconds'], SECOND_MS),
  ...units(['m', 'min', 'minute', 'minutes'], MINUTE_MS),
  ...units(['h', 'hour', 'hours'], HOUR_MS),
  ...units(['d', 'day', 'days'], DAY_MS),
  ...units(['w', 'week', 'weeks'], WEEK_MS),
}
const UNITS_BYTES: Readonly<Record<string, number>> = {
  '': 1,
  ...units(['b', 'bytes'], 1),
  ...units(['kb', 'kib'], 1024),
  ...units(['mb', 'mib'], 1024 ** 2),
  ...units(['gb', 'gib'], 1024 ** 3),
}

function units(names: readonly string[], factor: number): Record<string, number> {
  return Object.fromEntries(names.map((name) => [name, factor]))
}

/** `ADDRESS:PORT`, an IPv6 address in brackets, `*:PORT` or `:PORT` for every address; `off` for none. */
export function parseAddress(raw: Raw): Parsed<ListenAddress | undefined> {
  if (raw === 'off' || raw === false) return { value: undefined }
  if (typeof raw !== 'string') return undefined
  const [, host, port] = /^(\[[0-9A-Fa-f:.]+\]|[^:[\]\s]*):(\d{1,5})$/.exec(raw.trim()) ?? []
  if (host === undefined || port === undefined || Number(port) > 65_535) return undefined
  if (host === '' || host === '*') return { value: { host: anyAddress(), port: Number(port) } }
  const bare = host.startsWith('[') ? host.slice(1, -1) : host
  if (host.startsWith('[') && isIP(bare) !== 6) return undefined
  if (isIP(bare) === 0 && !HOST_NAME.test(bare)) return undefined
  return { value: { host: bare, port: Number(port) } }
}

export function formatAddress({ host, port }: ListenAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

const HOST_NAME = /^(?!\d+(\.\d+)*$)[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9-]+)*$/

/** `::` takes IPv4 too, but only where the machine has IPv6 at all. */
function anyAddress(): string {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
  return all.some(({ family }) => family === 'IPv6') ? '::' : '0.0.0.0'
}

/** Milliseconds: a number, or a number and a unit as in `250 ms`, `30s`, `5m`, `2 days`. */
export function parseDuration(raw: Raw): Parsed<number> {
  return quantity(raw, (unit) => factorOf(UNITS_MS, unit))
}

/** Bytes: a number, or a number and a unit as in `64 KB`, `1MB`; a kilobyte is 1024 bytes. */
export function parseSize(raw: Raw): Parsed<number> {
  return quantity(raw, (unit) => factorOf(UNITS_BYTES, unit))
}

function factorOf(units: Readonly<Record<string, number>>, unit: string): number | undefined {
  return Object.hasOwn(units, unit) ? units[unit] : undefined
}

function quantity(raw: Raw, factor: (unit: string) => number | undefined): Parsed<number> {
  if (typeof raw === 'number') return Number.isInteger(raw) && raw >= 0 ? { value: raw } : undefined
  if (typeof raw !== 'string') return undefined
  const [, number, unit] = /^(\d+(?:\.\d+)?)\s*([A-Za-z]*)$/.exec(raw.trim()) ?? []
  const times = unit === undefined ? undefined : factor(unit.toLowerCase())
  return number === undefined || times === undefined
    ? undefined
    : { value: Math.round(Number(number) * times) }
}

/** In the largest unit that leaves a whole number. */
export function formatDuration(ms: number): string {
  for (const unit of ['w', 'd', 'h', 'm', 's']) {
    const size = UNITS_MS[unit] ?? 1
    if (ms > 0 && ms % size === 0) return `${ms / size}${unit}`
  }
  return `${ms}ms`
}

export function formatSize(bytes: number): string {
  for (const unit of ['GB', 'MB', 'KB']) {
    const size = UNITS_BYTES[unit.toLowerCase()] ?? 1
    if (bytes > 0 && bytes % size === 0) return `${bytes / size} ${unit}`
  }
  return `${bytes} bytes`
}

export function parseInteger(raw: Raw): Parsed<number> {
  const number = typeof raw === 'string' && /^-?\d+$/.test(raw.trim()) ? Number(raw) : raw
  return typeof number === 'number' && Number.isSafeInteger(number) ? { value: number } : undefined
}

export function parseBoolean(raw: Raw): Parsed<boolean> {
  if (typeof raw === 'boolean') return { value: raw }
  if (raw === 'true' || raw === 'on' || raw === 'yes') return { value: true }
  if (raw === 'false' || raw === 'off' || raw === 'no') return { value: false }
  return undefined
}

export function parseText(raw: Raw): Parsed<string> {
  if (typeof raw === 'string' && raw.trim() !== '') return { value: raw.trim() }
  return typeof raw === 'number' ? { value: String(raw) } : undefined
}

/** A host or domain name in lower case. Internationalised ones as Unicode (RFC 7622 §3.2). */
export function parseDomain(raw: Raw): Parsed<string> {
  if (typeof raw !== 'string' || raw.length > 253) return undefined
  const name = raw.trim().replace(/\.$/, '').normalize('NFC').toLowerCase()
  const label = '(?!-)[\\p{L}\\p{Mn}\\p{Mc}\\p{Nd}-]{1,63}(?<!-)'
  return new RegExp(`^${label}(\\.${label})*$`, 'u').test(name) ? { value: name } : undefined
}

/** A class of presence sources: lower case, digits and hyphens; `all` and `none` are what watchers may see. */
export function parseSourceClass(raw: Raw): Parsed<string> {
  const name = typeof raw === 'string' ? raw.trim() : ''
  const wellFormed = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name) && name.length <= 32
  return wellFormed && name !== 'all' && name !== 'none' ? { value: name } : undefined
}

/** A user's address, as `NAME@DOMAIN`. */
export function parseAccount(raw: Raw): Parsed<string> {
  if (typeof raw !== 'string') return undefined
  const [local = '', domain = '', ...more] = raw.trim().split('@')
  const name = local.normalize('NFC').toLowerCase()
  const parsed =
    /^[^\s"&'/:<>@]+$/.test(name) && more.length === 0 ? parseDomain(domain) : undefined
  return parsed && { value: `${name}@${parsed.value}` }
}

/** What XMPP clients may sign in with; those with -PLUS are taken with the ones without, and those for tokens all together. */
export const SASL_MECHANISMS: readonly string[] = [
  'SCRAM-SHA-512',
  'SCRAM-SHA-256',
  'SCRAM-SHA-1',
  'PLAIN',
  'DIGEST-MD5',
  'EXTERNAL',
  'HT-SHA-256',
]

export function parseMechanism(raw: Raw): Parsed<string> {
  const name = typeof raw === 'string' ? raw.trim().toUpperCase() : ''
  return SASL_MECHANISMS.includes(name) ? { value: name } : undefined
}

/** `image/png`, or `image/*` for all of a family. */
export function parseMediaRange(raw: Raw): Parsed<string> {
  const text = typeof raw === 'string' ? raw.trim().toLowerCase() : ''
  const token = '[a-z0-9][a-z0-9!#$&^_.+-]{0,126}'
  return new RegExp(`^${token}/(?:${token}|\\*)$`).test(text) ? { value: text } : undefined
}

/** An IP address or a network as `ADDRESS/BITS`. */
export function parseNetwork(raw: Raw): Parsed<string> {
  if (typeof raw !== 'string') return undefined
  const [address = '', bits, ...more] = raw.trim().split('/')
  const family = isIP(address)
  if (family === 0 || more.length > 0) return undefined
  if (bits === undefined) return { value: address }
  const longest = family === 4 ? 32 : 128
  return /^\d{1,3}$/.test(bits) && Number(bits) <= longest ? { value: raw.trim() } : undefined
}

/** An address, a network, or a host name; a name ends in a label with a letter, so that no mistyped address is one. */
export function parsePeer(raw: Raw): Parsed<string> {
  const network = parseNetwork(raw)
  if (network) return network
  const name = parseDomain(raw)
  return name && /\p{L}[^.]*$/u.test(name.value) ? name : undefined
}

/** An address or a host name without a port. */
export function parseHost(raw: Raw): Parsed<string> {
  const peer = parsePeer(raw)
  return peer?.value.includes('/') ? undefined : peer
}

/** `ADDRESS` or `ADDRESS:PORT`, an IPv6 address before a port in brackets. */
export function parseNameServer(raw: Raw): Parsed<string> {
  const text = typeof raw === 'string' ? raw.trim() : ''
  if (isIP(text) !== 0) return { value: text }
  const at = parseAddress(text)?.value
  return at && isIP(at.host) !== 0 && at.port > 0 ? { value: formatAddress(at) } : undefined
}

/** The path of a URL: begins with a slash, and is written as it comes in requests. */
export function parseUrlPath(raw: Raw): Parsed<string> {
  const text = typeof raw === 'string' ? raw.trim() : ''
  return /^(\/[A-Za-z0-9._~-]+)+\/?$/.test(text) && text.length <= 256 ? { value: text } : undefined
}

/** Of web pages (RFC 6454): `https://HOST` with a port where it is not the usual one, or `*` for all. */
export function parseOrigin(raw: Raw): Parsed<string> {
  if (typeof raw !== 'string') return undefined
  const text = raw.trim().replace(/\/$/, '')
  if (text === '*') return { value: text }
  return URL.canParse(text) &&
    /^https?:$/.test(new URL(text).protocol) &&
    new URL(text).origin === text
    ? { value: text }
    : undefined
}

/** `https://HOST`, with a port and a path where clients need them. */
export function parseHttpsUrl(raw: Raw): Parsed<string> {
  if (typeof raw !== 'string' || !URL.canParse(raw.trim())) return undefined
  const { protocol, username, search, hash, href } = new URL(raw.trim())
  return protocol === 'https:' && username + search + hash === '' ? { value: href } : undefined
}

/** Of a mailbox, a page, an XMPP address (RFC 3986 §3). */
export function parseUri(raw: Raw): Parsed<string> {
  const text = typeof raw === 'string' ? raw.trim() : ''
  const [, scheme = '', rest = ''] =
    /^([A-Za-z][A-Za-z0-9+.-]*):([^\s"<>\\^`{|}]+)$/.exec(text) ?? []
  if (rest === '' || text.length > 1000 || !URL.canParse(text)) return undefined
  if (/^https?$/i.test(scheme) && !rest.startsWith('//')) return undefined
  return { value: text }
}

/** Of a page. */
export function parseWebUrl(raw: Raw): Parsed<string> {
  const parsed = parseUri(raw)
  return parsed && /^https?:/i.test(parsed.value) ? parsed : undefined
}

/** Of a service that is not XMPP (XEP-0215): `turn`. */
export function parseServiceType(raw: Raw): Parsed<string> {
  const text = typeof raw === 'string' ? raw.trim() : ''
  return /^[a-z][a-z0-9.+-]{0,31}$/.test(text) ? { value: text } : undefined
}

/** A method or the like (RFC 3261 §25.1), in upper case. */
export function parseSipToken(raw: Raw): Parsed<string> {
  const text = typeof raw === 'string' ? raw.trim().toUpperCase() : ''
  return /^[\w.!%*+`'~-]{1,64}$/.test(text) ? { value: text } : undefined
}

/** Text in which `*` stands for any other. */
export function parsePattern(raw: Raw): Parsed<string> {
  const text = typeof raw === 'number' ? String(raw) : raw
  const wellFormed = typeof text === 'string' && /^[^\s<>"]{1,255}$/.test(text.trim())
  return wellFormed ? { value: text.trim() } : undefined
}

/** What one of a list is called by others. */
export function parseName(raw: Raw): Parsed<string> {
  const text = typeof raw === 'string' ? raw.trim() : ''
  return /^[\w.-]{1,64}$/.test(text) ? { value: text } : undefined
}

/** The SIP URI of a proxy, without user and headers. */
export function parseSipRoute(raw: Raw): Parsed<string> {
  const text = typeof raw === 'string' ? raw.trim() : ''
  const host = '(?:\\[[0-9A-Fa-f:.]+\\]|[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)'
  const wellFormed = new RegExp(`^sips?:${host}(?::\\d{1,5})?(?:;[\\w=.-]+)*$`, 'i').test(text)
  return wellFormed ? { value: text } : undefined
}

/** `sqlite:PATH` or a PostgreSQL URL. */
export function parseDatabaseUrl(raw: Raw): Parsed<string> {
  if (typeof raw !== 'string') return undefined
  return /^sqlite:.|^postgres(ql)?:\/\/./.test(raw.trim()) ? { value: raw.trim() } : undefined
}

/** A list, or a text that separates its items by commas. */
export function parseList<T>(raw: Raw, item: (raw: Raw) => Parsed<T>): Parsed<readonly T[]> {
  const items: readonly Raw[] = Array.isArray(raw) ? raw : splitList(raw)
  const values: T[] = []
  for (const each of items) {
    const parsed = item(each)
    if (!parsed) return undefined
    values.push(parsed.value)
  }
  return { value: values }
}

function splitList(raw: Raw): readonly Raw[] {
  if (typeof raw !== 'string') return [raw]
  return raw.trim() === '' ? [] : raw.split(',').map((item) => item.trim())
}
