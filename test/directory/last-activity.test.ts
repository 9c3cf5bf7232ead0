import assert from 'node:assert/strict'
import { test } from 'node:test'
import { requireJid } from '../../src/core/address.ts'
import { LastActivity } from '../../src/directory/last-activity.ts'
import { type Log, silentLog } from '../../src/util/log.ts'
import { eachDatabase } from '../support/databases.ts'
import { openTestDirectory } from '../support/directory.ts'
import { FakeClock } from '../support/fake-clock.ts'

const alice = requireJid('alice@corp.example').bare
const bob = requireJid('bob@corp.example').bare

eachDatabase((_kind, open) => {
  test('who left, when and with which words is known at once, and after a restart', async (t) => {
    const { database, directory } = await openTestDirectory(t, open)
    await directory.addUser({ account: alice })
    const clock = new FakeClock()
    const deps = { database, clock, log: silentLog }
    {
      await using activity = new LastActivity(deps)
      activity.withWords('Lunch', () => activity.left(alice, 5))
      activity.left(bob, 6)
      assert.deepEqual(await activity.of(alice), { at: 5, words: 'Lunch' })
      activity.left(alice, 7)
      assert.deepEqual(await activity.of(alice), { at: 7, words: '' })
    }
    await using activity = new LastActivity(deps)
    assert.deepEqual(await activity.of(alice), { at: 7, words: '' })
    assert.equal(await activity.of(bob), undefined, 'he is no user')
  })

  test('a thousand who leave at once are written together, a second later', async (t) => {
    const { database, directory } = await openTestDirectory(t, open)
    const clock = new FakeClock()
    await using activity = new LastActivity({ database, clock, log: silentLog })
    const accounts = Array.from({ length: 1_001 }, (_, n) => requireJid(`u${n}@corp.example`).bare)
    const [first, last] = [accounts[0], accounts.at(-1)]
    for (const account of [first, last]) if (account) await directory.addUser({ account })
    for (const [at, account] of accounts.entries()) activity.left(account, at)
    clock.advance(1_000)
    await activity[Symbol.asyncDispose]()
    const others = new LastActivity({ database, clock, log: silentLog })
    assert.deepEqual(first && (await others.of(first)), { at: 0, words: '' })
    assert.deepEqual(last && (await others.of(last)), { at: 1_000, words: '' })
  })

  test('what cannot be written is given up, and said', async (t) => {
    const { database } = await openTestDirectory(t, open)
    const said: unknown[] = []
    const log: Log = {
      ...silentLog,
      error: (fields: { what: string }) => void said.push(fields.what),
    }
    await database.kysely.schema.dropTable('last_activity').execute()
    const activity = new LastActivity({ database, clock: new FakeClock(), log })
    activity.left(alice, 5)
    await activity[Symbol.asyncDispose]()
    assert.deepEqual(said, ['last_activity_not_written'])
  })
})
