/** XEP-0352, as clients are told of it; what it does: test/xmpp/client-state.test.ts. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startXmppSystem } from '../../support/xmpp-system.ts'

test('who has signed in may say that nobody looks', async (t) => {
  const system = await startXmppSystem(t)
  assert.ok((await system.features('alice')).child('csi', 'urn:xmpp:csi:0'))
})
