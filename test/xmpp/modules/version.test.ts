import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startXmppSystem } from '../../support/xmpp-system.ts'

test('the server tells its name and version, and not what it runs on', async (t) => {
  const system = await startXmppSystem(t)
  await using alice = await system.connect('alice')
  const result = await alice.iq('get', `<query xmlns='jabber:iq:version'/>`, 'corp.example')
  const query = result.child('query', 'jabber:iq:version')
  assert.equal(query?.child('name')?.text(), 'Heliograph')
  assert.equal(query?.child('version')?.text(), '0.0.0-test')
  assert.equal(query?.child('os'), undefined)
})
