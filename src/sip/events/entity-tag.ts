/**
 * Entity-tags of what NOTIFYs carry (RFC 5839 §6.1): made of the state itself, so that nobody has to
 * remember them, and made once for all who get the same document.
 */
import { createHash } from 'node:crypto'
import { randomId } from '../../util/random-id.ts'
import { SipError } from '../errors.ts'
import type { SipHeaders } from '../message/headers.ts'
import type { ComparedState, Rendered } from './event-package.ts'

/** RFC 5839 §5.2: true whatever the entity is. */
export const ANY_ENTITY = '*'

const LENGTH = 16
const tags = new WeakMap<Rendered, string>()
const ownTags = new WeakMap<ComparedState, string>()

/** `contentType` is the negotiated one: the same state in another format is another entity. */
export function entityTagOf(rendered: Rendered, contentType: string): string {
  let tag = tags.get(rendered)
  if (tag === undefined) {
    tag = make(rendered, contentType)
    tags.set(rendered, tag)
  }
  return tag
}

/** Of Suppress-If-Match; `undefined` where there is none. Throws `SipError` 400 where it is not a single one. */
export function conditionOf(headers: SipHeaders): string | undefined {
  return singleTag(headers, 'Suppress-If-Match')
}

/** An entity-tag is a token, as `*` is. Throws `SipError` 400. */
export function singleTag(headers: SipHeaders, name: string): string | undefined {
  const values = headers.getAll(name)
  if (values.length === 0) return undefined
  const tag = values[0]?.trim() ?? ''
  if (values.length > 1 || !/^[\w.!%*+`'~-]+$/.test(tag)) throw new SipError(400, `Bad ${name}`)
  return tag
}

function make({ state }: Rendered, contentType: string): string {
  if (typeof state === 'string') return digest(contentType, state)
  if (Buffer.isBuffer(state)) return digest(contentType, state)
  return state.tag === undefined ? ownTag(state) : digest(contentType, state.tag)
}

function digest(contentType: string, state: string | Buffer): string {
  const made = createHash('sha256').update(contentType).update('\n').update(state)
  return made.digest('base64url').slice(0, LENGTH)
}

/** Where nobody can make the same one again, it holds as long as the state is the latest. */
function ownTag(state: ComparedState): string {
  let tag = ownTags.get(state)
  if (tag === undefined) {
    tag = randomId(12, 'base64url')
    ownTags.set(state, tag)
  }
  return tag
}
