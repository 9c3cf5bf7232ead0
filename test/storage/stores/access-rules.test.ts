import assert from 'node:assert/strict'
import { test } from 'node:test'
import { requireJid } from '../../../src/core/address.ts'
import { AccessRules, type StoredAccessRule } from '../../../src/storage/stores/access-rules.ts'
import { eachDatabase } from '../../support/databases.ts'
import { openTestDirectory } from '../../support/directory.ts'

const alice = requireJid('alice@corp.example').bare

function rule(changes: Partial<StoredAccessRule> = {}): StoredAccessRule {
  return {
    presentity: alice,
    watcher: 'bob@corp.example',
    level: 'All',
    enforced: false,
    action: 'block',
    refusesMessages: false,
    updatedAt: 1_700_000_000_000,
    ...changes,
  }
}

eachDatabase((_kind, open) => {
  test('rules are known by presentity, watcher, level and who made them, in order of bytes', async (t) => {
    const { kysely } = await open(t)
    const rules = new AccessRules(kysely)
    const other = [
      rule({ presentity: '*', watcher: '*', action: 'confirm' }),
      rule({ presentity: '@corp.example', watcher: '@*', refusesMessages: true }),
      rule({ presentity: 'Z@corp.example' }),
    ]
    const first = rule({ refusesMessages: true })
    const enforced = rule({ enforced: true, action: 'allow' })
    const narrow = rule({ level: 'Telephony', action: 'undefined' })
    await rules.put([narrow, enforced, first, ...other.toReversed()])
    assert.deepEqual(await rules.all(), [...other, first, enforced, narrow])
    const changed = rule({ action: 'allow', updatedAt: 1_700_000_000_001 })
    await rules.put([rule({ action: 'confirm' }), changed])
    assert.deepEqual(await rules.all(), [...other, changed, enforced, narrow])
    await rules.removeAll([changed, narrow, rule({ watcher: 'nobody@corp.example' })])
    assert.deepEqual(await rules.all(), [...other, enforced])
    await rules.put([])
    await rules.removeAll([])
  })

  test('what matches a filter is removed and counted', async (t) => {
    const { kysely } = await open(t)
    const rules = new AccessRules(kysely)
    await rules.put([
      rule(),
      rule({ enforced: true }),
      rule({ watcher: '*', action: 'allow' }),
      rule({ level: 'Telephony', action: 'allow' }),
      rule({ presentity: '*', action: 'allow' }),
    ])
    assert.equal(await rules.remove({ presentity: alice, enforced: false, action: 'block' }), 1)
    assert.equal(await rules.remove({ presentity: alice, level: 'Telephony' }), 1)
    assert.equal(await rules.remove({ watcher: 'no@corp.example' }), 0)
    assert.equal(await rules.remove({ enforced: true }), 1)
    assert.equal(await rules.remove({}), 2)
  })

  test('more rules than fit into one statement are put and removed', async (t) => {
    const database = await open(t)
    const many = Array.from({ length: 1_001 }, (_, at) => rule({ watcher: `w${at}@x.example` }))
    await database.transaction((trx) => new AccessRules(trx).put(many))
    const rules = new AccessRules(database.kysely)
    assert.equal((await rules.all()).length, many.length)
    await rules.removeAll(many.slice(1))
    assert.deepEqual(await rules.all(), many.slice(0, 1))
  })

  test('rules about a user or a domain go with it, and those about others stay', async (t) => {
    const { database, directory } = await openTestDirectory(t, open)
    await directory.addUser({ account: alice })
    const rules = new AccessRules(database.kysely)
    const kept = rule({ presentity: '*', watcher: '@partner.example' })
    const domain = [
      rule({ presentity: '@corp.example', watcher: '*' }),
      rule({ presentity: 'carol@west.example', watcher: '@corp.example' }),
    ]
    await rules.put([kept, ...domain, rule(), rule({ presentity: '*', watcher: alice })])
    await assert.rejects(directory.removeDomain('corp.example'))
    assert.equal((await rules.all()).length, 5)
    await directory.removeUser(alice)
    assert.deepEqual(await rules.all(), [kept, ...domain])
    await directory.removeDomain('corp.example')
    assert.deepEqual(await rules.all(), [kept])
    await assert.rejects(directory.removeUser(alice))
  })
})
