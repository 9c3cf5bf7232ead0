/** More offline messages than a client may leave unread (XEP-0160). */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { jidOf, startXmppSystem } from '../support/xmpp-system.ts'

const COUNT = 200
const TEXT = 'x'.repeat(4000)

it('a mailbox that is larger than the server’s queue for one client arrives whole', async (t) => {
  const system = await startXmppSystem(t, {
    config: { maxQueuedBytes: 65_536 },
    offlineLimit: COUNT,
  })
  {
    await using alice = await system.online('alice')
    for (let n = 0; n < COUNT; n += 1) {
      const body = `<body>${n} ${TEXT}</body>`
      alice.send(`<message type='chat' to='${jidOf('bob')}'>${body}</message>`)
    }
    await alice.settle()
  }
  await using bob = await system.connect('bob')
  bob.send('<presence/>')
  const bodies = (await bob.settle()).flatMap((stanza) => stanza.child('body')?.text() ?? [])
  assert.deepEqual(
    bodies.map((body) => Number(body.split(' ')[0])),
    Array.from({ length: COUNT }, (_, n) => n),
  )
  await using again = await system.connect('bob', 'phone')
  again.send('<presence/>')
  const left = (await again.settle()).filter(({ name }) => name === 'message')
  assert.deepEqual(left, [])
})
