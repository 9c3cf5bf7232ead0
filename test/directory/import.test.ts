import assert from 'node:assert/strict'
import { test } from 'node:test'
import { requireJid } from '../../src/core/address.ts'
import { importUsers } from '../../src/directory/import.ts'
import { eachDatabase } from '../support/databases.ts'
import { openTestDirectory } from '../support/directory.ts'

const alice = requireJid('alice@corp.example').bare

eachDatabase((_kind, open) => {
  test('users come from a file with a header in any order, in pieces of any size', async (t) => {
    const { directory } = await openTestDirectory(t, open)
    const text =
      '\ufeffName,Address,Password\r\n"B, Alice",alice@corp.example,"pass ""word"""\r\nBöb,bob@west.example,\r\n'
    const bytes = Buffer.from(text)
    const pieces = Array.from({ length: bytes.length }, (_, at) => bytes.subarray(at, at + 1))
    const report = await importUsers(directory, pieces)
    assert.deepEqual(report, { added: 2, updated: 0, failed: [], failedTotal: 0 })
    assert.equal((await directory.user(alice))?.name, 'B, Alice')
    assert.equal(await directory.verifyPassword(alice, 'pass "word"'), true)
    const bob = requireJid('bob@west.example').bare
    assert.equal((await directory.user(bob))?.name, 'Böb')
    assert.equal(await directory.scram(bob, 'SCRAM-SHA-1'), undefined)
  })

  const FAULTY = [
    'alice@corp.example,x,Alice',
    'not an address,x',
    'bob@elsewhere.example,x',
    'ALICE@corp.example,y',
    'carol@corp.example,x,Carol,more',
    'd"ave@corp.example,x',
    'erin@corp.example,\u0007',
    '',
    'old@corp.example,x,Old',
    'frank@corp.example',
  ].join('\n')

  const FAILURES = [
    [2, 'BAD_ACCOUNT'],
    [3, 'NO_SUCH_DOMAIN'],
    [4, 'DUPLICATE'],
    [5, 'BAD_COLUMNS'],
    [6, 'BAD_QUOTES'],
    [7, 'BAD_PASSWORD'],
    [9, 'USER_EXISTS'],
  ]

  test('each line that is wrong is reported with its number, and a dry run says the same', async (t) => {
    const { directory } = await openTestDirectory(t, open)
    await directory.addUser({ account: 'old@corp.example' })
    for (const dryRun of [true, false]) {
      const report = await importUsers(directory, [FAULTY], { dryRun })
      assert.equal(report.added, 2)
      assert.deepEqual(
        report.failed.map(({ line, code }) => [line, code]),
        FAILURES,
      )
      assert.equal(await directory.countUsers(), dryRun ? 1 : 3)
    }
  })

  test('users who exist are changed where that is asked for', async (t) => {
    const { directory } = await openTestDirectory(t, open)
    await directory.addUser({ account: alice, password: 'old', name: 'Old' })
    const text = 'alice@corp.example,new,\nbob@corp.example,x'
    const dry = await importUsers(directory, [text], { existing: 'update', dryRun: true })
    assert.deepEqual([dry.added, dry.updated], [1, 1])
    assert.equal(await directory.verifyPassword(alice, 'old'), true)
    const report = await importUsers(directory, [text], { existing: 'update' })
    assert.deepEqual([report.added, report.updated], [1, 1])
    assert.equal(await directory.verifyPassword(alice, 'new'), true)
    assert.equal((await directory.user(alice))?.name, 'Old')
  })

  test('a file that is not text is read up to where it is not', async (t) => {
    const { directory } = await openTestDirectory(t, open)
    const bytes = [Buffer.from('alice@corp.example,x\n'), Buffer.from([0xff, 0xfe, 0x0a])]
    const report = await importUsers(directory, bytes)
    assert.equal(report.added, 1)
    assert.deepEqual(
      report.failed.map(({ line, code }) => [line, code]),
      [[2, 'BAD_ENCODING']],
    )
  })

  test('an import that is given up stops', async (t) => {
    const { directory } = await openTestDirectory(t, open)
    const stop = new AbortController()
    stop.abort()
    await assert.rejects(
      importUsers(directory, ['alice@corp.example'], { signal: stop.signal }),
      (error: unknown) => error instanceof Error && error.name === 'AbortError',
    )
    assert.equal(await directory.countUsers(), 0)
  })

  test('an import that the database fails is rejected, however slowly the file comes', async (t) => {
    const { directory, database } = await openTestDirectory(t, open)
    await database.kysely.schema.dropTable('handles').execute()
    async function* slowly() {
      yield 'alice@corp.example\nbob@'
      // By then the first line has failed.
      for (let round = 0; round < 20; round += 1) await directory.countUsers()
      yield 'corp.example\n'
    }
    await assert.rejects(importUsers(directory, slowly()), /handles/)
  })
})
