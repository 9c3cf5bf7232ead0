/** Bind 2 (XEP-0386): a resource, and what is to be turned on with it, in the sign-in. */
import { createHmac } from 'node:crypto'
import { type BareJid, withResource } from '../../core/address.ts'
import { type Element, xml } from '../../xml/element.ts'
import { NS_CSI } from '../client-state.ts'
import type { StanzaError } from '../errors.ts'
import { NS_BIND2, NS_STANZA_ERRORS } from '../namespaces.ts'
import type { BindFeature } from '../session.ts'
import { NS_SM } from '../stream-management/nonzas.ts'
import { generatedResource, type Wanted } from './bind.ts'
import type { BoundStream } from './bound-stream.ts'

/** Of a tag, which others see: a name of a program, not a text. */
const MAX_TAG = 64
const IDENTIFIER_CHARS = 16

/**
 * `tag/identifier` (§3.2.1). A client that has said who it is gets the same each time, of which nobody learns who it
 * is without `key`.
 */
export function wantedResource(
  key: Buffer,
  account: BareJid,
  { bind, client }: { bind: Element; client: string | undefined },
): Wanted {
  const tag = (bind.child('tag')?.text() ?? '').trim().slice(0, MAX_TAG)
  const identifier =
    client === undefined ? generatedResource() : stableIdentifier(key, [account, client, tag])
  const tagged = `${tag}/${identifier}`
  const isResource = tag !== '' && withResource(account, tagged) !== undefined
  return { resource: isResource ? tagged : identifier, client }
}

function stableIdentifier(key: Buffer, parts: readonly string[]): string {
  const made = createHmac('sha256', key).update(`resource\0${parts.join('\0')}`)
  return made.digest('base64url').slice(0, IDENTIFIER_CHARS)
}

/** Turns on what the client asks for, and answers what it is told of it. */
export function bound(
  stream: BoundStream,
  bind: Element,
  features: readonly BindFeature[],
): Element {
  const told = [...bind.elements()].map((wish) => {
    if (wish.is('enable', NS_SM)) return stream.enable(wish)
    if (wish.ns === NS_CSI) return stream.indicate(wish)
    return features.find(({ ns }) => ns === wish.ns)?.enable(stream.session, wish)
  })
  return xml('bound', { xmlns: NS_BIND2 }, ...told)
}

/** The client has signed in, and has no resource; it may ask for one as RFC 6120 has it. */
export function notBound({ condition }: StanzaError): Element {
  return xml('failed', { xmlns: NS_BIND2 }, xml(condition, { xmlns: NS_STANZA_ERRORS }))
}
