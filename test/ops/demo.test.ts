import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { requireJid } from '../../src/core/address.ts'
import { openDirectory } from '../../src/directory/directory.ts'
import { requireDemoUsers } from '../../src/ops/demo.ts'
import { openDatabase } from '../../src/storage/database.ts'
import { silentLog } from '../../src/util/log.ts'
import { FakeClock } from '../support/fake-clock.ts'

async function setUp() {
  const clock = new FakeClock()
  const database = await openDatabase('sqlite::memory:', { clock })
  const directory = await openDirectory({ database, clock, log: silentLog })
  await directory.addDomain('localhost')
  return { directory, [Symbol.asyncDispose]: () => database[Symbol.asyncDispose]() }
}

const account = (name: string) => requireJid(`${name}@localhost`).bare
const NAMES = ['alice', 'bob', 'carol', 'dave']

describe('the demonstration', () => {
  it('has four users with one password, who sign in by XMPP and by SIP', async () => {
    await using kit = await setUp()
    const { accounts, password } = await requireDemoUsers(kit.directory)
    assert.deepEqual(accounts, NAMES.map(account))
    assert.ok(password)
    for (const name of NAMES) {
      assert.ok(await kit.directory.verifyPassword(account(name), password))
      assert.ok(await kit.directory.ha1(account(name), 'MD5', 'sip'))
    }
  })

  it('has everybody on everybody’s list, each seeing the other', async () => {
    await using kit = await setUp()
    await requireDemoUsers(kit.directory)
    for (const name of NAMES) {
      const { items } = await kit.directory.contacts.get(account(name))
      assert.deepEqual(
        [...items.keys()].sort(),
        NAMES.filter((other) => other !== name).map(account),
      )
      for (const { subscription } of items.values()) assert.equal(subscription, 'both')
    }
  })

  it('is left alone the second time: no password changes, no contact comes back', async () => {
    await using kit = await setUp()
    const { password = '' } = await requireDemoUsers(kit.directory)
    await kit.directory.contacts.remove(account('alice'), account('dave'))
    assert.deepEqual(await requireDemoUsers(kit.directory), {
      accounts: NAMES.map(account),
      password: undefined,
    })
    assert.ok(await kit.directory.verifyPassword(account('alice'), password))
    const { items } = await kit.directory.contacts.get(account('alice'))
    assert.equal(items.has(account('dave')), false)
  })

  it('makes again who was removed, and tells the new password for that one', async () => {
    await using kit = await setUp()
    await requireDemoUsers(kit.directory)
    await kit.directory.removeUser(account('carol'))
    const { accounts, password } = await requireDemoUsers(kit.directory)
    assert.deepEqual(accounts, [account('carol')])
    assert.ok(password && (await kit.directory.verifyPassword(account('carol'), password)))
    const { items } = await kit.directory.contacts.get(account('bob'))
    assert.equal(items.get(account('carol'))?.subscription, 'both')
  })
})
