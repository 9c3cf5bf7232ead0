import assert from 'node:assert/strict'
import { test } from 'node:test'
import { verification } from '../../../src/xmpp/modules/caps.ts'
import { condition, startXmppSystem } from '../../support/xmpp-system.ts'

const NS_INFO = 'http://jabber.org/protocol/disco#info'

test('the verification string is that of XEP-0115 §5.2', () => {
  const exodus = [
    'http://jabber.org/protocol/caps',
    'http://jabber.org/protocol/disco#info',
    'http://jabber.org/protocol/disco#items',
    'http://jabber.org/protocol/muc',
  ]
  // The example’s identity is client/pc//Exodus 0.9.1; ours is always server/im.
  const identity = { name: 'Exodus 0.9.1', version: '0', features: () => exodus }
  assert.equal(verification(identity, 'client/pc'), 'QgayPKawpkPSDYmwT/WM94uAlu0=')
})

test('the stream features name capabilities that disco#info bears out', async (t) => {
  const system = await startXmppSystem(t)
  const features = await system.features('alice')
  const c = features.child('c', 'http://jabber.org/protocol/caps')
  assert.equal(c?.attr('hash'), 'sha-1')
  const node = `${c?.attr('node')}#${c?.attr('ver')}`

  await using alice = await system.connect('alice')
  const get = (node: string) => `<query xmlns='${NS_INFO}' node='${node}'/>`
  const query = (await alice.iq('get', get(node), 'corp.example')).child('query', NS_INFO)
  assert.equal(query?.attr('node'), node)
  const [identity, ...rest] = [...(query?.elements() ?? [])]
  const claimed = {
    name: identity?.attr('name') ?? '',
    version: '',
    features: () => rest.map((feature) => feature.attr('var') ?? ''),
  }
  assert.equal(verification(claimed), c?.attr('ver'))

  const other = await alice.iq('get', get('urn:other#x='), 'corp.example')
  assert.equal(condition(other), 'cancel item-not-found')
})
