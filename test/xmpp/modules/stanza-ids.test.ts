/** XEP-0359: the ids by which accounts know their messages. Rules of form are in test/xmpp/messages/stanza-id.test.ts. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Element } from '../../../src/xml/element.ts'
import { startXmppSystem } from '../../support/xmpp-system.ts'

const NS = 'urn:xmpp:sid:0'
const BOB = 'bob@corp.example'

const ids = (message: Element) =>
  [...message.elements()]
    .filter((child) => child.is('stanza-id', NS))
    .map((child) => `${child.attr('by')} ${child.attr('id')}`)

describe('a message', () => {
  it('that waits has an id by the account, which it keeps, and keeps the origin’s', async (t) => {
    const system = await startXmppSystem(t)
    await using alice = await system.online('alice')
    const origin = `<origin-id xmlns='${NS}' id='o1'/>`
    alice.send(`<message to='${BOB}' type='chat'><body>Hi</body>${origin}</message>`)
    await alice.settle()
    // Read, not taken: it stays, under the same id.
    const seen: Element[] = []
    for (const resource of ['one', 'two']) {
      await using bob = await system.connect('bob', resource)
      await bob.iq('get', `<offline xmlns='http://jabber.org/protocol/offline'><fetch/></offline>`)
      seen.push(await bob.expectMessage('Hi'))
    }
    const [first, second] = seen.map(ids)
    assert.match(first?.join() ?? '', /^bob@corp\.example \S{20}$/)
    assert.deepEqual(second, first)
    assert.equal(seen[0]?.child('origin-id', NS)?.attr('id'), 'o1')
  })

  it('that several clients get has one id at all of them', async (t) => {
    const system = await startXmppSystem(t)
    await using alice = await system.online('alice')
    await using desk = await system.online('bob', 'desk')
    await using phone = await system.online('bob', 'phone')
    alice.send(`<message to='${BOB}' type='chat'><body>Hi</body></message>`)
    const atDesk = ids(await desk.expectMessage('Hi'))
    assert.equal(atDesk.length, 1)
    assert.deepEqual(ids(await phone.expectMessage('Hi')), atDesk)
  })

  it('has none that somebody made up in the account’s name (§3, rule 2)', async (t) => {
    const system = await startXmppSystem(t)
    await using alice = await system.online('alice')
    await using bob = await system.online('bob')
    const forged = `<stanza-id xmlns='${NS}' id='forged' by='${BOB}'/>`
    const foreign = `<stanza-id xmlns='${NS}' id='foreign' by='room@chat.example'/>`
    for (const to of [BOB, bob.jid]) {
      alice.send(`<message to='${to}' type='chat'><body>Hi</body>${forged}${foreign}</message>`)
      assert.deepEqual(ids(await bob.expectMessage('Hi')), ['room@chat.example foreign'])
    }
  })
})

it('the domain and the account say that they keep the rules (§5)', async (t) => {
  const system = await startXmppSystem(t)
  await using bob = await system.connect('bob')
  const ns = 'http://jabber.org/protocol/disco#info'
  for (const to of ['corp.example', BOB]) {
    const info = await bob.iq('get', `<query xmlns='${ns}'/>`, to)
    const features = [...(info.child('query', ns)?.elements() ?? [])].map((one) => one.attr('var'))
    assert.ok(features.includes(NS), to)
  }
})
