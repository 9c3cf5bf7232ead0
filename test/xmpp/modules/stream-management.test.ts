/** XEP-0198, as clients are told of it; what it does: test/xmpp/stream-management. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startXmppSystem } from '../../support/xmpp-system.ts'

test('who has signed in is offered stream management', async (t) => {
  const system = await startXmppSystem(t)
  assert.ok((await system.features('alice')).child('sm', 'urn:xmpp:sm:3'))
})
