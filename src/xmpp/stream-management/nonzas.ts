/** The elements of XEP-0198. */
import { type Element, xml } from '../../xml/element.ts'
import { NS_STANZA_ERRORS } from '../namespaces.ts'

export const NS_SM = 'urn:xmpp:sm:3'

const DIGITS = /^\d{1,10}$/

/** The count that `h` holds; `undefined` where it is none. */
export function countOf(element: Element): number | undefined {
  const h = element.attr('h') ?? ''
  const value = Number(h)
  return DIGITS.test(h) && value < 2 ** 32 ? value : undefined
}

/** §4. */
export function answer(handled: number): Element {
  return xml('a', { xmlns: NS_SM, h: String(handled) })
}

/** §5. */
export function resumed(id: string, handled: number): Element {
  return xml('resumed', { xmlns: NS_SM, previd: id, h: String(handled) })
}

export function failed(condition: string, handled?: number): Element {
  const h = handled === undefined ? undefined : String(handled)
  return xml('failed', { xmlns: NS_SM, h }, xml(condition, { xmlns: NS_STANZA_ERRORS }))
}

export function isTrue(value: string | undefined): boolean {
  return value === 'true' || value === '1'
}
