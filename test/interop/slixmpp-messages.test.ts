/** Debian’s slixmpp: delivery receipts (XEP-0184) and carbons (XEP-0280), with a person who has two clients. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { signedIn, startWithPeople } from './people.ts'

const ROMEO = 'romeo@example.com'
const JULIET = 'juliet@example.com'

describe('slixmpp', () => {
  it('is told at each client what the others send and get', async (t) => {
    const server = await startWithPeople(t, ['romeo', 'juliet'])
    const balcony = await signedIn(t, server, 'juliet', { jid: `${JULIET}/balcony` })
    const chamber = await signedIn(t, server, 'juliet', { jid: `${JULIET}/chamber` })
    const romeo = await signedIn(t, server, 'romeo', { jid: `${ROMEO}/orchard` })
    for (const client of [balcony, chamber, romeo]) client.tell('presence')
    chamber.tell('carbons', { on: true })
    assert.equal((await chamber.expect('done')).result, 'result')

    romeo.tell('message', { to: `${JULIET}/balcony`, body: 'What light?' })
    assert.equal((await balcony.expect('message')).body, 'What light?')
    const received = await chamber.expect('carbon_received')
    assert.deepEqual(
      [received.sender, received.to, received.body],
      [`${ROMEO}/orchard`, `${JULIET}/balcony`, 'What light?'],
    )
    balcony.tell('message', { to: `${ROMEO}/orchard`, body: 'Ay me!' })
    const sent = await chamber.expect('carbon_sent')
    assert.deepEqual(
      [sent.sender, sent.to, sent.body],
      [`${JULIET}/balcony`, `${ROMEO}/orchard`, 'Ay me!'],
    )

    chamber.tell('carbons', { on: false })
    assert.equal((await chamber.expect('done')).result, 'result')
    romeo.tell('message', { to: `${JULIET}/balcony`, body: 'She speaks' })
    await balcony.expect('message', ({ body }) => body === 'She speaks')
    chamber.tell('ping', { to: 'example.com' })
    await chamber.expect('pong')
    assert.deepEqual(chamber.seen('carbon_received'), [])
  })

  it('gets a receipt for what was delivered, also for what waited', async (t) => {
    const server = await startWithPeople(t, ['romeo', 'juliet'])
    const romeo = await signedIn(t, server, 'romeo', { jid: `${ROMEO}/orchard` })
    romeo.tell('presence')
    romeo.tell('message', { to: JULIET, body: 'Wherefore?', receipt: true })
    const { id } = await romeo.expect('said')
    romeo.tell('ping', { to: 'example.com' })
    await romeo.expect('pong')
    const juliet = await signedIn(t, server, 'juliet', { jid: `${JULIET}/balcony` })
    juliet.tell('presence')
    await juliet.expect('message', ({ body }) => body === 'Wherefore?')
    const receipt = await romeo.expect('receipt')
    assert.deepEqual([receipt.sender, receipt.id], [`${JULIET}/balcony`, id])
  })
})
