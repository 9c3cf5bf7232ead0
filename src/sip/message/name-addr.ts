/** Addresses in header fields (RFC 3261 §20.10, §25.1): From, To, Contact, Route, Record-Route, Refer-To … */
import {
  endOfQuoted,
  type Params,
  parseParams,
  quote,
  serializeParams,
  trimSpace,
  unquote,
} from './grammar.ts'

export interface NameAddr {
  /** Unquoted; `undefined` where there is none. */
  readonly displayName: string | undefined
  /** As written; of any scheme. */
  readonly uri: string
  /** Header parameters such as `tag`, `expires`, `q`, `+sip.instance`; those of the URI stay in the URI. */
  readonly params: Params
}

const URI = /^[A-Za-z][A-Za-z0-9+.-]*:[^\s<>"]+$/
/** Tokens; other scripts without quotes are against the grammar, and harmless. */
const DISPLAY_NAME = /^[\w.!%*+`'~\u0080-\uffff-]+(?:[ \t]+[\w.!%*+`'~\u0080-\uffff-]+)*$/

/** The layers ask for From, To and Contact of the same message one after the other. */
const RECENT = 4
const recent: { readonly text: string; readonly address: NameAddr | undefined }[] = []
let oldest = 0

/** One value with its parameters; `undefined` where it is malformed. Answers are shared: nobody changes them. */
export function parseNameAddr(text: string): NameAddr | undefined {
  for (const known of recent) if (known.text === text) return known.address
  const address = parse(text)
  recent[oldest] = { text, address }
  oldest = (oldest + 1) % RECENT
  return address
}

function parse(text: string): NameAddr | undefined {
  const trimmed = trimSpace(text)
  if (trimmed.startsWith('"')) {
    const end = endOfQuoted(trimmed, 0)
    const rest = trimSpace(trimmed.slice(end + 1))
    return rest.startsWith('<') ? bracketed(rest, unquote(trimmed.slice(0, end + 1))) : undefined
  }
  const open = trimmed.indexOf('<')
  if (open < 0) return addrSpec(trimmed)
  const name = trimSpace(trimmed.slice(0, open))
  if (name !== '' && !DISPLAY_NAME.test(name)) return undefined
  return bracketed(trimmed.slice(open), name === '' ? undefined : name)
}

function bracketed(text: string, displayName: string | undefined): NameAddr | undefined {
  const close = text.indexOf('>')
  const uri = text.slice(1, close)
  const params = close < 0 ? undefined : parseParams(text.slice(close + 1))
  return params && URI.test(uri) ? { displayName, uri, params } : undefined
}

/** §20: a URI with comma or question mark needs brackets; without them, what follows a semicolon is the header's. */
function addrSpec(text: string): NameAddr | undefined {
  const semicolon = text.indexOf(';')
  const uri = trimSpace(semicolon < 0 ? text : text.slice(0, semicolon))
  const params = parseParams(semicolon < 0 ? '' : text.slice(semicolon))
  if (!params || !URI.test(uri) || uri.includes(',') || uri.includes('?')) return undefined
  return { displayName: undefined, uri, params }
}

export function serializeNameAddr(address: Partial<NameAddr> & Pick<NameAddr, 'uri'>): string {
  const { displayName, uri, params } = address
  const name = displayName === undefined || displayName === '' ? '' : `${quote(displayName)} `
  return `${name}<${uri}>${params ? serializeParams(params) : ''}`
}

/** Contact: every value, or '*' where that stands alone; `undefined` where one is malformed (§20.10). */
export function parseContacts(values: readonly string[]): '*' | NameAddr[] | undefined {
  if (values.length === 1 && values[0] === '*') return '*'
  const contacts: NameAddr[] = []
  for (const value of values) {
    const contact = parseNameAddr(value)
    if (!contact) return undefined
    contacts.push(contact)
  }
  return contacts
}
