/** Roster versioning, which was XEP-0237 (RFC 6121 §2.6). */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Element } from '../../src/xml/element.ts'
import type { XmppClient } from '../support/xmpp-client.ts'
import { items, startXmppSystem } from '../support/xmpp-system.ts'

const get = (version: string) => `<query xmlns='jabber:iq:roster' ver='${version}'/>`
const set = (inside: string) => `<query xmlns='jabber:iq:roster'>${inside}</query>`
const versionOf = (stanza: Element) => stanza.child('query', 'jabber:iq:roster')?.attr('ver') ?? ''

async function add(client: XmppClient, contact: string): Promise<string> {
  await client.iq('set', set(`<item jid='${contact}'/>`))
  const [push] = await client.settle()
  return push ? versionOf(push) : ''
}

describe('a versioned roster', () => {
  it('is announced in the stream features (§2.6.1)', async (t) => {
    const system = await startXmppSystem(t)
    const features = await system.features('alice')
    assert.ok(features.child('ver', 'urn:xmpp:features:rosterver'))
  })

  it('comes whole the first time, and not at all where nothing changed (§2.6.3)', async (t) => {
    const system = await startXmppSystem(t)
    await using desk = await system.online('alice', 'desk')
    await add(desk, 'bob@corp.example')
    await using phone = await system.connect('alice', 'phone')
    const whole = await phone.iq('get', get(''))
    assert.deepEqual(items([whole]), ['bob@corp.example none'])

    await using later = await system.connect('alice', 'later')
    const same = await later.iq('get', get(versionOf(whole)))
    assert.equal(same.child('query', 'jabber:iq:roster'), undefined)
    assert.deepEqual(await later.settle(), [])
  })

  it('comes as pushes of what changed since, removals too', async (t) => {
    const system = await startXmppSystem(t)
    await using desk = await system.online('alice', 'desk')
    await add(desk, 'bob@corp.example')
    const known = await add(desk, 'carol@corp.example')
    await desk.iq('set', set(`<item jid='bob@corp.example' subscription='remove'/>`))
    const [removal] = await desk.settle()
    const newest = await add(desk, 'dave@corp.example')

    await using phone = await system.connect('alice', 'phone')
    const empty = await phone.iq('get', get(known))
    assert.equal(empty.child('query', 'jabber:iq:roster'), undefined)
    const pushes = await phone.settle()
    assert.deepEqual(items(pushes), ['bob@corp.example remove', 'dave@corp.example none'])
    assert.deepEqual(pushes.map(versionOf), [removal && versionOf(removal), newest])
  })

  it('comes whole to a client whose version nobody knows', async (t) => {
    const system = await startXmppSystem(t)
    await using desk = await system.online('alice', 'desk')
    const version = await add(desk, 'bob@corp.example')
    for (const unknown of ['no-such-version', `${version}9`]) {
      const whole = await desk.iq('get', get(unknown))
      assert.deepEqual(items([whole]), ['bob@corp.example none'], unknown)
    }
  })

  it('gives each push the version that a client may ask with', async (t) => {
    const system = await startXmppSystem(t)
    await using desk = await system.online('alice', 'desk')
    const first = await add(desk, 'bob@corp.example')
    const second = await add(desk, 'carol@corp.example')
    assert.notEqual(first, second)
    assert.equal(versionOf(await desk.iq('get', get(''))), second)
  })
})
