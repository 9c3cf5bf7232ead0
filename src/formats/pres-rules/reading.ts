/** What reading conditions and permissions have in common. */
import type { Element } from '../../xml/element.ts'
import { PresRulesError } from './model.ts'

/** Child elements. Throws `PresRulesError` `schema` where there is text between them. */
export function childrenOf(element: Element, where: string): Element[] {
  if (element.text().trim() !== '') throw invalid(where, `there is text in ${element.name}`)
  return [...element.elements()]
}

export function requireAttr(element: Element, name: string, where: string): string {
  const value = element.attr(name)
  if (value === undefined) throw invalid(where, `${element.name} has no ${name}`)
  return value
}

/** XML Schema `boolean`. */
export function readBoolean(element: Element, where: string): boolean {
  const text = element.text().trim()
  if (text === 'true' || text === '1') return true
  if (text === 'false' || text === '0') return false
  throw invalid(where, `${element.name} is neither true nor false`)
}

/** XML Schema `token`. */
export function readToken(element: Element): string {
  return element.text().trim().replace(/\s+/g, ' ')
}

export function invalid(where: string, text: string): PresRulesError {
  return new PresRulesError('schema', `${where}: ${text}`)
}

export function unsupported(where: string, text: string): PresRulesError {
  return new PresRulesError('unsupported', `${where}: ${text}`)
}

/** How a message names a rule. */
export function ruleName(id: string): string {
  return `rule “${id}”`
}
