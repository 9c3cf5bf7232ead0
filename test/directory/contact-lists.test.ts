import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type BareJid, requireJid } from '../../src/core/address.ts'
import { newRosterItem, type RosterItem } from '../../src/core/presence/roster-item.ts'
import type { ContactLists } from '../../src/directory/contact-lists.ts'
import { DirectoryError } from '../../src/directory/errors.ts'
import { MAX_REMOVALS } from '../../src/storage/stores/rosters.ts'
import { eachDatabase } from '../support/databases.ts'
import { openTestDirectory } from '../support/directory.ts'

const alice = requireJid('alice@corp.example').bare
const bob = requireJid('bob@corp.example').bare
const carol = requireJid('carol@elsewhere.example').bare

function item(contact: BareJid, changes: Partial<RosterItem> = {}): RosterItem {
  return { ...newRosterItem(contact), ...changes }
}

/** The list that a client builds, which gets every push since the version that it has. */
async function catchUp(
  contacts: ContactLists,
  client: { version: string; items: Map<BareJid, RosterItem> },
): Promise<void> {
  const delta = await contacts.changesSince(alice, client.version)
  if (delta.kind === 'too-old') {
    const list = await contacts.get(alice)
    client.version = list.version
    client.items = new Map([...list.items].filter(([, item]) => item.inRoster))
    return
  }
  client.version = delta.version
  for (const { contact, item } of delta.changes) {
    if (item) client.items.set(contact, item)
    else client.items.delete(contact)
  }
}

eachDatabase((kind, open) => {
  test('a contact is put, read back in full, changed and removed', async (t) => {
    const { directory } = await openTestDirectory(t, open)
    await directory.addUser({ account: alice })
    const { contacts } = directory
    assert.deepEqual(await contacts.get(alice), { version: '', items: new Map() })
    const full = item(carol, {
      name: 'Carol "C" <é>',
      groups: ['Friends', 'Büro'],
      subscription: 'to',
      pendingIn: true,
      pendingInStanza: '<presence type="subscribe"/>',
      approved: true,
      byPolicy: true,
      awaits: 'carol@elsewhere.example',
    })
    const first = await contacts.put(alice, full)
    assert.deepEqual(await contacts.item(alice, carol), full)
    assert.equal((await contacts.get(alice)).version, first)
    const second = await contacts.remove(alice, carol)
    assert.notEqual(second, first)
    assert.equal((await contacts.get(alice)).items.size, 0)
    assert.equal(await contacts.remove(alice, carol), second)
    assert.deepEqual(await contacts.changesSince(alice, first), {
      kind: 'changes',
      version: second,
      changes: [{ contact: carol, version: second, item: undefined }],
    })
  })

  test('changes of one list at once all count', async (t) => {
    const { directory } = await openTestDirectory(t, open)
    await directory.addUser({ account: alice })
    const { contacts } = directory
    const versions = await Promise.all(
      Array.from({ length: 12 }, (_, at) =>
        contacts.update(alice, bob, (before = newRosterItem(bob)) => ({
          ...before,
          groups: [...before.groups, `g${at}`],
        })),
      ),
    )
    assert.equal((await contacts.item(alice, bob))?.groups.length, 12)
    assert.equal(new Set(versions.map((change) => change.version)).size, 12)
  })

  test('a change that changes nothing keeps the version', async (t) => {
    const { directory } = await openTestDirectory(t, open)
    await directory.addUser({ account: alice })
    const version = await directory.contacts.put(alice, item(bob))
    const same = await directory.contacts.update(alice, bob, (before) => before)
    assert.equal(same.version, version)
    assert.deepEqual(same.before, item(bob))
    assert.equal((await directory.contacts.get(alice)).version, version)
  })

  test('each change is told once it is stored, in the order of versions, and before the next begins', async (t) => {
    const { directory } = await openTestDirectory(t, open)
    for (const account of [alice, bob]) await directory.addUser({ account })
    const { contacts } = directory
    const told: string[] = []
    const lists: Promise<string>[] = []
    const listening = contacts.onChange(({ account, contact, version, before, after }) => {
      told.push(
        `${account[0]} ${contact[0]} ${before?.name} → ${after?.name} ${version.split('-')[1]}`,
      )
      lists.push(contacts.get(account).then((list) => list.version.split('-')[1] ?? ''))
    })
    contacts.onChange(() => {
      throw new Error('a listener that fails is none of the others’ business')
    })
    const add = (letter: string) =>
      contacts.update(alice, bob, (known = item(bob)) => ({ ...known, name: known.name + letter }))
    await Promise.all([...'abc'].map(add))
    await contacts.update(alice, bob, (known) => known)
    await contacts.remove(alice, carol)
    await assert.rejects(contacts.put(carol, item(alice)))
    await contacts.put(bob, item(alice))
    await contacts.remove(alice, bob)
    assert.deepEqual(told, [
      'a b undefined → a 1',
      'a b a → ab 2',
      'a b ab → abc 3',
      'b a undefined →  1',
      'a b abc → undefined 4',
    ])
    for (const [at, version] of (await Promise.all(lists)).entries()) {
      assert.ok(version >= (told[at]?.at(-1) ?? ''), 'what is read then is not older')
    }
    listening[Symbol.dispose]()
    await contacts.remove(bob, alice)
    assert.equal(told.length, 5)
  })

  test('who made a change hears of it before the others, changed or not', async (t) => {
    const { directory } = await openTestDirectory(t, open)
    await directory.addUser({ account: alice })
    const { contacts } = directory
    const log: string[] = []
    contacts.onChange(() => log.push('told'))
    const stored = () => void log.push('stored')
    await contacts.update(alice, bob, () => item(bob), stored)
    await contacts.update(alice, bob, (known) => known, stored)
    assert.deepEqual(log, ['stored', 'told', 'stored'])
    const failing = contacts.update(
      alice,
      bob,
      () => undefined,
      () => {
        throw new Error('no')
      },
    )
    await assert.rejects(failing, /no/)
    assert.deepEqual(log.slice(3), ['told'])
  })

  test('nothing changes in a list that somebody has to himself', async (t) => {
    const { directory } = await openTestDirectory(t, open)
    for (const account of [alice, bob]) await directory.addUser({ account })
    const { contacts } = directory
    const { promise: gate, resolve: leave } = Promise.withResolvers<void>()
    const seen = contacts.exclusive(alice, async () => {
      await gate
      return (await contacts.get(alice)).items.size
    })
    const put = contacts.put(alice, item(bob))
    await contacts.put(bob, item(alice))
    leave()
    assert.equal(await seen, 0)
    await put
    assert.equal((await contacts.get(alice)).items.size, 1)
  })

  test('those who were asked for a subscription are found until they answer', async (t) => {
    const { directory } = await openTestDirectory(t, open)
    for (const account of [bob, alice]) await directory.addUser({ account })
    const { contacts } = directory
    assert.deepEqual(await contacts.accountsWithRequests(), [])
    const request = { pendingIn: true, inRoster: false }
    await contacts.put(bob, item(alice, request))
    await contacts.put(alice, item(bob, request))
    await contacts.put(alice, item(carol, request))
    assert.deepEqual(await contacts.accountsWithRequests(), [alice, bob])
    await contacts.remove(bob, alice)
    await contacts.put(alice, item(bob, { subscription: 'from' }))
    assert.deepEqual(await contacts.accountsWithRequests(), [alice])
  })

  test('a list has a bound, and only users have one', async (t) => {
    const { directory } = await openTestDirectory(t, open)
    await directory.addUser({ account: alice })
    const put = (at: number) =>
      directory.contacts.put(alice, item(requireJid(`c${at}@corp.example`).bare))
    for (let at = 0; at < 10; at += 1) await put(at)
    const code = (expected: string) => (error: unknown) =>
      error instanceof DirectoryError && error.code === expected
    await assert.rejects(put(10), code('TOO_MANY_CONTACTS'))
    await put(9)
    await assert.rejects(directory.contacts.put(bob, item(alice)), code('NO_SUCH_USER'))
  })

  test('a version that is unknown, from the future or of another life is too old', async (t) => {
    const { directory } = await openTestDirectory(t, open)
    await directory.addUser({ account: alice })
    const { contacts } = directory
    const version = await contacts.put(alice, item(bob))
    const [epoch = ''] = version.split('-')
    for (const text of [
      '',
      '1',
      `${epoch}-2`,
      `${epoch}-x`,
      `${epoch}-`,
      'ffffffff-1',
      'x'.repeat(9999),
    ]) {
      assert.equal((await contacts.changesSince(alice, text)).kind, 'too-old', text.slice(0, 20))
    }
    await directory.removeUser(alice)
    await directory.addUser({ account: alice })
    await contacts.put(alice, item(bob))
    assert.equal((await contacts.changesSince(alice, version)).kind, 'too-old')
  })

  test('removals are remembered up to a bound, and a client from before it gets the whole list', async (t) => {
    const { directory } = await openTestDirectory(t, open)
    await directory.addUser({ account: alice })
    const { contacts } = directory
    const start = await contacts.put(alice, item(bob))
    let recent = ''
    for (let at = 0; at <= MAX_REMOVALS; at += 1) {
      const contact = requireJid(`c${at}@corp.example`).bare
      const version = await contacts.put(alice, item(contact))
      if (at === 1) recent = version
      await contacts.remove(alice, contact)
    }
    assert.equal((await contacts.changesSince(alice, start)).kind, 'too-old')
    const delta = await contacts.changesSince(alice, recent)
    assert.equal(delta.kind === 'changes' && delta.changes.length, MAX_REMOVALS)
  })

  test('removing a user takes him off every list in one step', async (t) => {
    const { directory } = await openTestDirectory(t, open)
    const dave = requireJid('dave@west.example').bare
    for (const account of [alice, bob, dave]) await directory.addUser({ account })
    const { contacts } = directory
    const version = await contacts.put(alice, item(bob, { subscription: 'both' }))
    await contacts.put(dave, item(bob, { inRoster: false, pendingIn: true }))
    await contacts.put(bob, item(alice))
    await contacts.get(alice)
    const { affected } = await directory.removeUser(bob)
    assert.deepEqual(
      affected.map(({ account, removed }) => [account, removed.subscription]),
      [
        [alice, 'both'],
        [dave, 'none'],
      ],
    )
    assert.equal((await contacts.get(alice)).items.size, 0)
    const delta = await contacts.changesSince(alice, version)
    assert.equal(delta.kind === 'changes' && delta.changes[0]?.item, undefined)
    assert.equal((await contacts.get(bob)).version, '')
  })

  test('a client that catches up by deltas, whenever it does, has the list', async (t) => {
    const { directory } = await openTestDirectory(t, open)
    await directory.addUser({ account: alice })
    const { contacts } = directory
    const people = ['a', 'b', 'c'].map((local) => requireJid(`${local}@corp.example`).bare)
    const step = fc.record({
      contact: fc.constantFrom(...people),
      kind: fc.constantFrom('put', 'request', 'remove', 'catch-up'),
      name: fc.string({ unit: 'grapheme-ascii', maxLength: 3 }),
    })
    const client = { version: '', items: new Map<BareJid, RosterItem>() }
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 10 }), async (steps) => {
        for (const { contact, kind, name } of steps) {
          if (kind === 'put') await contacts.put(alice, item(contact, { name }))
          if (kind === 'remove') await contacts.remove(alice, contact)
          if (kind === 'request') await contacts.put(alice, item(contact, { inRoster: false }))
          if (kind === 'catch-up') await catchUp(contacts, client)
        }
        await catchUp(contacts, client)
        const list = await contacts.get(alice)
        const shown = new Map([...list.items].filter(([, item]) => item.inRoster))
        assert.equal(client.version, list.version)
        assert.deepEqual(client.items, shown)
      }),
      { numRuns: kind === 'sqlite' ? 60 : 15 },
    )
  })
})
