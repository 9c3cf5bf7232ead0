import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startXmppSystem } from '../../support/xmpp-system.ts'

/** What it stands for is in test/scenarios/xmpp-offline.test.ts. */
test('the domain says that messages wait for those who are away (XEP-0160 §4)', async (t) => {
  const system = await startXmppSystem(t)
  await using alice = await system.connect('alice')
  const ns = 'http://jabber.org/protocol/disco#info'
  const info = await alice.iq('get', `<query xmlns='${ns}'/>`, 'corp.example')
  const features = [...(info.child('query', ns)?.elements() ?? [])]
  assert.ok(features.some((feature) => feature.attr('var') === 'msgoffline'))
})
