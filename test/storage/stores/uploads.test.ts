/** XEP-0363: what is known of the files that users shared. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type UploadRecord, UploadRecords } from '../../../src/storage/stores/uploads.ts'
import { eachDatabase } from '../../support/databases.ts'
import { openTestDirectory } from '../../support/directory.ts'

const alice = 'alice@corp.example'
const bob = 'bob@corp.example'
const NOW = 1_900_000_000_000
const MESSAGES = ['message', 'ephemeral']

function record(id: string, changes: Partial<UploadRecord> = {}): UploadRecord {
  return {
    id,
    account: alice,
    name: 'très cool.jpg',
    contentType: 'image/jpeg',
    size: 100,
    purpose: 'message',
    createdAt: NOW,
    expiresAt: NOW + 1000,
    ...changes,
  }
}

eachDatabase((_kind, open) => {
  async function begin(t: Parameters<typeof openTestDirectory>[0]) {
    const { database, directory } = await openTestDirectory(t, open)
    for (const account of [alice, bob]) await directory.addUser({ account })
    const records = new UploadRecords(database.kysely)
    const store = async (id: string, changes?: Partial<UploadRecord>) => {
      await records.add(record(id, changes))
      await records.finish(id)
    }
    return { directory, records, store }
  }

  test('a file is known from when it begins to arrive, and once', async (t) => {
    const { records } = await begin(t)
    assert.equal(await records.add(record('a')), true)
    assert.equal(await records.add(record('a', { account: bob })), false)
    assert.deepEqual(await records.get('a'), { ...record('a'), state: 'arriving' })
    assert.deepEqual(await records.arriving(), ['a'])
    assert.deepEqual(await records.list(alice, { limit: 10 }), [])
    assert.equal(await records.finish('a'), true)
    assert.equal(await records.finish('a'), false)
    assert.deepEqual(await records.arriving(), [])
    assert.deepEqual(await records.get('a'), { ...record('a'), state: 'stored' })
    await records.discard('a')
    assert.equal((await records.get('a'))?.state, 'stored')
    assert.equal(await records.get('b'), undefined)
  })

  test('one that did not come is forgotten', async (t) => {
    const { records } = await begin(t)
    await records.add(record('a'))
    await records.discard('a')
    assert.equal(await records.get('a'), undefined)
    assert.equal(await records.add(record('a')), true)
  })

  test('a user’s files are listed in order of arrival, a page at a time', async (t) => {
    const { records, store } = await begin(t)
    await store('b', { createdAt: NOW })
    await store('c', { createdAt: NOW + 1, expiresAt: undefined })
    await store('a', { createdAt: NOW })
    await store('z', { account: bob })
    const [first, second] = await records.list(alice, { limit: 2 })
    assert.deepEqual([first?.id, second?.id], ['a', 'b'])
    const [third, ...more] = await records.list(alice, { after: second?.id, limit: 2 })
    assert.deepEqual(third, {
      ...record('c', { createdAt: NOW + 1, expiresAt: undefined }),
      state: 'stored',
    })
    assert.deepEqual(more, [])
    assert.deepEqual(await records.list(alice, { after: 'x', limit: 2 }), [])
  })

  test('what a user holds is counted by purpose, and what he brought by time', async (t) => {
    const { records, store } = await begin(t)
    assert.deepEqual(await records.held(alice, MESSAGES), { files: 0, bytes: 0 })
    await store('a', { size: 1, createdAt: NOW - 10 })
    await store('b', { size: 2, purpose: 'ephemeral' })
    await store('c', { size: 4, purpose: 'profile' })
    await records.add(record('d', { size: 8 }))
    await store('e', { size: 16, account: bob })
    assert.deepEqual(await records.held(alice, MESSAGES), { files: 3, bytes: 11 })
    assert.deepEqual(await records.held(alice, ['profile']), { files: 1, bytes: 4 })
    assert.deepEqual(await records.came(alice, NOW - 10), { files: 3, bytes: 14 })
    assert.deepEqual(await records.total(), { files: 5, bytes: 31 })
    for (const id of ['a', 'b']) assert.equal(await records.removed(id), true)
    assert.deepEqual(await records.held(alice, MESSAGES), { files: 1, bytes: 8 })
    assert.deepEqual(await records.came(alice, 0), { files: 4, bytes: 15 })
    assert.deepEqual(await records.total(), { files: 3, bytes: 28 })
  })

  test('when a user has room again can be told', async (t) => {
    const { records, store } = await begin(t)
    await store('a', { size: 1, createdAt: NOW, expiresAt: NOW + 3 })
    await store('b', { size: 2, createdAt: NOW + 1, expiresAt: NOW + 2 })
    await store('c', { size: 3, createdAt: NOW + 2, expiresAt: undefined })
    assert.deepEqual(await records.arrivals(alice, { since: NOW, limit: 5 }), [
      { size: 2, at: NOW + 1 },
      { size: 3, at: NOW + 2 },
    ])
    assert.deepEqual(await records.departures(alice, { purposes: MESSAGES, limit: 5 }), [
      { size: 2, at: NOW + 2 },
      { size: 1, at: NOW + 3 },
    ])
    assert.equal((await records.departures(alice, { purposes: MESSAGES, limit: 1 })).length, 1)
  })

  test('what is over is found, and forgotten when limits of a day no longer count it', async (t) => {
    const { records, store } = await begin(t)
    await store('a', { size: 5, expiresAt: NOW })
    await store('b', { expiresAt: NOW + 1 })
    await store('c', { expiresAt: undefined })
    await records.add(record('d', { expiresAt: NOW }))
    assert.deepEqual(await records.expired(NOW, 10), [{ id: 'a', size: 5 }])
    assert.equal(await records.removed('a'), true)
    for (const id of ['a', 'd', 'x']) assert.equal(await records.removed(id), false)
    assert.deepEqual(await records.expired(NOW, 10), [])
    assert.equal((await records.get('a'))?.state, 'removed')
    await records.forgetRemoved(NOW)
    assert.equal((await records.get('a'))?.state, 'removed')
    await records.forgetRemoved(NOW + 1)
    assert.equal(await records.get('a'), undefined)
    assert.equal((await records.get('b'))?.state, 'stored')
    assert.equal((await records.get('d'))?.state, 'arriving')
  })

  test('when a user goes his files are nobody’s, and known until they are gone', async (t) => {
    const { directory, records, store } = await begin(t)
    await store('a', { size: 7 })
    await records.add(record('b'))
    await assert.rejects(records.add(record('c', { account: 'nobody@corp.example' })))
    const [user] = await directory.users()
    assert.equal(user?.account, alice)
    if (user) await directory.removeUser(user.account)
    await directory.addUser({ account: alice })
    assert.equal(await records.get('a'), undefined)
    assert.deepEqual(await records.list(alice, { limit: 10 }), [])
    assert.equal(await records.finish('b'), false)
    await records.discard('b')
    assert.deepEqual(await records.orphaned(10), [{ id: 'a', size: 7 }])
    assert.equal(await records.removed('a'), true)
    await records.forgetRemoved(0)
    assert.deepEqual(await records.total(), { files: 0, bytes: 0 })
    assert.deepEqual(await records.orphaned(10), [])
  })
})
