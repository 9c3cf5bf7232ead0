import assert from 'node:assert/strict'
import { test } from 'node:test'
import { condition, startXmppSystem } from '../../support/xmpp-system.ts'

const PING = `<ping xmlns='urn:xmpp:ping'/>`

test('a ping is answered by the domain, by one’s own account, and where nobody is named', async (t) => {
  const system = await startXmppSystem(t)
  await using alice = await system.connect('alice')
  for (const to of ['corp.example', 'alice@corp.example', undefined]) {
    const pong = await alice.iq('get', PING, to)
    assert.equal(pong.attr('type'), 'result', to)
    assert.equal(pong.children.length, 0)
    assert.equal(pong.attr('from'), to)
  }
})

test('a ping to another’s account is not, whether it exists or not', async (t) => {
  const system = await startXmppSystem(t)
  await using alice = await system.connect('alice')
  for (const to of ['bob@corp.example', 'nobody@corp.example', 'corp.example/x']) {
    assert.equal(condition(await alice.iq('get', PING, to)), 'cancel service-unavailable', to)
  }
})
