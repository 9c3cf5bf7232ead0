import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Element } from '../../../src/xml/element.ts'
import { condition, jidOf, startXmppSystem } from '../../support/xmpp-system.ts'

const INFO = 'http://jabber.org/protocol/disco#info'
const ITEMS = 'http://jabber.org/protocol/disco#items'
const ask = (ns: string) => `<query xmlns='${ns}'/>`

function said(result: Element, ns: string): string[] {
  const elements = [...(result.child('query', ns)?.elements() ?? [])]
  return elements.map((element) =>
    element.name === 'identity'
      ? `${element.attr('category')}/${element.attr('type')}`
      : (element.attr('var') ?? element.attr('jid') ?? ''),
  )
}

test('a domain says what it is and can', async (t) => {
  const system = await startXmppSystem(t)
  await using alice = await system.connect('alice')
  const [identity, ...features] = said(await alice.iq('get', ask(INFO), 'corp.example'), INFO)
  assert.equal(identity, 'server/im')
  assert.deepEqual(features, features.toSorted())
  for (const feature of [INFO, ITEMS, 'jabber:iq:version', 'urn:xmpp:ping', 'jabber:iq:roster']) {
    assert.ok(features.includes(feature), feature)
  }
  assert.ok(features.includes('jabber:iq:register'), 'passwords may be changed')
  assert.deepEqual(said(await alice.iq('get', ask(ITEMS), 'corp.example'), ITEMS), [])
})

test('one’s own account says what it is, and which clients are available', async (t) => {
  const system = await startXmppSystem(t)
  await using _phone = await system.online('alice', 'phone')
  await using alice = await system.connect('alice')
  const [identity, ...features] = said(await alice.iq('get', ask(INFO)), INFO)
  assert.equal(identity, 'account/registered')
  assert.ok(features.includes(INFO))
  const items = said(await alice.iq('get', ask(ITEMS), 'alice@corp.example'), ITEMS)
  assert.deepEqual(items, ['alice@corp.example/phone'])
})

test('another’s account shows itself to its subscribers only (XEP-0030 §8)', async (t) => {
  const system = await startXmppSystem(t)
  await using _bob = await system.online('bob')
  await using alice = await system.connect('alice')
  for (const whom of ['bob@corp.example', 'nobody@corp.example']) {
    for (const ns of [INFO, ITEMS]) {
      const refused = await alice.iq('get', ask(ns), whom)
      assert.equal(condition(refused), 'cancel service-unavailable')
    }
  }
  await system.put('bob', { contact: jidOf('alice'), subscription: 'from' })
  const [identity] = said(await alice.iq('get', ask(INFO), 'bob@corp.example'), INFO)
  assert.equal(identity, 'account/registered')
  const items = said(await alice.iq('get', ask(ITEMS), 'bob@corp.example'), ITEMS)
  assert.deepEqual(items, ['bob@corp.example/desk'])
})

test('a node that nobody knows is not found', async (t) => {
  const system = await startXmppSystem(t)
  await using alice = await system.connect('alice')
  for (const [ns, to] of [
    [INFO, 'corp.example'],
    [ITEMS, 'corp.example'],
    [INFO, 'alice@corp.example'],
    [ITEMS, 'alice@corp.example'],
  ] as const) {
    const refused = await alice.iq('get', `<query xmlns='${ns}' node='x'/>`, to)
    assert.equal(condition(refused), 'cancel item-not-found')
  }
})
