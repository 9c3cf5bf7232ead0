import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type OfflineMessage,
  OfflineMessages,
} from '../../../src/storage/stores/offline-messages.ts'
import { eachDatabase } from '../../support/databases.ts'
import { openTestDirectory } from '../../support/directory.ts'

const alice = 'alice@corp.example'
const bob = 'bob@corp.example'

function message(body: string, changes: Partial<OfflineMessage> = {}): OfflineMessage {
  return {
    sender: `${bob}/phone`,
    recipient: alice,
    type: 'chat',
    messageId: undefined,
    thread: undefined,
    subject: undefined,
    body,
    origin: 'xmpp',
    native: undefined,
    signals: undefined,
    storedAt: 1_900_000_000_000,
    ...changes,
  }
}

eachDatabase((_kind, open) => {
  test('offline messages come back as they went in, in order, a page at a time', async (t) => {
    const { database, directory } = await openTestDirectory(t, open)
    await directory.addUser({ account: alice })
    const store = new OfflineMessages(database.kysely)
    const full = message('füll ✔', {
      messageId: 'm1',
      thread: 't1',
      subject: 's',
      native: '<message/>',
      origin: 'sip',
      stableId: 'id1',
      expiresAt: 1_900_000_100_000,
      mailAt: 1_900_000_000_500,
    })
    assert.equal(await store.add(alice, full, 10), 'stored')
    for (const body of ['b', 'c', 'd']) await store.add(alice, message(body), 10)
    const [first, second] = await store.list(alice, { limit: 2 })
    assert.deepEqual(first, { id: first?.id, ...full })
    const nothing = { stableId: undefined, expiresAt: undefined, mailAt: undefined }
    assert.deepEqual(second, { id: second?.id, ...message('b'), ...nothing })
    const rest = await store.list(alice, { after: second?.id ?? 0 })
    assert.deepEqual(
      rest.map((one) => one.body),
      ['c', 'd'],
    )
    await store.remove(bob, [rest[0]?.id ?? 0])
    await store.remove(alice, [first?.id ?? 0, rest[0]?.id ?? 0])
    await store.remove(alice, [])
    const left = await store.list(alice)
    assert.deepEqual(
      left.map((one) => one.body),
      ['b', 'd'],
    )
  })

  test('single messages are found, and all of an account’s removed', async (t) => {
    const { database, directory } = await openTestDirectory(t, open)
    for (const account of [alice, bob]) await directory.addUser({ account })
    const store = new OfflineMessages(database.kysely)
    for (const body of ['a', 'b', 'c']) await store.add(alice, message(body), 10)
    await store.add(bob, message('other'), 10)
    const ids = (await store.list(alice)).map(({ id }) => id)
    const [a = 0, , c = 0] = ids
    const others = (await store.list(bob)).map(({ id }) => id)
    const found = await store.get(alice, [c, a, 999_999, ...others])
    assert.deepEqual(
      found.map(({ body }) => body),
      ['a', 'c'],
    )
    assert.deepEqual(await store.get(alice, []), [])
    await store.clear(alice)
    assert.equal(await store.count(alice), 0)
    assert.equal(await store.count(bob), 1)
  })

  test('an account’s store fills up, and has room again when it is read', async (t) => {
    const { database, directory } = await openTestDirectory(t, open)
    for (const account of [alice, bob]) await directory.addUser({ account })
    const store = new OfflineMessages(database.kysely)
    for (const body of ['1', '2', '3'])
      assert.equal(await store.add(alice, message(body), 3), 'stored')
    assert.equal(await store.add(alice, message('4'), 3), 'full')
    assert.equal(await store.add(bob, message('1'), 3), 'stored')
    const [first] = await store.list(alice)
    await store.remove(alice, [first?.id ?? 0])
    assert.equal(await store.add(alice, message('5'), 3), 'stored')
    assert.equal(await store.count(alice), 3)
    assert.equal(await store.removeOlderThan(message('').storedAt + 1), 4)
  })

  test('nothing is kept for an account that does not exist, or longer than it does', async (t) => {
    const { database, directory } = await openTestDirectory(t, open)
    const store = new OfflineMessages(database.kysely)
    await assert.rejects(store.add(alice, message('x'), 3))
    const { account } = await directory.addUser({ account: alice })
    await store.add(alice, message('x'), 3)
    await directory.removeUser(account)
    assert.equal(await store.count(alice), 0)
  })

  test('many messages at once keep the order in which they were given', async (t) => {
    const { database, directory } = await openTestDirectory(t, open)
    await directory.addUser({ account: alice })
    const store = new OfflineMessages(database.kysely)
    const bodies = Array.from({ length: 700 }, (_, at) => String(at))
    const adding = bodies.map((body) => store.add(alice, message(body), 1_000))
    assert.deepEqual(new Set(await Promise.all(adding)), new Set(['stored']))
    const kept = await store.list(alice)
    // PostgreSQL's connections race; one sender's messages are added one after another.
    if (database.kind === 'sqlite')
      assert.deepEqual(
        kept.map((one) => one.body),
        bodies,
      )
    await store.remove(
      alice,
      kept.map((one) => one.id),
    )
    assert.equal(await store.count(alice), 0)
  })
})
