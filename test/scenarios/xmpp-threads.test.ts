/** A conversation stays at the client that answered: the manual's appendix B, docs/adr/0006. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { XmppClient } from '../support/xmpp-client.ts'
import { startXmppSystem } from '../support/xmpp-system.ts'

const alicesJid = 'alice@corp.example'
const bobsJid = 'bob@corp.example'

function say(client: XmppClient, to: string, body: string, thread?: string) {
  const inside = thread === undefined ? '' : `<thread>${thread}</thread>`
  client.send(`<message to='${to}' type='chat'><body>${body}</body>${inside}</message>`)
  return client.settle()
}

async function heard(client: XmppClient): Promise<(string | undefined)[]> {
  const messages = (await client.settle()).filter(({ name }) => name === 'message')
  return messages.map((message) => message.child('body')?.text())
}

describe('user A has a single client and user B uses multiple clients', () => {
  it('the first message goes to all of B’s clients, the rest to the one that answered', async (t) => {
    const system = await startXmppSystem(t)
    await using alice = await system.online('alice')
    await using desk = await system.online('bob', 'desk')
    await using phone = await system.online('bob', 'phone')
    await desk.settle()

    await say(alice, bobsJid, 'Are you there?', 't1')
    assert.deepEqual(await heard(desk), ['Are you there?'])
    assert.deepEqual(await heard(phone), ['Are you there?'])

    await say(phone, alicesJid, 'Here', 't1')
    assert.deepEqual(await heard(alice), ['Here'])
    await say(alice, bobsJid, 'Good', 't1')
    assert.deepEqual(await heard(desk), [])
    assert.deepEqual(await heard(phone), ['Good'])

    await say(alice, bobsJid, 'Another matter', 't2')
    assert.deepEqual(
      await heard(desk),
      ['Another matter'],
      'another thread is another conversation',
    )
    assert.deepEqual(await heard(phone), ['Another matter'])

    await say(desk, alicesJid, 'Now here', 't1')
    await say(alice, bobsJid, 'Fine', 't1')
    assert.deepEqual(await heard(desk), ['Fine'], 'the last who answered has it')
    assert.deepEqual(await heard(phone), [])
  })

  it('it goes to the others again when that client has gone', async (t) => {
    const system = await startXmppSystem(t)
    await using alice = await system.online('alice')
    await using desk = await system.online('bob', 'desk')
    const phone = await system.online('bob', 'phone')
    await using tablet = await system.online('bob', 'tablet')
    await say(alice, bobsJid, 'Hello')
    await say(phone, alicesJid, 'Hi')
    phone.send(`<presence type='unavailable'/>`)
    await phone.settle()
    for (const client of [desk, tablet]) await client.settle()
    await say(alice, bobsJid, 'Still there?')
    assert.deepEqual(await heard(desk), ['Still there?'])
    assert.deepEqual(await heard(tablet), ['Still there?'])
    assert.deepEqual(await heard(phone), [])
    await phone.cut()
  })
})
