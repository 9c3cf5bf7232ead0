import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startXmppSystem } from '../../support/xmpp-system.ts'

test('a client of old may begin its session, which changes nothing', async (t) => {
  const system = await startXmppSystem(t)
  await using alice = await system.connect('alice')
  const session = `<session xmlns='urn:ietf:params:xml:ns:xmpp-session'/>`
  for (const to of [undefined, 'corp.example']) {
    assert.equal((await alice.iq('set', session, to)).attr('type'), 'result')
  }
})
