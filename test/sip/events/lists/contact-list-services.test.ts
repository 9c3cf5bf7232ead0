/** Contact lists as resource lists (RFC 4662 §2). */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { BareJid } from '../../../../src/core/address.ts'
import { newRosterItem, type RosterItem } from '../../../../src/core/presence/roster-item.ts'
import { ContactListServices } from '../../../../src/sip/events/lists/contact-list-services.ts'
import { ALICE, BOB, eventDeps } from '../support.ts'
import { userOf } from './lists-rig.ts'

const CAROL = userOf('carol')
const DAVE = userOf('dave')

function setUp(...items: RosterItem[]) {
  const listeners = new Set<(event: { account: BareJid }) => void>()
  const { people } = eventDeps()
  const services = new ContactListServices({
    contacts: {
      get: async (account) => ({
        items: new Map(account === ALICE ? items.map((item) => [item.contact, item]) : []),
      }),
      onChange(listener) {
        listeners.add(listener)
        return { [Symbol.dispose]: () => void listeners.delete(listener) }
      },
    },
    people,
    name: 'contacts',
  })
  const tell = (account: BareJid) => {
    for (const listener of listeners) listener({ account })
  }
  return { services, tell }
}

function contact(who: BareJid, changes: Partial<RosterItem> = {}): RosterItem {
  return { ...newRosterItem(who), subscription: 'to', ...changes }
}

describe('the contact list as a resource list', () => {
  test('is one URI for everybody, and each has his own', async () => {
    const { services } = setUp(contact(BOB), contact(CAROL, { name: 'Caro' }))
    const list = await services.find('sip:contacts@example.com', ALICE)
    assert.equal(list?.owner, ALICE)
    assert.deepEqual(list.resources, [
      { uri: 'sip:bob@example.com', name: 'Bob B.' },
      { uri: 'sip:carol@example.com', name: 'Caro' },
    ])
    assert.deepEqual((await services.find('sip:contacts@example.com', BOB))?.resources, [])
  })

  test('has those whose presence the user wants', async () => {
    const { services } = setUp(
      contact(BOB, { subscription: 'none', pendingOut: true }),
      contact(CAROL, { subscription: 'from' }),
      contact(DAVE, { subscription: 'none', pendingIn: true, inRoster: false }),
    )
    const list = await services.find('sip:contacts@example.com', ALICE)
    assert.deepEqual(
      list?.resources.map(({ uri }) => uri),
      ['sip:bob@example.com'],
    )
  })

  test('has its groups as lists of their own, where that is asked for', async () => {
    const { services } = setUp(
      contact(BOB, { groups: ['Work', 'Büro 1'] }),
      contact(CAROL, { groups: ['Work'] }),
      contact(DAVE),
    )
    const list = await services.find('sip:contacts-by-group@example.com', ALICE)
    assert.deepEqual(
      list?.resources.map(({ uri, name }) => [uri, name]),
      [
        ['sip:contacts+B%C3%BCro%201@example.com', 'Büro 1'],
        ['sip:contacts+Work@example.com', 'Work'],
        ['sip:dave@example.com', undefined],
      ],
    )
    const office = await services.find('sip:contacts+B%C3%BCro%201@example.com', ALICE)
    assert.deepEqual(
      office?.resources.map(({ uri }) => uri),
      ['sip:bob@example.com'],
    )
    assert.equal(office.name, 'Büro 1')
  })

  test('is nowhere else', async () => {
    const { services } = setUp(contact(BOB))
    for (const uri of [
      'sip:contacts@example.org',
      'sip:alice@example.com',
      'sip:contacts-x@example.com',
      'tel:+4930',
      'nonsense',
    ]) {
      assert.equal(await services.find(uri, ALICE), undefined, uri)
    }
  })

  test('tells of changes by the key of its owner', async () => {
    const { services, tell } = setUp()
    const told: string[] = []
    const listening = services.onChange((key) => told.push(key))
    tell(ALICE)
    const list = await services.find('sip:contacts@example.com', ALICE)
    assert.deepEqual(told, [list?.key])
    listening[Symbol.dispose]()
    tell(ALICE)
    assert.equal(told.length, 1)
  })
})
