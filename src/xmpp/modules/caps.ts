/** XEP-0115: Entity Capabilities of the server itself, told in its stream features (§6.3). */
import { createHash } from 'node:crypto'
import { xml } from '../../xml/element.ts'
import { defineModule, type ServerIdentity } from '../module.ts'

export const NS_CAPS = 'http://jabber.org/protocol/caps'

/** A name for the software, not a place to go to. */
const NODE = 'urn:heliograph:server'

export const caps = defineModule({
  name: 'caps',
  specs: [{ xep: 115, version: '1.6.0', status: 'partial' }], // no caps optimization (§8.4)
  features: [NS_CAPS],
  streamFeatures: (server) => [
    xml('c', { xmlns: NS_CAPS, hash: 'sha-1', node: NODE, ver: verification(server) }),
  ],
})

/** The node that a client asks `disco#info` for (§6.2). */
export function capsNode(server: ServerIdentity): string {
  return `${NODE}#${verification(server)}`
}

/** §5.1: identity, then features in order, each ended by `<`. */
export function verification({ name, features }: ServerIdentity, kind = 'server/im'): string {
  const text = [`${kind}//${name}`, ...features('server')].map((part) => `${part}<`).join('')
  return createHash('sha1').update(text).digest('base64')
}
