/** XEP-0390: Entity Capabilities 2.0 of the server itself, told in its stream features (§5.2). */
import { createHash } from 'node:crypto'
import { type Element, xml } from '../../xml/element.ts'
import { defineModule, type ServerIdentity } from '../module.ts'
import { type InfoField, parseInfo, serverInfo } from '../server-info.ts'

const NS_CAPS2 = 'urn:xmpp:caps'
const NS_HASHES = 'urn:xmpp:hashes:2'

/** XEP-0300 §3 asks for the first, and recommends the other; by their names here and there. */
const ALGORITHMS = [
  ['sha-256', 'sha256'],
  ['sha3-256', 'sha3-256'],
] as const

/** §3.1: what ends each level of the text that is hashed. */
const FILE = '\x1c'
const GROUP = '\x1d'
const RECORD = '\x1e'
const UNIT = '\x1f'

export const caps2 = defineModule({
  name: 'caps2',
  specs: [{ xep: 390, version: '0.3.2', status: 'partial' }], // hashes of clients pass, none is answered for them (§6.4)
  features: [NS_CAPS2],
  streamFeatures: (server) => [
    xml(
      'c',
      { xmlns: NS_CAPS2 },
      ...hashes(serverInfo(server)).map(([algorithm, hash]) =>
        xml('hash', { xmlns: NS_HASHES, algo: algorithm }, hash),
      ),
    ),
  ],
})

/** The nodes that a client may ask `disco#info` for (§3.3). */
export function hashNodes(server: ServerIdentity): string[] {
  return hashes(serverInfo(server)).map(([algorithm, hash]) => `${NS_CAPS2}#${algorithm}.${hash}`)
}

/** §3.2, of an answer to `disco#info`, by algorithm. */
export function hashes(query: Element): [algorithm: string, hash: string][] {
  const input = hashInput(query)
  return ALGORITHMS.map(([name, here]) => [name, createHash(here).update(input).digest('base64')])
}

/** §3.1. */
function hashInput(query: Element): string {
  const { identities, features, forms } = parseInfo(query)
  const sections = [
    features.map((feature) => feature + UNIT),
    identities.map(({ category, type, lang, name }) =>
      [category, type, lang, name + UNIT + RECORD].join(UNIT),
    ),
    forms.map((fields) => sorted(fields.map(fieldText)) + GROUP),
  ]
  return sections.map((section) => sorted(section) + FILE).join('')
}

function fieldText({ name, values }: InfoField): string {
  return name + UNIT + sorted(values.map((value) => value + UNIT)) + RECORD
}

/** By octets of UTF-8 (i;octet), joined. */
function sorted(parts: readonly string[]): string {
  return parts.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))).join('')
}
