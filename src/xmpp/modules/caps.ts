/** XEP-0115: Entity Capabilities of the server itself, told in its stream features (§6.3). */
import { createHash } from 'node:crypto'
import { compareText } from '../../util/compare-text.ts'
import { type Element, xml } from '../../xml/element.ts'
import { defineModule, type ServerIdentity } from '../module.ts'
import { type InfoField, parseInfo, serverInfo } from '../server-info.ts'

export const NS_CAPS = 'http://jabber.org/protocol/caps'

/** A name for the software, not a place to go to. */
const NODE = 'urn:heliograph:server'
const FORM_TYPE = 'FORM_TYPE'

export const caps = defineModule({
  name: 'caps',
  specs: [{ xep: 115, version: '1.6.0', status: 'partial' }], // no caps optimization (§8.4)
  features: [NS_CAPS],
  streamFeatures: (server) => [
    xml('c', {
      ...{ xmlns: NS_CAPS, hash: 'sha-1', node: NODE },
      ver: verification(serverInfo(server)),
    }),
  ],
})

/** The node that a client asks `disco#info` for (§6.2). */
export function capsNode(server: ServerIdentity): string {
  return `${NODE}#${verification(serverInfo(server))}`
}

/** §5.1, of an answer to `disco#info`: identities, features, then forms by their type, each ended by `<`. */
export function verification(query: Element): string {
  const { identities, features, forms } = parseInfo(query)
  const parts = [
    ...identities
      .map(({ category, type, lang, name }) => `${category}/${type}/${lang}/${name}`)
      .sort(compareText),
    ...features.toSorted(compareText),
    ...forms
      .map(formParts)
      .sort(([a = ''], [b = '']) => compareText(a, b))
      .flat(),
  ]
  const text = parts.map((part) => `${part}<`).join('')
  return createHash('sha1').update(text).digest('base64')
}

/** The type of the form, then each field's name and values. */
function formParts(fields: readonly InfoField[]): string[] {
  const type = fields.find(({ name }) => name === FORM_TYPE)
  const rest = fields
    .filter(({ name }) => name !== FORM_TYPE)
    .toSorted((a, b) => compareText(a.name, b.name))
  return [
    ...(type?.values ?? []),
    ...rest.flatMap(({ name, values }) => [name, ...values.toSorted(compareText)]),
  ]
}
