import assert from 'node:assert/strict'
import { test } from 'node:test'
import { requireJid } from '../../src/core/address.ts'
import { openDirectory } from '../../src/directory/directory.ts'
import { DirectoryError } from '../../src/directory/errors.ts'
import { silentLog } from '../../src/util/log.ts'
import { eachDatabase } from '../support/databases.ts'
import { openTestDirectory, QUICK_ITERATIONS } from '../support/directory.ts'

const alice = requireJid('alice@corp.example').bare
const bob = requireJid('bob@corp.example').bare
const nobody = requireJid('nobody@corp.example').bare

function refusal(code: string) {
  return (error: unknown) => error instanceof DirectoryError && error.code === code
}

eachDatabase((_kind, open) => {
  test('domains come and go, but not while they have users', async (t) => {
    const { directory } = await openTestDirectory(t, open)
    const removed: string[] = []
    directory.onDomainRemoved((name) => removed.push(name))
    assert.equal(directory.isLocal('corp.example'), true)
    assert.equal(directory.isLocal('elsewhere.example'), false)
    await assert.rejects(directory.addDomain('Corp.Example.'), refusal('DOMAIN_EXISTS'))
    for (const name of ['', 'a@b', 'a b', '-x', 'x/y', 'x'.repeat(5000)]) {
      await assert.rejects(directory.addDomain(name), refusal('BAD_DOMAIN'), name)
    }
    await directory.addUser({ account: alice })
    await assert.rejects(directory.removeDomain('corp.example'), refusal('DOMAIN_NOT_EMPTY'))
    await assert.rejects(directory.removeDomain('no.example'), refusal('NO_SUCH_DOMAIN'))
    await directory.removeUser(alice)
    await directory.removeDomain('corp.example')
    assert.deepEqual(removed, ['corp.example'])
    assert.deepEqual(
      directory.domains().map((domain) => domain.name),
      ['west.example'],
    )
  })

  test('users are added, changed, paged and removed', async (t) => {
    const { directory, clock } = await openTestDirectory(t, open)
    const added = await directory.addUser({ account: 'Alice@Corp.Example', name: ' Alice  ' })
    const expected = {
      account: alice,
      name: 'Alice',
      disabled: false,
      createdAt: clock.now(),
      avatar: undefined,
      addresses: [],
    }
    assert.deepEqual(added, expected)
    assert.deepEqual(await directory.user(alice), expected)
    assert.equal(await directory.exists(alice), true)
    assert.equal(directory.exists(alice), true)

    const disabled: string[] = []
    directory.onUserDisabled((account) => disabled.push(account))
    await directory.updateUser(alice, { name: 'Alicia' })
    await directory.updateUser(alice, { disabled: true })
    assert.deepEqual(await directory.user(alice), { ...expected, name: 'Alicia', disabled: true })
    assert.deepEqual(disabled, [alice])

    for (const local of ['c', 'b', 'B2', 'd']) {
      await directory.addUser({ account: `${local}@west.example` })
    }
    const names = (users: { account: string }[]) => users.map((user) => user.account[0]).join('')
    assert.equal(names(await directory.users()), 'abbcd')
    assert.equal(names(await directory.users({ domain: 'west.example', limit: 2 })), 'bb')
    assert.equal(names(await directory.users({ after: 'b@west.example' })), 'cd')
    assert.equal(await directory.countUsers(), 5)

    const gone: string[] = []
    directory.onUserRemoved((event) => gone.push(event.account))
    await directory.removeUser(alice)
    assert.deepEqual(gone, [alice])
    assert.equal(await directory.user(alice), undefined)
    assert.equal(directory.exists(alice), false)
    await assert.rejects(directory.removeUser(alice), refusal('NO_SUCH_USER'))
    await assert.rejects(directory.updateUser(alice, { name: 'x' }), refusal('NO_SUCH_USER'))
  })

  test('what is wrong with a new user is said by a code', async (t) => {
    const { directory } = await openTestDirectory(t, open)
    await directory.addUser({ account: alice })
    const cases = [
      ['USER_EXISTS', { account: 'ALICE@corp.example' }],
      ['NO_SUCH_DOMAIN', { account: 'x@elsewhere.example' }],
      ['BAD_ACCOUNT', { account: 'corp.example' }],
      ['BAD_ACCOUNT', { account: 'x@corp.example/phone' }],
      ['BAD_ACCOUNT', { account: `${'x'.repeat(2000)}@corp.example` }],
      ['BAD_NAME', { account: bob, name: 'a\u0000b' }],
      ['BAD_NAME', { account: bob, name: 'n'.repeat(257) }],
      ['BAD_PASSWORD', { account: bob, password: '' }],
      ['BAD_PASSWORD', { account: bob, password: '\u0007' }],
    ] as const
    for (const [code, user] of cases) {
      await assert.rejects(directory.checkNewUser(user), refusal(code), code)
      await assert.rejects(directory.addUser(user), refusal(code), code)
    }
    assert.equal(await directory.countUsers(), 1)
  })

  test('of two who add the same user at once, one is told that he exists', async (t) => {
    const { directory } = await openTestDirectory(t, open)
    const adding = [1, 2, 3].map(() => directory.addUser({ account: alice, password: 'x' }))
    const results = await Promise.allSettled(adding)
    assert.equal(results.filter((result) => result.status === 'fulfilled').length, 1)
    for (const result of results) {
      if (result.status === 'rejected') assert.ok(refusal('USER_EXISTS')(result.reason))
    }
    assert.equal(await directory.verifyPassword(alice, 'x'), true)
  })

  test('a password is checked, changed, and nowhere in the database', async (t) => {
    const { directory, database } = await openTestDirectory(t, open)
    await directory.addUser({ account: alice, password: 'correct horse' })
    const changed: string[] = []
    directory.onPasswordChanged((account) => changed.push(account))
    assert.equal(await directory.verifyPassword(alice, 'correct horse'), true)
    assert.equal(await directory.verifyPassword(alice, 'correct\u00a0horse'), true)
    assert.equal(await directory.verifyPassword(alice, 'Correct horse'), false)
    assert.equal(await directory.verifyPassword(alice, ''), false)
    assert.equal(await directory.verifyPassword(nobody, 'correct horse'), false)
    await directory.setPassword(alice, 'battery staple')
    assert.deepEqual(changed, [alice])
    assert.equal(await directory.verifyPassword(alice, 'correct horse'), false)
    assert.equal(await directory.verifyPassword(alice, 'battery staple'), true)
    await assert.rejects(directory.setPassword(nobody, 'x'), refusal('NO_SUCH_USER'))
    await assert.rejects(directory.setPassword(alice, ''), refusal('BAD_PASSWORD'))
    const rows = await database.kysely.selectFrom('credentials').selectAll().execute()
    assert.equal(rows.length, 3)
    assert.doesNotMatch(JSON.stringify(rows), /horse|staple/)
    assert.deepEqual(await database.kysely.selectFrom('digest_hashes').selectAll().execute(), [])
  })

  test('a user without a password cannot sign in', async (t) => {
    const { directory } = await openTestDirectory(t, open)
    await directory.addUser({ account: alice })
    assert.equal(await directory.scram(alice, 'SCRAM-SHA-256'), undefined)
    assert.equal(await directory.verifyPassword(alice, ''), false)
  })

  test('a disabled user looks like one without a password, until he is enabled', async (t) => {
    const { directory } = await openTestDirectory(t, open)
    await directory.updateDomain('corp.example', { digestMd5: true, sipDigest: 'both' })
    await directory.addUser({ account: alice, password: 'x' })
    const hashes = () =>
      Promise.all([
        directory.scram(alice, 'SCRAM-SHA-1'),
        directory.ha1(alice, 'MD5', 'xmpp'),
        directory.ha1(alice, 'SHA-256', 'sip'),
        directory.ha1(alice, 'SHA-256', 'sip-address'),
      ])
    await directory.updateUser(alice, { disabled: true })
    assert.deepEqual(await hashes(), [undefined, undefined, undefined, undefined])
    assert.equal(await directory.verifyPassword(alice, 'x'), false)
    await directory.updateUser(alice, { disabled: false })
    assert.equal((await hashes()).includes(undefined), false)
    assert.equal(await directory.verifyPassword(alice, 'x'), true)
  })

  test('keys that were looked up before are not those of a password that was changed since', async (t) => {
    const { directory } = await openTestDirectory(t, open)
    const salt = async () => (await directory.scram(alice, 'SCRAM-SHA-1'))?.salt
    assert.equal(await salt(), undefined)
    await directory.addUser({ account: alice, password: 'x' })
    const first = await salt()
    assert.ok(first)
    assert.deepEqual(await salt(), first)
    await directory.setPassword(alice, 'y')
    assert.notDeepEqual(await salt(), first)
    await directory.removeUser(alice)
    assert.equal(await salt(), undefined)
  })

  test('keys of each mechanism are there, and decoys survive a restart', async (t) => {
    const { directory, database, clock } = await openTestDirectory(t, open)
    await directory.addUser({ account: alice, password: 'x' })
    const sizes = { 'SCRAM-SHA-1': 20, 'SCRAM-SHA-256': 32, 'SCRAM-SHA-512': 64 } as const
    for (const mechanism of ['SCRAM-SHA-1', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const) {
      const keys = await directory.scram(alice, mechanism)
      assert.equal(keys?.storedKey.length, sizes[mechanism])
      assert.equal(keys?.serverKey.length, sizes[mechanism])
      assert.equal(keys?.iterations, 4_096)
    }
    const again = await openDirectory(
      { database, clock, log: silentLog },
      { scramIterations: QUICK_ITERATIONS },
    )
    const decoy = directory.fakeScram(nobody, 'SCRAM-SHA-256')
    assert.deepEqual(again.fakeScram(nobody, 'SCRAM-SHA-256'), decoy)
    assert.notDeepEqual(again.fakeScram(bob, 'SCRAM-SHA-256').salt, decoy.salt)
  })

  test('digest hashes are kept from when they are turned on to when they are turned off', async (t) => {
    const { directory } = await openTestDirectory(t, open)
    await directory.addUser({ account: alice, password: 'x' })
    const settings = { digestMd5: true, sipDigest: 'both' } as const
    await directory.updateDomain('corp.example', settings)
    assert.equal(directory.domain('corp.example')?.sipDigest, 'both')
    assert.equal(await directory.ha1(alice, 'MD5', 'sip'), undefined)
    await directory.setPassword(alice, 'x')
    assert.match((await directory.ha1(alice, 'MD5', 'xmpp')) ?? '', /^[0-9a-f]{32}$/)
    assert.match((await directory.ha1(alice, 'SHA-256', 'sip')) ?? '', /^[0-9a-f]{64}$/)
    const addressed = await directory.ha1(alice, 'SHA-256', 'sip-address')
    assert.match(addressed ?? '', /^[0-9a-f]{64}$/)
    assert.notEqual(addressed, await directory.ha1(alice, 'SHA-256', 'sip'))
    await directory.updateDomain('corp.example', { sipDigest: 'sha-256' })
    assert.equal(await directory.ha1(alice, 'MD5', 'sip'), undefined)
    assert.equal(await directory.ha1(alice, 'MD5', 'sip-address'), undefined)
    assert.notEqual(await directory.ha1(alice, 'SHA-256', 'sip'), undefined)
    assert.notEqual(await directory.ha1(alice, 'MD5', 'xmpp'), undefined)
    await assert.rejects(directory.updateDomain('no.example', {}), refusal('NO_SUCH_DOMAIN'))
  })

  test('a domain says by which table its people’s states are composed, and keeps it', async (t) => {
    const { directory, database, clock } = await openTestDirectory(t, open)
    assert.equal(directory.domain('corp.example')?.composition, 'enterprise')
    await directory.updateDomain('corp.example', { composition: 'microsoft' })
    await directory.updateDomain('corp.example', { digestMd5: true })
    await directory.addDomain('north.example', { composition: 'microsoft' })
    const again = await openDirectory({ database, clock, log: silentLog })
    assert.deepEqual(
      again.domains().map(({ name, composition }) => [name, composition]),
      [
        ['corp.example', 'microsoft'],
        ['north.example', 'microsoft'],
        ['west.example', 'enterprise'],
      ],
    )
  })

  test('a listener that fails stops neither the change nor the others', async (t) => {
    const { directory } = await openTestDirectory(t, open)
    const heard: string[] = []
    await directory.addUser({ account: alice, password: 'x' })
    directory.onPasswordChanged(() => {
      throw new Error('listener')
    })
    const listening = directory.onPasswordChanged((account) => heard.push(account))
    await directory.setPassword(alice, 'y')
    listening[Symbol.dispose]()
    await directory.setPassword(alice, 'z')
    assert.deepEqual(heard, [alice])
  })
})
