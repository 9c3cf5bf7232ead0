/**
 * The normal form of communication addresses.
 * A handle belongs to one user whatever the type it was given as, so that a URI of any scheme finds him.
 * Handles are compared without regard to case: RFC 3261 §19.1.4 would tell `Bob` from `bob` in a SIP user
 * part, but two people whose addresses differ by that alone would be a trap.
 */
import { domainToUnicode } from 'node:url'
import { parseJid } from '../core/address.ts'

/** The manual's Presence/IM, SIP, E.164, Microsoft SIP, other XMPP, Microsoft Exchange and Lotus Notes. */
export const ADDRESS_TYPES = [
  'xmpp',
  'sip',
  'e164',
  'msrtc',
  'other-xmpp',
  'exchange',
  'notes',
] as const
export type AddressType = (typeof ADDRESS_TYPES)[number]

const MAX_CHARS = 2_048
const MAX_PART_BYTES = 1_023

/** The handle that an address of this type stands for; a bare private number gets `domain`. */
export function parseAddress(type: AddressType, text: string, domain: string): string | undefined {
  const uri = splitUri(text)
  if (!uri || !SCHEMES[type].has(uri.scheme)) return undefined
  switch (type) {
    case 'xmpp':
    case 'other-xmpp':
      return jidAtHost(uri.user, uri.host)
    case 'sip':
    case 'msrtc':
      return userAtHost(uri.user, uri.host)
    case 'e164':
      return numberHandle(uri, domain)
    case 'exchange':
      return MAIL_USER.test(uri.user) ? userAtHost(uri.user, uri.host) : undefined
    case 'notes':
      if (isNotesName(text)) return notesHandle(text)
      return MAIL_USER.test(uri.user) ? userAtHost(uri.user, uri.host) : undefined
  }
}

/** `+` and digits, or digits, where the user part of a handle is a number: what may be dialled alone. */
export function numberOf(handle: string): string | undefined {
  const at = handle.lastIndexOf('@')
  const user = at < 0 ? handle : handle.slice(0, at)
  return /^(\+[1-9]\d{1,14}|\d{1,32})$/.test(user) ? user : undefined
}

/** What to look for, in this order, when somebody names an address. */
export interface Lookup {
  /** The handle that is meant literally. */
  readonly handle: string | undefined
  readonly number: string | undefined
  /** The domain that was named with the number. */
  readonly host: string | undefined
  /** `;user=phone` (RFC 3261 §19.1.1) or a tel URI: the user part is a telephone number for certain. */
  readonly phone: boolean
}

/** `undefined` where the text is no address of any kind. */
export function parseLookup(text: string): Lookup | undefined {
  if (text.length > MAX_CHARS) return undefined
  if (isNotesName(text)) return literal(notesHandle(text))
  const uri = splitUri(text)
  if (!uri) return undefined
  const number = parseNumber(uri.user)
  const host = uri.host === '' ? undefined : parseHost(uri.host)
  if (uri.host !== '' && host === undefined) return undefined
  if (host === undefined)
    return number ? { handle: undefined, number, host, phone: true } : undefined
  // A domain by itself is an address, if nobody's.
  if (uri.user === '') return literal(host)
  const handle = userAtHost(uri.user, host) ?? (number && `${number}@${host}`)
  return handle === undefined ? undefined : { handle, number, host, phone: uri.phone }
}

function literal(handle: string | undefined): Lookup | undefined {
  return handle === undefined
    ? undefined
    : { handle, number: undefined, host: undefined, phone: false }
}

interface Uri {
  readonly scheme: string
  /** Decoded; empty where there is none. */
  readonly user: string
  /** Without a port; empty where a number stands alone. */
  readonly host: string
  readonly phone: boolean
}

const SCHEMES: Record<AddressType, ReadonlySet<string>> = {
  xmpp: new Set(['', 'xmpp', 'im', 'pres']),
  'other-xmpp': new Set(['', 'xmpp', 'im', 'pres']),
  sip: new Set(['', 'sip', 'sips', 'pres', 'im']),
  msrtc: new Set(['', 'sip', 'sips']),
  e164: new Set(['', 'tel', 'sip', 'sips']),
  exchange: new Set(['', 'mailto']),
  notes: new Set(['', 'mailto']),
}

const CONTROLS = /[\p{Cc}\p{Cs}]/u
/** RFC 5321 §4.1.2 atoms, and what mail servers let pass beyond ASCII; quoted local parts are not taken. */
const MAIL_USER = /^[^\s@<>()[\],;:\\"]+$/u

function splitUri(text: string): Uri | undefined {
  const trimmed = text.trim()
  if (trimmed === '' || trimmed.length > MAX_CHARS || CONTROLS.test(trimmed)) return undefined
  const colon = /^(sips?|tel|xmpp|pres|im|mailto):/i.exec(trimmed)?.[1]
  if (colon === undefined) return splitPlain(trimmed)
  const scheme = colon.toLowerCase()
  const rest = trimmed.slice(scheme.length + 1)
  if (rest === '' || rest.startsWith('//')) return undefined
  switch (scheme) {
    case 'tel':
      return splitTel(rest)
    case 'sip':
    case 'sips':
      return splitSip(scheme, rest)
    default:
      return splitMail(scheme, rest)
  }
}

/** No scheme: `user@host`, a full JID, or a number. */
function splitPlain(text: string): Uri | undefined {
  const number = parseNumber(text)
  if (number !== undefined) return { scheme: '', user: number, host: '', phone: true }
  const slash = text.indexOf('/')
  const bare = slash < 0 ? text : text.slice(0, slash)
  const at = bare.lastIndexOf('@')
  // A colon would be a scheme that no address of ours has.
  if (at === 0 || bare.slice(0, Math.max(0, at)).includes(':')) return undefined
  return {
    scheme: '',
    user: at < 0 ? '' : bare.slice(0, at),
    host: bare.slice(at + 1),
    phone: false,
  }
}

/** RFC 3966 §3: a local number names its context, which is a domain or a number to be dialled before. */
function splitTel(rest: string): Uri | undefined {
  const [subscriber = '', ...params] = rest.split(';')
  const user = parseNumber(decode(subscriber) ?? '')
  if (user === undefined) return undefined
  const context = params.find((param) => /^phone-context=/i.test(param))?.slice(14) ?? ''
  const host = user.startsWith('+') || context.startsWith('+') ? '' : context
  return { scheme: 'tel', user, host, phone: true }
}

/** RFC 3261 §19.1.1. An unescaped at sign cannot stand after the host, nor a colon within the user. */
function splitSip(scheme: string, rest: string): Uri | undefined {
  const at = rest.lastIndexOf('@')
  const [hostPort = '', ...params] = rest.slice(at + 1).split(/[;?]/)
  const phone = params.some((param) => param.toLowerCase() === 'user=phone')
  if (at < 0) {
    // Phones that were given no domain send `sip:5354425`.
    const number = parseNumber(hostPort)
    if (number !== undefined) return { scheme, user: number, host: '', phone: true }
  }
  const host = hostPort.replace(/:\d{1,5}$/, '')
  if (host === '') return undefined
  if (at < 0) return { scheme, user: '', host, phone }
  const raw = rest.slice(0, at).split(':', 1)[0] ?? ''
  // RFC 3261 §19.1.6: a telephone-subscriber in a user part brings its parameters along.
  const user = decode(phone ? (raw.split(';', 1)[0] ?? '') : raw)
  return user ? { scheme, user, host, phone } : undefined
}

/** RFC 5122 §2.2, RFC 3859 §3.1, RFC 6068 §2: percent-encoded, and what follows the address does not matter. */
function splitMail(scheme: string, rest: string): Uri | undefined {
  const end = scheme === 'xmpp' ? /[?#/]/ : /[?#]/
  const address = decode(rest.split(end, 1)[0] ?? '')
  if (!address || CONTROLS.test(address)) return undefined
  const at = address.lastIndexOf('@')
  if (at === 0) return undefined
  return {
    scheme,
    user: at < 0 ? '' : address.slice(0, at),
    host: address.slice(at + 1),
    phone: false,
  }
}

function decode(text: string): string | undefined {
  if (!text.includes('%')) return text
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

/** RFC 3966 §3: hyphens, dots and brackets are for the eye only; people write spaces, too. */
function parseNumber(text: string): string | undefined {
  if (text.length > 64 || !/^\+?[\d\-.()\s]*$/.test(text)) return undefined
  return numberOf(text.replace(/[-.()\s]/g, ''))
}

function numberHandle({ user, host }: Uri, domain: string): string | undefined {
  const number = parseNumber(user)
  if (number === undefined || (host !== '' && parseHost(host) === undefined)) return undefined
  // An E.164 number is unique in the world; a private one within its domain.
  return number.startsWith('+') ? number : `${number}@${host === '' ? domain : parseHost(host)}`
}

function jidAtHost(user: string, host: string): string | undefined {
  const domain = parseHost(host)
  if (user === '' || /[@/]/.test(user) || domain === undefined) return undefined
  return parseJid(`${user}@${domain}`)?.bare
}

function userAtHost(user: string, host: string): string | undefined {
  const domain = parseHost(host)
  if (user === '' || domain === undefined || CONTROLS.test(user)) return undefined
  // As in a JID, where the characters allow it: one person's xmpp: and sip: addresses are the same handle.
  const jid = jidAtHost(user, domain)
  if (jid !== undefined) return jid
  const folded = user.toLowerCase().normalize('NFC')
  return Buffer.byteLength(folded) <= MAX_PART_BYTES ? `${folded}@${domain}` : undefined
}

/** As in a JID; SIP and mail write internationalised labels in their ASCII form (RFC 5890 §2.3.2.1). */
function parseHost(text: string): string | undefined {
  const jid = parseJid(/(^|\.)xn--/i.test(text) ? domainToUnicode(text) : text)
  return jid && jid.local === '' && jid.resource === '' ? jid.domain : undefined
}

function isNotesName(text: string): boolean {
  return /^\s*cn=/i.test(text)
}

/** A canonical Notes name, `CN=Bob Smith/OU=Sales/O=Acme`; a Notes domain after it (`@ACME`) does not matter. */
function notesHandle(text: string): string | undefined {
  if (text.length > MAX_CHARS || CONTROLS.test(text)) return undefined
  const parts = text.replace(/@[^@/]*$/, '').split('/')
  const pairs = parts.map((part) => /^\s*(cn|ou|o|c)\s*=\s*([^=@]*[^=@\s])\s*$/i.exec(part))
  if (pairs.some((pair) => pair === null)) return undefined
  const name = pairs.map((pair) => `${pair?.[1]}=${pair?.[2]}`).join('/')
  return name.toLowerCase().normalize('NFC').replace(/\s+/g, ' ')
}
