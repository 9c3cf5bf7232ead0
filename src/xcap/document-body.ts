/** What a PUT brings (RFC 4825 §8.2.2): a document, an element or the value of an attribute, as text. */
import { isUtf8 } from 'node:buffer'
import { parseDocument } from '../xml/document.ts'
import { escapeAttr } from '../xml/element.ts'
import { type Bindings, readSource } from '../xml/source-tree.ts'
import {
  expandReferences,
  hasIllegalCharacter,
  type XmlLimits,
  XmlSyntaxError,
} from '../xml/syntax.ts'
import { conflict } from './xcap-refusal.ts'

export const XCAP_EL = 'application/xcap-el+xml'
export const XCAP_ATT = 'application/xcap-att+xml'
export const XCAP_NS = 'application/xcap-ns+xml'

const DEPTH = { maxDepth: 32, maxAttributes: 64 } as const

export function limitsOf(maxBytes: number): XmlLimits {
  return { maxStanzaBytes: maxBytes, ...DEPTH }
}

/** The whole document as it was written. Throws `Conflict` not-utf-8, not-well-formed. */
export function readDocument(body: Buffer, limits: XmlLimits): string {
  const text = decode(body)
  if (/^<\?xml\s[^>]*encoding\s*=\s*(?!["']utf-?8["'])/i.test(text)) {
    throw conflict('not-utf-8', 'The document says that it is not UTF-8')
  }
  requireWellFormed(text, limits)
  return text
}

/** Throws `Conflict` not-well-formed. */
export function requireWellFormed(text: string, limits: XmlLimits): void {
  const reason = faultOf(text, limits)
  if (reason !== undefined) throw conflict('not-well-formed', reason)
}

/**
 * The one element of a fragment, from its first bracket to its last, with the prefixes of where it is
 * to stand. Throws `Conflict` not-utf-8, not-xml-frag.
 */
export function readFragment(body: Buffer, bindings: Bindings, limits: XmlLimits): string {
  const text = decode(body)
  const declarations = [...bindings]
    .filter(([prefix, uri]) => prefix !== 'xml' && !(prefix !== '' && uri === ''))
    .map(([prefix, uri]) => ` ${prefix === '' ? 'xmlns' : `xmlns:${prefix}`}="${escapeAttr(uri)}"`)
  const wrapped = `<f${declarations.join('')}>${text}</f>`
  const wider = { ...limits, maxStanzaBytes: limits.maxStanzaBytes + 2 * wrapped.length }
  const fault = faultOf(wrapped, wider)
  if (fault !== undefined) throw conflict('not-xml-frag', fault)
  const [element, more] = readSource(wrapped).children
  const around = parseDocument(wrapped, wider).text()
  if (!element || more || around.trim() !== '') {
    throw conflict('not-xml-frag', 'The body is not one element')
  }
  return wrapped.slice(element.start, element.end)
}

/** As it stands between quotes. Throws `Conflict` not-utf-8, not-xml-att-value. */
export function readAttributeValue(body: Buffer): string {
  const text = decode(body)
  if (text.includes('<') || hasIllegalCharacter(text) || !hasGoodReferences(text)) {
    throw conflict('not-xml-att-value', 'The body is no value of an attribute')
  }
  return text
}

function hasGoodReferences(text: string): boolean {
  try {
    expandReferences(text)
    return true
  } catch (error) {
    if (!(error instanceof XmlSyntaxError)) throw error
    return false
  }
}

function faultOf(text: string, limits: XmlLimits): string | undefined {
  try {
    parseDocument(text, limits)
    return undefined
  } catch (error) {
    if (!(error instanceof XmlSyntaxError)) throw error
    return error.message
  }
}

function decode(body: Buffer): string {
  if (!isUtf8(body)) throw conflict('not-utf-8', 'The body is not UTF-8')
  const text = body.toString()
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text
}
