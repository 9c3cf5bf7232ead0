/** Access levels: named parts of a person's presence, in terms of the classes of its sources. */
import type { SourceClass } from '../observation.ts'
import { AccessError } from './access-error.ts'

export interface AccessLevel {
  readonly name: string
  readonly classes: readonly SourceClass[]
  /** All classes but these. */
  readonly inverted: boolean
}

/** Predefined: cannot be changed or removed. */
export const ALL_LEVEL: AccessLevel = { name: 'All', classes: [], inverted: true }
/** There at first; an administrator may change it. */
export const TELEPHONY_LEVEL: AccessLevel = {
  name: 'Telephony',
  classes: ['phone'],
  inverted: false,
}

const NAME = /^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,63}$/u

export function covers({ classes, inverted }: AccessLevel, source: SourceClass): boolean {
  return classes.includes(source) !== inverted
}

/** The narrower speaks first: one class, then several or an inversion, then All. */
export function width({ name, classes, inverted }: AccessLevel): number {
  if (name === ALL_LEVEL.name) return 3
  return classes.length === 1 && !inverted ? 1 : 2
}

/** Throws `AccessError` `BAD_ACCESS_LEVEL`. */
export function requireLevel(level: AccessLevel, known: readonly SourceClass[]): AccessLevel {
  const classes = [...new Set(level.classes)].sort()
  const unknown = classes.filter((name) => !known.includes(name))
  if (!NAME.test(level.name)) {
    throw bad('a name has 1 to 64 letters, digits, spaces, dots, hyphens or underscores')
  }
  if (unknown.length > 0) {
    throw bad(`no such class: ${unknown.join(', ')}; there are ${known.join(', ')}`)
  }
  if (classes.length === 0) throw bad('a level has at least one class')
  return { name: level.name, classes, inverted: level.inverted }
}

function bad(text: string): AccessError {
  return new AccessError('BAD_ACCESS_LEVEL', text)
}
