/**
 * Names and namespaces as they are written, and one string for each of those that come again and
 * again. Streams say the same few hundred names all the time: each is checked, taken apart and
 * copied out of its chunk once, and found again by a hash that the scan of the name yields.
 */
import { ownString } from '../util/own-string.ts'
import { isNcName, XmlSyntaxError } from './syntax.ts'

/** A qualified name (Namespaces in XML 1.0 §4). */
export interface QName {
  /** As written. */
  readonly raw: string
  /** Empty for none. */
  readonly prefix: string
  readonly local: string
  /** Of an attribute that declares a namespace (§2): the prefix, empty for the default. */
  readonly declares: string | undefined
}

const SLASH = 0x2f
const EQUALS = 0x3d
const GREATER = 0x3e

/** Each name has one place; who comes to a taken one takes it over, so that no flood of names stays. */
const PLACES = 4096
const MAX_KEPT_LENGTH = 128
const names: (QName | undefined)[] = new Array(PLACES).fill(undefined)

/**
 * The name at `from`, which ends before white space, `/`, `>` or `=`; `undefined` where the text
 * ends first. Throws `XmlSyntaxError`.
 */
export function readName(text: string, from: number, maxLength: number): QName | undefined {
  const { length } = text
  let hash = 0
  let at = from
  for (; at < length; at++) {
    const code = text.charCodeAt(at)
    if (code <= GREATER && (code <= 0x20 || code >= EQUALS || code === SLASH)) break
    hash = (hash * 31 + code) | 0
  }
  if (at === length) {
    if (at - from > maxLength) throw tooLong()
    return undefined
  }
  const place = hash & (PLACES - 1)
  const known = names[place]
  if (known && known.raw.length === at - from && text.startsWith(known.raw, from)) return known
  return learn(text.slice(from, at), place, maxLength)
}

function learn(slice: string, place: number, maxLength: number): QName {
  if (slice.length > maxLength) throw tooLong()
  const raw = ownString(slice)
  const colon = raw.indexOf(':')
  const prefix = colon < 0 ? '' : raw.slice(0, colon)
  const local = colon < 0 ? raw : raw.slice(colon + 1)
  if (!isNcName(local) || (colon >= 0 && !isNcName(prefix))) {
    throw new XmlSyntaxError('not-well-formed', 'a name is not an XML name')
  }
  const declares = raw === 'xmlns' ? '' : prefix === 'xmlns' ? local : undefined
  const name = { raw, prefix, local, declares }
  if (raw.length <= MAX_KEPT_LENGTH) names[place] = name
  return name
}

const namespaces: string[] = new Array(PLACES).fill('')

/** The same string object for the same namespace, so that comparing two is comparing pointers. */
export function internNamespace(uri: string): string {
  const { length } = uri
  if (length === 0 || length > MAX_KEPT_LENGTH) return uri
  // Namespaces differ in their ends, and seldom in length and end at once.
  let hash = length
  for (let at = Math.max(0, length - 12); at < length; at++) {
    hash = (hash * 31 + uri.charCodeAt(at)) | 0
  }
  const place = hash & (PLACES - 1)
  const known = namespaces[place] ?? ''
  if (known === uri) return known
  const copy = ownString(uri)
  namespaces[place] = copy
  return copy
}

function tooLong(): XmlSyntaxError {
  return new XmlSyntaxError('policy-violation', 'a name is too long')
}
