/** The pieces that most header fields are made of (RFC 3261 §25.1). */

/** Parameter names in lower case; a parameter without a value has the value ''. Quoted values are unquoted. */
export type Params = ReadonlyMap<string, string>

export const NO_PARAMS: Params = new Map()

const TOKEN = /^[\w.!%*+`'~-]+$/
/** `;name`, `;name=token-or-host`, `;name="quoted"`, with white space wherever §25.1 has SEMI and EQUAL. */
const PARAM = /[ \t]*;[ \t]*([\w.!%*+`'~-]+)[ \t]*(?:=[ \t]*("(?:[^"\\]|\\[\s\S])*"|[^\s;,"<>]+))?/y
const PLAIN_PARAMS = /^(?:;[\w.!%*+`'~-]+(?:=[^\s;,"<>]+)?)+$/
const PLAIN_VALUE = /^[\w.!%*+`'~:[\]-]+$/

const QUOTE = 0x22
const COMMA = 0x2c
const OPEN = 0x3c
const CLOSE = 0x3e
const BACKSLASH = 0x5c

export function isToken(text: string): boolean {
  return TOKEN.test(text)
}

/** Without the spaces and tabs around it: no other space is white space in SIP. */
export function trimSpace(text: string): string {
  return sliceTrimmed(text, 0, text.length)
}

/** `text.slice(from, to)` without the spaces and tabs around it. */
export function sliceTrimmed(text: string, from: number, to: number): string {
  let start = from
  let end = to
  while (start < end && isSpace(text.charCodeAt(start))) start += 1
  while (end > start && isSpace(text.charCodeAt(end - 1))) end -= 1
  return text.slice(start, end)
}

export function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09
}

/** The elements between commas that stand neither in quotes nor in angle brackets; none of a blank text. */
export function splitList(text: string): string[] {
  if (!text.includes(',')) {
    const only = trimSpace(text)
    return only === '' ? [] : [only]
  }
  if (!text.includes('"') && !text.includes('<')) return text.split(',').map(trimSpace)
  const elements: string[] = []
  let start = 0
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) at = endOfQuoted(text, at)
    else if (code === OPEN) at = endOfBracket(text, at)
    else if (code === COMMA) {
      elements.push(trimSpace(text.slice(start, at)))
      start = at + 1
    }
  }
  elements.push(trimSpace(text.slice(start)))
  return elements
}

/** The position of the quote that ends the string begun at `open`; the end of the text where there is none. */
export function endOfQuoted(text: string, open: number): number {
  for (let at = open + 1; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (code === BACKSLASH) at += 1
    else if (code === QUOTE) return at
  }
  return text.length
}

function endOfBracket(text: string, open: number): number {
  for (let at = open + 1; at < text.length; at += 1) {
    if (text.charCodeAt(at) === CLOSE) return at
  }
  return text.length
}

/**
 * Header parameters, from the first semicolon to the end; '' has none.
 * `undefined` where they are malformed, or a name comes twice (§7.3.1).
 */
export function parseParams(text: string): Params | undefined {
  if (text === '') return NO_PARAMS
  if (PLAIN_PARAMS.test(text)) return parsePlainParams(text)
  const params = new Map<string, string>()
  PARAM.lastIndex = 0
  let end = 0
  for (let match = PARAM.exec(text); match; match = PARAM.exec(text)) {
    const name = (match[1] ?? '').toLowerCase()
    if (params.has(name)) return undefined
    params.set(name, unquote(match[2] ?? ''))
    end = PARAM.lastIndex
  }
  return trimSpace(text.slice(end)) === '' ? params : undefined
}

/** Without white space and quotes, `text` has nothing to undo. */
function parsePlainParams(text: string): Params | undefined {
  const params = new Map<string, string>()
  for (let at = 1; at < text.length; ) {
    const semicolon = text.indexOf(';', at)
    const end = semicolon < 0 ? text.length : semicolon
    const equals = text.indexOf('=', at)
    const isNamed = equals >= 0 && equals < end
    const name = text.slice(at, isNamed ? equals : end).toLowerCase()
    if (params.has(name)) return undefined
    params.set(name, isNamed ? text.slice(equals + 1, end) : '')
    at = end + 1
  }
  return params
}

/** `;name=value…`; values that are neither tokens nor hosts are quoted. */
export function serializeParams(params: Params): string {
  let text = ''
  for (const [name, value] of params) {
    text += value === '' ? `;${name}` : `;${name}=${PLAIN_VALUE.test(value) ? value : quote(value)}`
  }
  return text
}

export function quote(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`
}

/** Undoes quotes and the backslashes in them; other text comes back as it is. */
export function unquote(text: string): string {
  if (!text.startsWith('"')) return text
  const inner = text.slice(1, -1)
  return inner.includes('\\') ? inner.replace(/\\([\s\S])/g, '$1') : inner
}
