/** Contact lists over a real directory: by whatever address, matched or not, now or later. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { type BareJid, requireJid } from '../../../src/core/address.ts'
import type { Fallback } from '../../../src/core/presence/access/rule-index.ts'
import { ContactError, type ContactPut } from '../../../src/core/presence/contact.ts'
import { Contacts } from '../../../src/core/presence/contacts.ts'
import { LateContacts } from '../../../src/core/presence/late-contacts.ts'
import { newRosterItem, type RosterItem } from '../../../src/core/presence/roster-item.ts'
import { Subscriptions } from '../../../src/core/presence/subscriptions.ts'
import {
  contactPeople,
  grants,
  subscriptionPeople,
  subscriptionStore,
} from '../../../src/server/stores.ts'
import { silentLog } from '../../../src/util/log.ts'
import { testAccess } from '../../support/access.ts'
import { eachDatabase, type OpenDatabase } from '../../support/databases.ts'
import { openTestDirectory } from '../../support/directory.ts'

function jid(user: string): BareJid {
  return requireJid(user.includes('@') ? user : `${user}@corp.example`).bare
}

const ALICE = jid('alice')

/** Alice, Bob (+15557654321, 7654321@corp.example) and Carol of west.example (7000@west.example). */
async function start(t: TestContext, open: OpenDatabase, sameSystem: Fallback = 'allow') {
  const { directory } = await openTestDirectory(t, open)
  for (const account of [ALICE, jid('bob'), jid('carol@west.example')]) {
    await directory.addUser({ account })
  }
  await directory.addAddress(jid('bob'), { type: 'e164', value: '+15557654321' })
  await directory.addAddress(jid('bob'), { type: 'sip', value: '7654321@corp.example' })
  await directory.addAddress(jid('carol@west.example'), { type: 'e164', value: '7000' })
  const store = subscriptionStore(directory.contacts)
  const people = subscriptionPeople(directory)
  const access = testAccess({
    sameSystem,
    grants: grants(directory.contacts),
    people: directory,
  })
  const subscriptions = new Subscriptions({ store, people, access, log: silentLog })
  const contacts = new Contacts({ store, people: contactPeople(directory), subscriptions })
  const late = new LateContacts({ contacts, store: directory.contacts, log: silentLog })
  directory.onUserAdded((account) => late.addressesChanged(account))
  directory.onAddressesChanged((account) => late.addressesChanged(account))
  const put = (address: string, given: ContactPut = {}) => contacts.put(ALICE, address, given)
  /** A list in one line for each contact. */
  const list = async (of: string = ALICE) =>
    (await contacts.list(jid(of), { limit: 100 })).contacts.map(({ item, matched, external }) =>
      [
        said(item),
        matched ? 'user' : external ? 'external' : 'unmatched',
        item.awaits && `awaits ${item.awaits}`,
      ]
        .filter(Boolean)
        .join(' '),
    )
  return { directory, store, access, subscriptions, contacts, late, put, list }
}

function said({ contact, name, groups, subscription, pendingOut }: RosterItem): string {
  return [contact, subscription, pendingOut && 'asked', name && `“${name}”`, ...groups]
    .filter(Boolean)
    .join(' ')
}

function refused(code: string) {
  return (error: unknown) => error instanceof ContactError && error.code === code
}

eachDatabase((_kind, open) => {
  test('any form of address finds the user, who stands on the list with his account', async (t) => {
    const { put, list, contacts } = await start(t, open)
    const forms = [
      'bob@corp.example',
      'sip:Bob@corp.example',
      '+1 (555) 765-4321',
      'tel:+15557654321',
      'sip:+15557654321@corp.example;user=phone',
      '+15557654321@corp.example',
      '7654321',
      'sip:7654321@corp.example',
      'xmpp:bob@corp.example/desk',
    ]
    for (const form of forms) {
      const { outcome, contact } = await put(form, { name: 'Bob', groups: ['Work'] })
      assert.equal(outcome, 'created', form)
      assert.ok(contact.matched)
      assert.deepEqual(await list(), ['bob@corp.example to “Bob” Work user'], form)
      assert.deepEqual(await list('bob'), [`${ALICE} from user`], form)
      assert.equal((await put(form)).outcome, 'same')
      await contacts.remove(ALICE, form)
      assert.deepEqual(await list(), [], form)
      assert.deepEqual(
        (await list('bob')).map((line) => line.split(' ')[1]),
        ['none'],
        form,
      )
      await contacts.remove(jid('bob'), ALICE)
    }
  })

  test('the presence of a contact is wanted, or not, and each change follows', async (t) => {
    const { put, list } = await start(t, open, 'confirm')
    assert.equal((await put('7654321', { presence: false })).outcome, 'created')
    assert.deepEqual(await list(), ['bob@corp.example none user'])
    // What is not given stays as it is.
    assert.equal((await put('7654321', { name: 'Bob' })).outcome, 'changed')
    assert.deepEqual(await list(), ['bob@corp.example none “Bob” user'])
    await put('7654321', { presence: true })
    assert.deepEqual(await list(), ['bob@corp.example none asked “Bob” user'])
    assert.deepEqual(await list('bob'), [])
    await put('7654321', { presence: false })
    assert.deepEqual(await list(), ['bob@corp.example none “Bob” user'])
  })

  test('with Confirm the contact is asked, and his word counts', async (t) => {
    const { put, list, subscriptions } = await start(t, open, 'confirm')
    await put('+15557654321')
    const [request] = await subscriptions.waiting(jid('bob'))
    assert.equal(request?.watcher, ALICE)
    await subscriptions.say(jid('bob'), 'subscribed', ALICE)
    assert.deepEqual(await list(), ['bob@corp.example to user'])
  })

  test('who is nobody is kept without presence, as a number, a handle or a stranger', async (t) => {
    const { put, list, contacts } = await start(t, open)
    for (const address of ['+15550001111', '5000', 'nobody@corp.example', 'eve@partner.example']) {
      const { contact } = await put(address, { name: 'N' })
      assert.equal(contact.matched, false, address)
      assert.equal((await put(address)).outcome, 'same')
    }
    await put('sip:+15550002222@partner.example;user=phone', { presence: false })
    assert.deepEqual(await list(), [
      '+15550001111@corp.example none asked “N” unmatched awaits +15550001111',
      '+15550002222@corp.example none unmatched awaits +15550002222',
      '5000@corp.example none asked “N” unmatched awaits 5000',
      'eve@partner.example none asked “N” external awaits eve@partner.example',
      'nobody@corp.example none asked “N” unmatched awaits nobody@corp.example',
    ])
    await put('5000', { presence: false })
    await contacts.remove(ALICE, '+1 555 000 1111')
    await contacts.remove(ALICE, 'tel:+15550002222')
    await contacts.remove(ALICE, 'eve@partner.example')
    assert.deepEqual(await list(), [
      '5000@corp.example none “N” unmatched awaits 5000',
      'nobody@corp.example none asked “N” unmatched awaits nobody@corp.example',
    ])
  })

  test('what cannot be a contact is refused by name', async (t) => {
    const { put, contacts, directory, list } = await start(t, open)
    await directory.addAddress(jid('bob'), { type: 'e164', value: '7000' })
    await assert.rejects(put('7000'), refused('AMBIGUOUS_ADDRESS'))
    await assert.rejects(put('alice@corp.example'), refused('BAD_CONTACT'))
    await assert.rejects(put('a@b@c@'), refused('BAD_ADDRESS'))
    await assert.rejects(put('partner.example'), refused('BAD_CONTACT'))
    await assert.rejects(put('cn=Bob/o=Acme'), refused('BAD_CONTACT'))
    for (const given of [
      { name: 'a\u0000b' },
      { name: 'é'.repeat(512) },
      { groups: [''] },
      { groups: ['a', 'a'] },
      { groups: ['a\ud800'] },
      { groups: Array.from({ length: 51 }, (_, at) => `g${at}`) },
    ]) {
      await assert.rejects(put('7654321', given), refused('BAD_CONTACT'))
    }
    await assert.rejects(contacts.remove(ALICE, '7654321'), refused('NO_SUCH_CONTACT'))
    await assert.rejects(contacts.remove(ALICE, '7000'), refused('AMBIGUOUS_ADDRESS'))
    await assert.rejects(contacts.put(jid('zoe'), '7654321', {}), refused('NO_SUCH_USER'))
    assert.deepEqual(await list(), [])
    for (let at = 0; at < 10; at += 1) await put(`600${at}`)
    await assert.rejects(put('7654321'), refused('TOO_MANY_CONTACTS'))
  })

  test('who gets the address later is the contact from then on', async (t) => {
    const { put, list, late, directory } = await start(t, open)
    await put('+15550001111', { name: 'Dave', groups: ['Work'] })
    await put('5000', { name: 'Erin' })
    await put('frank@corp.example', { name: 'Frank', presence: false })
    await put('gina@partner.example', { name: 'Gina' })
    await put('15550004444', { name: 'Hugo' })
    await directory.addUser({ account: 'dave@west.example' })
    await directory.addAddress(jid('dave@west.example'), { type: 'e164', value: '+15550001111' })
    await directory.addUser({ account: '5000@west.example' })
    await directory.addUser({ account: 'frank@corp.example' })
    await directory.addUser({ account: 'gina@corp.example' })
    const other = { type: 'other-xmpp', value: 'gina@partner.example' } as const
    await directory.addAddress(jid('gina'), other)
    await directory.addUser({ account: 'hugo@corp.example' })
    await directory.addAddress(jid('hugo'), { type: 'e164', value: '+15550004444' })
    await late.idle()
    assert.deepEqual(await list(), [
      '5000@west.example to “Erin” user',
      'dave@west.example to “Dave” Work user',
      'frank@corp.example none “Frank” user',
      'gina@corp.example to “Gina” user',
      'hugo@corp.example to “Hugo” user',
    ])
    assert.deepEqual(await list('dave@west.example'), [`${ALICE} from user`])
  })

  test('a private number of one domain is not matched in another', async (t) => {
    const { put, list, late, directory } = await start(t, open)
    await put('5000@corp.example')
    await directory.addUser({ account: '5000@west.example' })
    await late.idle()
    const waits = '5000@corp.example none asked unmatched awaits 5000@corp.example'
    assert.deepEqual(await list(), [waits])
    // As a bare number it is anybody's.
    await put('5000')
    assert.deepEqual(await list(), ['5000@west.example to user'])
  })

  test('a contact found out to be on the list already is on it once', async (t) => {
    const { put, list, late, directory } = await start(t, open)
    await put('+15550001111', { name: 'Desk' })
    await put('7654321', { name: 'Bob', presence: false })
    await put('5550', { name: 'Me' })
    await directory.addAddress(jid('bob'), { type: 'e164', value: '+15550001111' })
    await directory.addAddress(ALICE, { type: 'e164', value: '5550' })
    await late.idle()
    assert.deepEqual(await list(), ['bob@corp.example to “Bob” user'])
  })

  test('what a stranger asked for stays when the contact becomes a user', async (t) => {
    const { put, list, late, directory, subscriptions, contacts } = await start(t, open)
    await put('eve@partner.example', { name: 'Eve' })
    await subscriptions.ask(ALICE, jid('eve@partner.example'))
    const other = { type: 'other-xmpp', value: 'eve@partner.example' } as const
    await directory.addAddress(jid('bob'), other)
    await late.idle()
    assert.deepEqual(await list(), ['bob@corp.example to “Eve” user'])
    const waiting = await subscriptions.waiting(ALICE)
    assert.deepEqual(
      waiting.map(({ watcher }) => watcher),
      ['eve@partner.example'],
    )
    await assert.rejects(
      contacts.remove(ALICE, 'eve@partner.example').then(() => {
        return contacts.remove(ALICE, 'eve@partner.example')
      }),
      refused('NO_SUCH_CONTACT'),
    )
  })

  test('what was not done before a crash is done at the next start', async (t) => {
    const { put, list, late, store, directory } = await start(t, open)
    await put('7654321', { presence: false })
    const item = { ...newRosterItem(jid('+15557654321@corp.example')), name: 'Late' }
    await store.update(ALICE, item.contact, () => {
      return { ...item, awaits: '+15557654321', pendingOut: true }
    })
    await store.update(ALICE, jid('1@corp.example'), () => {
      return { ...newRosterItem(jid('1@corp.example')), awaits: '1' }
    })
    const waiting = await directory.contacts.allAwaiting(undefined, 10)
    assert.equal(waiting.length, 1)
    assert.deepEqual(await directory.contacts.allAwaiting(waiting[0], 10), [])
    late.reviewAll()
    await late.idle()
    assert.deepEqual(await list(), [
      '1@corp.example none unmatched awaits 1',
      'bob@corp.example to user',
    ])
    assert.deepEqual(await directory.contacts.allAwaiting(undefined, 10), [])
  })

  test('a list is read a page at a time', async (t) => {
    const { put, contacts } = await start(t, open)
    for (const address of ['3', '1', '2']) await put(address)
    const first = await contacts.list(ALICE, { limit: 2 })
    const named = first.contacts.map(({ item }) => item.contact)
    assert.deepEqual([named, first.total], [['1@corp.example', '2@corp.example'], 3])
    const second = await contacts.list(ALICE, { after: named[1], limit: 2 })
    assert.deepEqual(
      second.contacts.map(({ item }) => item.contact),
      ['3@corp.example'],
    )
  })
})
