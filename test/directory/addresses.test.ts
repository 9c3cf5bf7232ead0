import assert from 'node:assert/strict'
import { test } from 'node:test'
import { requireJid } from '../../src/core/address.ts'
import { DirectoryError } from '../../src/directory/errors.ts'
import type { AddressType } from '../../src/directory/handles.ts'
import { eachDatabase } from '../support/databases.ts'
import { openTestDirectory } from '../support/directory.ts'

const alice = requireJid('alice@corp.example').bare
const bob = requireJid('bob@corp.example').bare

function refusal(code: string) {
  return (error: unknown) => error instanceof DirectoryError && error.code === code
}

eachDatabase((_kind, open) => {
  test('people are found by the domain of their addresses at other systems', async (t) => {
    const { directory } = await openTestDirectory(t, open)
    for (const account of [bob, alice]) await directory.addUser({ account })
    const give = async (account: typeof alice, type: AddressType, value: string) =>
      directory.addAddress(account, { type, value })
    await give(bob, 'msrtc', 'sip:bob@Lync.Example')
    await give(bob, 'other-xmpp', 'bob@lync.example')
    await give(bob, 'msrtc', 'sip:a%40lync.example@corp.example')
    await give(alice, 'other-xmpp', 'xmpp:alice@lync.example')
    await give(alice, 'other-xmpp', 'alice@sub.lync.example')
    await give(alice, 'sip', 'sip:alice@sip.example')
    await give(alice, 'exchange', 'alice@mail.example')
    assert.deepEqual(await directory.accountsWithAddressIn('lync.example'), [alice, bob])
    assert.deepEqual(await directory.accountsWithAddressIn('sub.lync.example'), [alice])
    assert.deepEqual(await directory.accountsWithAddressIn('corp.example'), [bob])
    for (const domain of ['sip.example', 'mail.example', 'example', '%', '']) {
      assert.deepEqual(await directory.accountsWithAddressIn(domain), [], domain)
    }
    await directory.removeUser(bob)
    assert.deepEqual(await directory.accountsWithAddressIn('lync.example'), [alice])
  })

  test('whose addresses changed is told after the change, and not where it was refused', async (t) => {
    const { directory } = await openTestDirectory(t, open)
    await directory.addUser({ account: alice })
    const told: string[] = []
    const seen: Promise<unknown>[] = []
    const listening = directory.onAddressesChanged((account) => {
      told.push(account)
      seen.push(directory.accountsWithAddressIn('lync.example'))
    })
    const address = { type: 'msrtc', value: 'sip:alice@lync.example' } as const
    await directory.addAddress(alice, address)
    // What the listener asks may be answered by another connection: not before the next change, then.
    await Promise.all(seen)
    await assert.rejects(directory.addAddress(alice, address), refusal('ADDRESS_EXISTS'))
    await directory.removeAddress(alice, address)
    await assert.rejects(directory.removeAddress(alice, address), refusal('NO_SUCH_ADDRESS'))
    await directory.updateUser(alice, { name: 'Alicia' })
    assert.deepEqual(told, [alice, alice])
    assert.deepEqual(await Promise.all(seen), [[alice], []])
    await directory.removeUser(alice)
    assert.equal(told.length, 3)
    await Promise.all(seen)
    listening[Symbol.dispose]()
  })

  test('an address of any type leads to its user, and away again when it is removed', async (t) => {
    const { directory } = await openTestDirectory(t, open)
    await directory.addUser({ account: alice })
    const addresses = [
      { type: 'sip', value: 'sip:5354424@corp.example' },
      { type: 'e164', value: '+1 (303) 535-4424' },
      { type: 'msrtc', value: 'sip:alice.b@lync.example' },
      { type: 'other-xmpp', value: 'alice@jabber.example' },
      { type: 'exchange', value: 'Alice.B@mail.example' },
      { type: 'notes', value: 'CN=Alice B/O=Acme' },
    ] as const
    for (const address of addresses) await directory.addAddress(alice, address)
    assert.deepEqual((await directory.user(alice))?.addresses, addresses)
    const user = { kind: 'user', account: alice }
    for (const { value } of addresses) assert.deepEqual(await directory.resolve(value), user, value)
    for (const address of addresses) {
      await directory.removeAddress(alice, address)
      assert.deepEqual(await directory.resolve(address.value), { kind: 'unknown' })
    }
    assert.deepEqual(await directory.resolve('sip:alice@corp.example'), user)
  })

  test('an address has one owner, whatever its type, and the refusal does not say who', async (t) => {
    const { directory } = await openTestDirectory(t, open)
    await directory.addUser({ account: alice })
    await directory.addUser({ account: bob })
    await directory.addAddress(alice, { type: 'exchange', value: 'team@mail.example' })
    const taken = [
      { type: 'exchange', value: 'mailto:TEAM@mail.example' },
      { type: 'sip', value: 'sip:team@mail.example' },
      { type: 'xmpp', value: 'alice@corp.example' },
      { type: 'sip', value: 'sips:Alice@Corp.Example:5061' },
    ] as const
    for (const address of taken) {
      await assert.rejects(directory.addAddress(bob, address), (error: unknown) => {
        assert.ok(error instanceof DirectoryError)
        assert.equal(error.code, 'ADDRESS_TAKEN')
        assert.match(error.message, new RegExp(address.type))
        assert.doesNotMatch(error.message, /alice/)
        assert.equal(error.holder, alice)
        return true
      })
    }
    assert.deepEqual((await directory.user(bob))?.addresses, [])
  })

  test('a user may have one address under several types, and keeps it until the last is gone', async (t) => {
    const { directory } = await openTestDirectory(t, open)
    await directory.addUser({ account: alice })
    await directory.addUser({ account: bob })
    const mail = { type: 'exchange', value: 'a@mail.example' } as const
    const sip = { type: 'sip', value: 'a@mail.example' } as const
    await directory.addAddress(alice, mail)
    await directory.addAddress(alice, sip)
    await assert.rejects(directory.addAddress(alice, sip), refusal('ADDRESS_EXISTS'))
    await directory.removeAddress(alice, mail)
    await assert.rejects(directory.addAddress(bob, mail), refusal('ADDRESS_TAKEN'))
    await directory.removeAddress(alice, sip)
    await directory.addAddress(bob, mail)
    await assert.rejects(directory.removeAddress(alice, mail), refusal('NO_SUCH_ADDRESS'))
    assert.deepEqual(await directory.resolve('sip:a@mail.example'), { kind: 'user', account: bob })
  })

  test('his account stays a user’s address when he gives up the same one', async (t) => {
    const { directory } = await openTestDirectory(t, open)
    await directory.addUser({ account: alice })
    await directory.addAddress(alice, { type: 'sip', value: 'sip:alice@corp.example' })
    await directory.removeAddress(alice, { type: 'sip', value: 'alice@corp.example' })
    assert.deepEqual(await directory.resolve(alice), { kind: 'user', account: alice })
  })

  test('an account that is somebody’s address cannot be made', async (t) => {
    const { directory } = await openTestDirectory(t, open)
    await directory.addUser({ account: alice })
    await directory.addAddress(alice, { type: 'sip', value: 'bob@corp.example' })
    await assert.rejects(directory.checkNewUser({ account: bob }), refusal('ADDRESS_TAKEN'))
    await assert.rejects(directory.addUser({ account: bob }), refusal('ADDRESS_TAKEN'))
    assert.equal(await directory.user(bob), undefined)
    await directory.removeUser(alice)
    await directory.addUser({ account: bob })
  })

  test('of many who claim one address at once, one gets it', async (t) => {
    const { directory } = await openTestDirectory(t, open)
    const accounts = Array.from({ length: 8 }, (_, at) => requireJid(`u${at}@corp.example`).bare)
    for (const account of accounts) await directory.addUser({ account })
    const types = ['sip', 'exchange', 'notes', 'msrtc'] as const
    const results = await Promise.allSettled(
      accounts.map((account, at) =>
        directory.addAddress(account, { type: types[at % 4] ?? 'sip', value: 'one@mail.example' }),
      ),
    )
    assert.equal(results.filter((result) => result.status === 'fulfilled').length, 1)
    for (const result of results) {
      if (result.status === 'rejected') assert.ok(refusal('ADDRESS_TAKEN')(result.reason))
    }
  })

  test('malformed and too many addresses, and those of nobody, are refused', async (t) => {
    const { directory } = await openTestDirectory(t, open)
    await directory.addUser({ account: alice })
    const bad = { type: 'e164', value: '+12x' } as const
    await assert.rejects(directory.addAddress(alice, bad), refusal('BAD_ADDRESS'))
    const good = { type: 'e164', value: '+12' } as const
    await assert.rejects(directory.addAddress(bob, good), refusal('NO_SUCH_USER'))
    for (let at = 0; at < 50; at += 1) {
      await directory.addAddress(alice, { type: 'e164', value: `+1${at}` })
    }
    await assert.rejects(
      directory.addAddress(alice, { type: 'e164', value: '+22' }),
      refusal('TOO_MANY_ADDRESSES'),
    )
    assert.deepEqual(await directory.resolve('+22'), { kind: 'unknown' })
  })

  test('each protocol has one primary URI', async (t) => {
    const { directory } = await openTestDirectory(t, open)
    await directory.addUser({ account: alice })
    assert.equal(await directory.primaryUri(alice, 'xmpp'), 'xmpp:alice@corp.example')
    assert.equal(await directory.primaryUri(alice, 'sip'), 'sip:alice@corp.example')
    assert.equal(await directory.primaryUri(alice, 'tel'), undefined)
    assert.equal(await directory.primaryUri(alice, 'mailto'), undefined)
    await directory.addAddress(alice, { type: 'notes', value: 'CN=Alice/O=Corp' })
    assert.equal(await directory.primaryUri(alice, 'mailto'), undefined)
    await directory.addAddress(alice, { type: 'exchange', value: 'a.smith@mail.example' })
    assert.equal(await directory.primaryUri(alice, 'mailto'), 'mailto:a.smith@mail.example')
    assert.equal(await directory.primaryUri(bob, 'sip'), undefined)
    await directory.addAddress(alice, { type: 'sip', value: 'sip:a%20b@bücher.example' })
    await directory.addAddress(alice, { type: 'sip', value: 'sip:later@corp.example' })
    await directory.addAddress(alice, { type: 'e164', value: '5354424' })
    const sip = await directory.primaryUri(alice, 'sip')
    assert.equal(sip, 'sip:a%20b@xn--bcher-kva.example')
    const tel = await directory.primaryUri(alice, 'tel')
    assert.equal(tel, 'tel:5354424;phone-context=corp.example')
    for (const uri of [sip, tel]) {
      assert.deepEqual(await directory.resolve(uri ?? ''), { kind: 'user', account: alice })
    }
  })
})
