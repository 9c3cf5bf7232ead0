import assert from 'node:assert/strict'
import { test } from 'node:test'
import { requireJid } from '../../src/core/address.ts'
import type { InstantMessage } from '../../src/core/messaging/message.ts'
import { offlineStore } from '../../src/server/stores.ts'
import { eachDatabase } from '../support/databases.ts'
import { openTestDirectory } from '../support/directory.ts'

const alice = requireJid('alice@corp.example').bare

const message: InstantMessage = {
  from: requireJid('bob@corp.example/phone'),
  to: requireJid('alice@corp.example'),
  type: 'chat',
  id: undefined,
  thread: undefined,
  subject: undefined,
  body: 'later',
  origin: 'xmpp',
  delayedSince: undefined,
  storable: true,
  native: () => undefined,
}

eachDatabase((_kind, open) => {
  test('what is kept is found by a process that started since, and after the store was empty', async (t) => {
    const { database, directory } = await openTestDirectory(t, open)
    await directory.addUser({ account: alice })
    const before = await offlineStore(database.kysely, 10)
    assert.deepEqual(await before.list(alice, 0, 10), [])
    await before.add(alice, message, 1)

    const after = await offlineStore(database.kysely, 10)
    const [kept] = await after.list(alice, 0, 10)
    assert.equal(kept?.message.body, 'later')
    await after.remove(alice, [kept?.id ?? 0])
    assert.deepEqual(await after.list(alice, 0, 10), [])
    await after.add(alice, message, 2)
    assert.equal((await after.list(alice, 0, 10)).length, 1)
  })

  test('what a message says beside its text is kept with it (RFC 5438, XEP-0184)', async (t) => {
    const { database, directory } = await openTestDirectory(t, open)
    await directory.addUser({ account: alice })
    const store = await offlineStore(database.kysely, 10)
    const signals = {
      wants: ['delivered', 'displayed'],
      addressees: [{ copy: 'cc', address: 'carol@corp.example' }],
    } as const
    await store.add(alice, { ...message, signals }, 1)
    await store.add(alice, message, 2)
    const kept = await store.list(alice, 0, 10)
    assert.deepEqual(
      kept.map((one) => one.message.signals),
      [signals, undefined],
    )
  })

  test('a message that is kept while somebody looks is found by the next who looks', async (t) => {
    const { database, directory } = await openTestDirectory(t, open)
    await directory.addUser({ account: alice })
    const store = await offlineStore(database.kysely, 10)
    for (let round = 0; round < 20; round += 1) {
      await store.add(alice, message, round)
      const kept = await store.list(alice, 0, 10)
      await store.remove(
        alice,
        kept.map(({ id }) => id),
      )
      await Promise.all([store.list(alice, 0, 10), store.add(alice, message, round)])
      const found = await store.list(alice, 0, 10)
      assert.equal(found.length, 1)
      await store.remove(
        alice,
        found.map(({ id }) => id),
      )
    }
  })
})
