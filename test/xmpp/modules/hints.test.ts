/** XEP-0334: what the sender says about keeping and copying. The table is in test/xmpp/messages/payloads.test.ts. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { startXmppSystem } from '../../support/xmpp-system.ts'

const BOB = 'bob@corp.example'

it('hints decide what waits and what is copied, and go on to the recipient', async (t) => {
  const system = await startXmppSystem(t)
  await using alice = await system.online('alice')
  const send = (to: string, body: string, ...hints: readonly string[]) => {
    const inside = hints.map((hint) => `<${hint} xmlns='urn:xmpp:hints'/>`).join('')
    const text = body === '' ? '' : `<body>${body}</body>`
    alice.send(`<message to='${to}' type='chat' id='m'>${text}${inside}</message>`)
  }
  send(BOB, 'Not to be kept', 'no-store')
  send(BOB, 'Off the record', 'no-permanent-store')
  send(BOB, '', 'store')
  await alice.settle()
  await using bob = await system.connect('bob', 'desk')
  bob.send('<presence/>')
  const kept = (await bob.settle()).filter(({ name }) => name === 'message')
  assert.deepEqual(
    kept.map((message) => message.child(undefined, 'urn:xmpp:hints')?.name),
    ['no-permanent-store', 'store'],
  )

  await using phone = await system.online('bob', 'phone')
  await phone.iq('set', `<enable xmlns='urn:xmpp:carbons:2'/>`)
  send(bob.jid, 'Not to be copied', 'no-copy')
  send(bob.jid, 'Both see')
  await bob.expectMessage('Both see')
  const copies = (await phone.settle()).filter((one) => one.child('received', 'urn:xmpp:carbons:2'))
  assert.equal(copies.length, 1)
  assert.ok(copies[0]?.toString().includes('Both see'))
})
