/** XEP-0013: what waits for somebody, read message by message. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Element } from '../../../src/xml/element.ts'
import type { XmppClient } from '../../support/xmpp-client.ts'
import { condition, startXmppSystem, type XmppSystem } from '../../support/xmpp-system.ts'

const NS = 'http://jabber.org/protocol/offline'
const INFO = `<query xmlns='http://jabber.org/protocol/disco#info' node='${NS}'/>`
const ITEMS = `<query xmlns='http://jabber.org/protocol/disco#items' node='${NS}'/>`
const BOB = 'bob@corp.example'

async function leave(system: XmppSystem, ...bodies: readonly string[]): Promise<void> {
  await using alice = await system.online('alice')
  for (const body of bodies) {
    alice.send(`<message to='${BOB}' type='chat'><body>${body}</body></message>`)
  }
  await alice.settle()
}

const messages = (stanzas: readonly Element[]) => stanzas.filter(({ name }) => name === 'message')
const bodies = (stanzas: readonly Element[]) =>
  messages(stanzas).map((message) => message.child('body')?.text())
const nodeIn = (message: Element) =>
  message.child('offline', NS)?.child('item', NS)?.attr('node') ?? ''

async function count(client: XmppClient): Promise<string | undefined> {
  const info = await client.iq('get', INFO)
  const form = info.child('query', 'http://jabber.org/protocol/disco#info')
  const fields = [...(form?.child('x', 'jabber:x:data')?.elements() ?? [])]
  const field = fields.find((one) => one.attr('var') === 'number_of_messages')
  return field?.child('value')?.text()
}

async function nodes(client: XmppClient): Promise<string[]> {
  const items = await client.iq('get', ITEMS)
  const query = items.child('query', 'http://jabber.org/protocol/disco#items')
  return [...(query?.elements() ?? [])].map((item) => {
    assert.equal(item.attr('jid'), BOB)
    assert.equal(item.attr('name'), 'alice@corp.example/desk')
    return item.attr('node') ?? ''
  })
}

const act = (action: string, ...names: readonly string[]) => {
  const items = names.map((node) => `<item action='${action}' node='${node}'/>`)
  return `<offline xmlns='${NS}'>${items.join('')}</offline>`
}

describe('somebody who asks what waits for him', () => {
  it('reads message by message, and none of it goes by itself (§2.2 to §2.5)', async (t) => {
    const system = await startXmppSystem(t)
    await leave(system, 'One', 'Two', 'Three')
    await using bob = await system.connect('bob')
    assert.equal(await count(bob), '3')
    const [one = '', two = '', three = ''] = await nodes(bob)
    assert.ok(one < two && two < three, 'ordered by their characters')

    await bob.iq('get', act('view', three, one))
    const seen = messages(await bob.settle())
    assert.deepEqual(bodies(seen), ['One', 'Three'])
    assert.deepEqual(seen.map(nodeIn), [one, three])
    assert.ok(seen[0]?.child('delay', 'urn:xmpp:delay'))
    assert.equal(await count(bob), '3')

    const removed = await bob.iq('set', act('remove', one, two))
    assert.equal(removed.attr('type'), 'result')
    assert.deepEqual(await nodes(bob), [three])
  })

  it('is not flooded when he comes on line, nor is another client of his (§2.2)', async (t) => {
    const system = await startXmppSystem(t)
    await leave(system, 'One')
    await using bob = await system.connect('bob')
    await nodes(bob)
    bob.send('<presence/>')
    assert.deepEqual(bodies(await bob.settle()), [])
    await using alice = await system.online('alice')
    alice.send(`<message to='${BOB}' type='chat'><body>Live</body></message>`)
    await bob.expectMessage('Live')
    const phone = await system.online('bob', 'phone')
    assert.deepEqual(bodies(await phone.settle()), [])
    await phone[Symbol.asyncDispose]()
    assert.equal(await count(bob), '1')
  })

  it('and has gone leaves it to the next who does not', async (t) => {
    const system = await startXmppSystem(t)
    await leave(system, 'One')
    const bob = await system.connect('bob')
    await nodes(bob)
    await bob[Symbol.asyncDispose]()
    await using desk = await system.connect('bob')
    desk.send('<presence/>')
    assert.deepEqual(bodies(await desk.settle()), ['One'])
    assert.equal(await count(desk), '0')
  })

  it('gets all of it, and has all of it removed (§2.6, §2.7)', async (t) => {
    const system = await startXmppSystem(t)
    const sent = Array.from({ length: 25 }, (_, at) => String(at))
    await leave(system, ...sent)
    await using bob = await system.connect('bob')
    const fetched = await bob.iq('get', `<offline xmlns='${NS}'><fetch/></offline>`)
    assert.equal(fetched.attr('type'), 'result')
    const got = await bob.settle()
    assert.deepEqual(bodies(got), sent)
    assert.ok(messages(got).every((message) => nodeIn(message) !== ''))
    bob.send('<presence/>')
    assert.deepEqual(bodies(await bob.settle()), [])
    await bob.iq('set', `<offline xmlns='${NS}'><purge/></offline>`)
    assert.equal(await count(bob), '0')
  })

  it('is refused what is not there, and what is no request', async (t) => {
    const system = await startXmppSystem(t)
    await leave(system, 'One')
    await using bob = await system.connect('bob')
    const [one = ''] = await nodes(bob)
    const nowhere = '0000000000999999'
    const refusals: [string, 'get' | 'set', string][] = [
      ['cancel item-not-found', 'get', act('view', one, nowhere)],
      ['cancel item-not-found', 'set', act('remove', nowhere, one)],
      ['cancel item-not-found', 'get', act('view', 'x')],
      ['modify bad-request', 'get', act('remove', one)],
      ['modify bad-request', 'set', act('view', one)],
      ['modify bad-request', 'get', act('view')],
      ['wait resource-constraint', 'get', act('view', ...Array(1001).fill(one))],
    ]
    for (const [expected, type, payload] of refusals) {
      assert.equal(condition(await bob.iq(type, payload)), expected, payload.slice(0, 200))
    }
    assert.equal(await count(bob), '1', 'nothing was removed')
  })
})

it('nobody reads what waits for another (§6)', async (t) => {
  const system = await startXmppSystem(t)
  await leave(system, 'One')
  await using alice = await system.online('alice')
  const requests: ['get' | 'set', string][] = [
    ['get', INFO],
    ['get', ITEMS],
    ['get', `<offline xmlns='${NS}'><fetch/></offline>`],
    ['get', act('view', '0000000000000001')],
    ['set', act('remove', '0000000000000001')],
    ['set', `<offline xmlns='${NS}'><purge/></offline>`],
  ]
  for (const [type, payload] of requests) {
    assert.equal(condition(await alice.iq(type, payload, BOB)), 'auth forbidden', payload)
  }
  await using bob = await system.connect('bob')
  assert.equal(await count(bob), '1')
})

it('the domain says that it can (§2.1)', async (t) => {
  const system = await startXmppSystem(t)
  await using bob = await system.connect('bob')
  const ns = 'http://jabber.org/protocol/disco#info'
  const info = await bob.iq('get', `<query xmlns='${ns}'/>`, 'corp.example')
  const features = [...(info.child('query', ns)?.elements() ?? [])].map((one) => one.attr('var'))
  assert.ok(features.includes(NS))
})
