/** Accounts that came with some keys, and get the others (XEP-0480). */
import assert from 'node:assert/strict'
import { pbkdf2Sync } from 'node:crypto'
import { test } from 'node:test'
import type { BareJid } from '../../src/core/address.ts'
import { type Directory, openDirectory } from '../../src/directory/directory.ts'
import { ScramHasher, type ScramKeys, type ScramMechanism } from '../../src/directory/scram.ts'
import { silentLog } from '../../src/util/log.ts'
import { eachDatabase } from '../support/databases.ts'
import { openTestDirectory } from '../support/directory.ts'

const hasher = new ScramHasher()

async function keys(mechanism: ScramMechanism, password = 'secret'): Promise<ScramKeys> {
  return await hasher.derive(mechanism, password, { salt: Buffer.alloc(16, 7), iterations: 4096 })
}

async function came(directory: Directory, name: string): Promise<BareJid> {
  const { account } = await directory.addUser({ account: `${name}@corp.example` })
  await directory.partialKeys.adopt(account, new Map([['SCRAM-SHA-1', await keys('SCRAM-SHA-1')]]))
  return account
}

eachDatabase((_kind, open) => {
  test('who came with keys for one mechanism lacks the others, now and after a start', async (t) => {
    const { directory, database, clock } = await openTestDirectory(t, open)
    const account = await came(directory, 'anna')
    await directory.addUser({ account: 'full@corp.example', password: 'x' })
    const bare = await directory.addUser({ account: 'bare@corp.example' })
    const again = await openDirectory({ database, clock, log: silentLog })
    for (const { partialKeys } of [directory, again]) {
      assert.deepEqual(partialKeys.lacking(account), ['SCRAM-SHA-256', 'SCRAM-SHA-512'])
      assert.deepEqual(partialKeys.lacking('full@corp.example' as BareJid), [])
      assert.deepEqual(partialKeys.lacking(bare.account), [])
    }
    assert.deepEqual((await directory.scram(account, 'SCRAM-SHA-1'))?.salt, Buffer.alloc(16, 7))
    assert.equal(await directory.scram(account, 'SCRAM-SHA-256'), undefined)
  })

  test('a client gives what the others are made of, once', async (t) => {
    const { directory } = await openTestDirectory(t, open)
    const account = await came(directory, 'anna')
    const { partialKeys } = directory
    const iterations = partialKeys.scramIterations('SCRAM-SHA-256')
    const salt = Buffer.from('salt and pepper!')
    const saltedPassword = pbkdf2Sync('secret', salt, iterations, 32, 'sha256')
    await partialKeys.addScram(account, 'SCRAM-SHA-256', { salt, iterations, saltedPassword })
    assert.deepEqual(partialKeys.lacking(account), ['SCRAM-SHA-512'])
    const made = await directory.scram(account, 'SCRAM-SHA-256')
    const expected = await hasher.derive('SCRAM-SHA-256', 'secret', { salt, iterations })
    assert.deepEqual(made, expected)
    const other = { salt, iterations, saltedPassword: Buffer.alloc(32) }
    await partialKeys.addScram(account, 'SCRAM-SHA-256', other)
    assert.deepEqual(await directory.scram(account, 'SCRAM-SHA-256'), expected)
  })

  test('a password that is right is enough to make them all', async (t) => {
    const { directory } = await openTestDirectory(t, open)
    const account = await came(directory, 'anna')
    assert.equal(await directory.verifyPassword(account, 'wrong'), false)
    assert.equal(directory.partialKeys.lacking(account).length, 2)
    assert.equal(await directory.verifyPassword(account, 'secret'), true)
    while (directory.partialKeys.lacking(account).length > 0) {
      await new Promise((resolve) => setImmediate(resolve))
    }
    const made = await directory.scram(account, 'SCRAM-SHA-512')
    assert.ok(made && (await hasher.matches('SCRAM-SHA-512', 'secret', made)))
  })

  test('a new password, and the account’s end, leave nothing to be made', async (t) => {
    const { directory } = await openTestDirectory(t, open)
    const [anna, ben] = [await came(directory, 'anna'), await came(directory, 'ben')]
    await directory.setPassword(anna, 'new')
    await directory.removeUser(ben)
    for (const account of [anna, ben]) assert.deepEqual(directory.partialKeys.lacking(account), [])
    assert.equal(await directory.verifyPassword(anna, 'new'), true)
  })

  test('DIGEST-MD5 knows the realms of listeners besides the domain', async (t) => {
    const { database, clock } = await openTestDirectory(t, open)
    const options = { digestRealms: ['ps.example', 'corp.example'] }
    const directory = await openDirectory({ database, clock, log: silentLog }, options)
    await directory.updateDomain('corp.example', { digestMd5: true })
    const { account } = await directory.addUser({ account: 'a@corp.example', password: 'x' })
    const own = await directory.ha1(account, 'MD5', 'xmpp')
    assert.equal(await directory.ha1(account, 'MD5', 'xmpp', 'corp.example'), own)
    const other = await directory.ha1(account, 'MD5', 'xmpp', 'ps.example')
    assert.ok(other && other !== own)
    await directory.updateDomain('corp.example', { digestMd5: false })
    assert.equal(await directory.ha1(account, 'MD5', 'xmpp', 'ps.example'), undefined)
  })
})
