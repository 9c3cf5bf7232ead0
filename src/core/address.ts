/**
 * Addresses, parsed once at the edge and trusted from there on.
 * A JID is `local@domain/resource` (RFC 7622 §3.1); the bare JID of a user is also the key of the
 * one presentity that all his other addresses (SIP, E.164, mail) resolve to.
 */
import { domainToUnicode } from 'node:url'
import { ownString } from '../util/own-string.ts'

/** `local@domain` or `domain`, prepared: two are the same address if and only if they are equal strings. */
export type BareJid = string & { readonly __brand: 'BareJid' }

export interface Jid {
  readonly local: string
  readonly domain: string
  /** Empty for a bare JID. */
  readonly resource: string
  readonly bare: BareJid
  readonly full: string
}

/** Bytes of each part, RFC 7622 §3.2–3.4. */
const MAX_PART_BYTES = 1023
const CACHE_SIZE = 8192

const cache = new Map<string, Jid | undefined>()

/**
 * Parses and prepares an address; `undefined` where it is not one.
 * Answers are shared and kept for a while: clients name the same few addresses again and again.
 */
export function parseJid(text: string): Jid | undefined {
  const known = cache.get(text)
  if (known !== undefined) return known
  if (text.length > 3 * MAX_PART_BYTES + 2) return undefined
  const own = ownString(text)
  const jid = prepareJid(own)
  if (!jid) return undefined
  if (cache.size >= CACHE_SIZE) cache.clear()
  cache.set(own, jid)
  return jid
}

/** Throws `TypeError` where `text` is not an address: for addresses that this program made itself. */
export function requireJid(text: string): Jid {
  const jid = parseJid(text)
  if (!jid) throw new TypeError(`not an address: ${text}`)
  return jid
}

/** The bare JID of `local` at `domain`, or `undefined` where a part is not valid. */
export function bareJid(local: string, domain: string): BareJid | undefined {
  if (local.includes('/') || local.includes('@')) return undefined
  const jid = parseJid(local === '' ? domain : `${local}@${domain}`)
  return jid?.resource === '' ? jid.bare : undefined
}

/** The same account with another resource; `undefined` where the resource is not valid (RFC 7622 §3.4). */
export function withResource(bare: BareJid, resource: string): Jid | undefined {
  return parseJid(`${bare}/${resource}`)
}

export function domainOf(bare: BareJid): string {
  return bare.slice(bare.indexOf('@') + 1)
}

export function localOf(bare: BareJid): string {
  const at = bare.indexOf('@')
  return at < 0 ? '' : bare.slice(0, at)
}

/** RFC 7622 §3.1: the resource starts at the first slash, the local part ends at the first at sign before it. */
function prepareJid(text: string): Jid | undefined {
  const slash = text.indexOf('/')
  const bareText = slash < 0 ? text : text.slice(0, slash)
  const at = bareText.indexOf('@')
  const local = at < 0 ? '' : prepareLocal(bareText.slice(0, at))
  const domain = prepareDomain(at < 0 ? bareText : bareText.slice(at + 1))
  const resource = slash < 0 ? '' : prepareResource(text.slice(slash + 1))
  if (local === undefined || domain === undefined || resource === undefined) return undefined
  if ((at >= 0 && local === '') || (slash >= 0 && resource === '')) return undefined

  const bare = (local === '' ? domain : `${local}@${domain}`) as BareJid
  return { local, domain, resource, bare, full: resource === '' ? bare : `${bare}/${resource}` }
}

const PLAIN_LOCAL = /^[a-z0-9._~!#$%*+=?^`{|}-]+$/
const PLAIN_DOMAIN = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/
/** RFC 7622 §3.3.1: characters that the IdentifierClass allows and a localpart must not have. */
const LOCAL_EXCLUDED = /["&'/:<>@]/
/** RFC 8264 §4.2: letters, digits, marks and printable ASCII; nothing that is invisible, a space or a symbol. */
const IDENTIFIER = /^[\p{L}\p{Mn}\p{Mc}\p{Nd}\x21-\x7e]+$/u
/** RFC 8264 §4.3: the FreeformClass adds spaces and symbols, but no controls and nothing unassigned or private. */
const FREEFORM_EXCLUDED = /[\p{Cc}\p{Cs}\p{Co}\p{Cn}\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff]/u

/** UsernameCaseMapped (RFC 8265 §3.3): width mapping, lower case, NFC; then what the class allows. */
function prepareLocal(text: string): string | undefined {
  if (PLAIN_LOCAL.test(text)) return text.length <= MAX_PART_BYTES ? text : undefined
  const mapped = mapWidth(text).toLowerCase().normalize('NFC')
  if (!IDENTIFIER.test(mapped) || LOCAL_EXCLUDED.test(mapped)) return undefined
  // Compatibility characters are not allowed (RFC 8264 §9.17): one that NFKC would change is refused.
  if (mapped.normalize('NFKC') !== mapped) return undefined
  return bounded(mapped)
}

/** Host names in lower case without the final dot, internationalised labels as Unicode, or an IP literal. */
function prepareDomain(text: string): string | undefined {
  if (PLAIN_DOMAIN.test(text) && !text.includes('xn--'))
    return text.length <= MAX_PART_BYTES ? text : undefined
  const trimmed = text.endsWith('.') ? text.slice(0, -1) : text
  if (/^\[[0-9a-fA-F:.]{2,45}\]$/.test(trimmed)) return trimmed.toLowerCase()
  const unicode = trimmed.includes('xn--') ? domainToUnicode(trimmed) : trimmed
  const mapped = mapWidth(unicode).toLowerCase().normalize('NFC')
  if (!/^[\p{L}\p{Mn}\p{Mc}\p{Nd}-]+(\.[\p{L}\p{Mn}\p{Mc}\p{Nd}-]+)*$/u.test(mapped))
    return undefined
  if (mapped.split('.').some((label) => label.startsWith('-') || label.endsWith('-')))
    return undefined
  return bounded(mapped)
}

/** OpaqueString (RFC 8265 §4.2): other spaces become U+0020, NFC, no case mapping. */
function prepareResource(text: string): string | undefined {
  const mapped = text.replace(/\p{Zs}/gu, ' ').normalize('NFC')
  return FREEFORM_EXCLUDED.test(mapped) ? undefined : bounded(mapped)
}

function mapWidth(text: string): string {
  return text.replace(/[\uff01-\uffee\u3000]/g, (char) => char.normalize('NFKC'))
}

function bounded(text: string): string | undefined {
  return Buffer.byteLength(text) <= MAX_PART_BYTES ? text : undefined
}
