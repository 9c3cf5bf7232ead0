/** URIs of people, `pres:` (RFC 3859) and `im:` (RFC 3860) among them, and the users whom they name. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type BareJid, requireJid } from '../../src/core/address.ts'
import type { Directory } from '../../src/directory/directory.ts'
import { DirectoryError } from '../../src/directory/errors.ts'
import { type AddressType, parseAddress } from '../../src/directory/handles.ts'
import { eachDatabase } from '../support/databases.ts'
import { openTestDirectory } from '../support/directory.ts'

const alice = requireJid('alice@corp.example').bare
const bob = requireJid('bob@west.example').bare

/** Two users with numbers of every kind. */
async function populate(directory: Directory): Promise<void> {
  await directory.addUser({ account: alice })
  await directory.addUser({ account: bob })
  await directory.addAddress(alice, { type: 'e164', value: '+13035354424' })
  await directory.addAddress(alice, { type: 'sip', value: '5354424@corp.example' })
  await directory.addAddress(bob, { type: 'sip', value: '5354425@west.example' })
  await directory.addAddress(alice, { type: 'sip', value: '100@corp.example' })
  await directory.addAddress(bob, { type: 'sip', value: '100@west.example' })
  await directory.addAddress(bob, { type: 'sip', value: '+4930111@west.example' })
}

const CASES: [string, BareJid | 'unknown' | 'ambiguous' | 'malformed'][] = [
  ['alice@corp.example', alice],
  ['Alice@CORP.example/phone', alice],
  ['sip:alice@corp.example:5070;transport=tls?subject=x', alice],
  ['SIPS:ALICE@corp.example', alice],
  ['pres:alice@corp.example', alice],
  ['im:alice@corp.example', alice],
  ['mailto:alice@corp.example?subject=x', alice],
  ['xmpp:alice@corp.example?message;body=hi', alice],
  ['sip:%61lice@corp.example', alice],
  ['+13035354424', alice],
  ['+1 303 535-4424', alice],
  ['13035354424', alice],
  ['tel:+1-303-535-4424', alice],
  ['sip:+13035354424@corp.example;user=phone', alice],
  ['sip:+13035354424@sm1.corp.example', alice],
  ['sip:+13035354424@gateway.other.example;user=phone', alice],
  ['sip:+13035354424@gateway.other.example', 'unknown'],
  ['5354424', alice],
  ['sip:5354424', alice],
  ['5354425', bob],
  ['sip:5354425@proxy.west.example', bob],
  // A private number at a domain of ours is that domain's.
  ['sip:5354425@corp.example', 'unknown'],
  ['sip:5354425@corp.example;user=phone', bob],
  ['sip:5354425@elsewhere.example', 'unknown'],
  ['sip:5354425@elsewhere.example;user=phone', 'unknown'],
  ['tel:5354425;phone-context=west.example', bob],
  ['100', 'ambiguous'],
  ['sip:100@corp.example', alice],
  ['100@west.example', bob],
  ['sip:100@proxy.corp.example', 'ambiguous'],
  ['+4930111', bob],
  ['4930111', bob],
  ['+5354424', 'unknown'],
  ['carol@corp.example', 'unknown'],
  ['corp.example', 'unknown'],
  ['sip:corp.example', 'unknown'],
  ['', 'malformed'],
  ['@', 'malformed'],
  ['sip:', 'malformed'],
  ['xmpp://alice@corp.example/bob@west.example', 'malformed'],
  ['sip:%ff@corp.example', 'malformed'],
  ['alice@corp.example\u0000', 'malformed'],
  ['sip:alice@corp_example', 'malformed'],
  ['javascript:alice@corp.example', 'malformed'],
  ['a'.repeat(1_000_000), 'malformed'],
  [`+${'1'.repeat(1000)}`, 'malformed'],
]

eachDatabase((kind, open) => {
  test('every way to write an address leads to the one presentity or says why not', async (t) => {
    const { directory } = await openTestDirectory(t, open)
    await populate(directory)
    for (const [text, expected] of CASES) {
      const resolution = await directory.resolve(text)
      const found = resolution.kind === 'user' ? resolution.account : resolution.kind
      assert.equal(found, expected, text.slice(0, 80))
    }
  })

  test('an answer is not remembered beyond the change that makes it untrue', async (t) => {
    const { directory } = await openTestDirectory(t, open)
    await populate(directory)
    assert.equal((await directory.resolve('100')).kind, 'ambiguous')
    await directory.removeUser(bob)
    assert.deepEqual(await directory.resolve('100'), { kind: 'user', account: alice })
    assert.equal((await directory.resolve('sip:1@x.new.example')).kind, 'unknown')
    await directory.addAddress(alice, { type: 'e164', value: '1' })
    assert.equal((await directory.resolve('sip:1@x.new.example')).kind, 'unknown')
    await directory.addDomain('new.example')
    assert.equal((await directory.resolve('sip:1@x.new.example')).kind, 'user')
  })

  // The model: who may have a handle is decided by a plain map from normal forms to owners.
  test('after any sequence of claims each address leads to whom it was given, and to nobody else', async (t) => {
    const { directory } = await openTestDirectory(t, open)
    const users = ['a@corp.example', 'b@corp.example', 'c@west.example'].map(
      (account) => requireJid(account).bare,
    )
    for (const account of users) await directory.addUser({ account })
    const change = fc.record({
      account: fc.constantFrom(...users),
      type: fc.constantFrom<AddressType>('xmpp', 'sip', 'e164', 'exchange', 'notes'),
      value: fc.constantFrom(...VALUES),
      add: fc.boolean(),
    })
    const owners = new Map<string, Map<AddressType, BareJid>>()
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 12 }), async (changes) => {
        for (const one of changes) await applyBoth(directory, owners, one)
        for (const [handle, types] of owners) {
          const account = [...types.values()][0]
          const expected = account ? { kind: 'user', account } : undefined
          if (expected) assert.deepEqual(await directory.resolve(handle), expected, handle)
        }
        for (const account of users) {
          assert.deepEqual(await directory.resolve(`sip:${account}`), { kind: 'user', account })
        }
      }),
      { numRuns: kind === 'sqlite' ? 60 : 15 },
    )
  })
})

const VALUES = [
  'x@mail.example',
  'X@MAIL.example',
  '+4930111',
  '+49 30 111',
  '77',
  'a@corp.example',
]

interface Claim {
  account: BareJid
  type: AddressType
  value: string
  add: boolean
}

async function applyBoth(
  directory: Directory,
  owners: Map<string, Map<AddressType, BareJid>>,
  { account, type, value, add }: Claim,
): Promise<void> {
  const handle = parseAddress(type, value, account.slice(2))
  const types = owners.get(handle ?? '') ?? new Map<AddressType, BareJid>()
  const isFree = [...types.values()].every((owner) => owner === account)
  const isAccount = handle === 'a@corp.example' && account !== handle
  const work = add
    ? directory.addAddress(account, { type, value })
    : directory.removeAddress(account, { type, value })
  const code = await work.then(
    () => 'done',
    (error: unknown) => (error instanceof DirectoryError ? error.code : String(error)),
  )
  if (handle === undefined) assert.equal(code, 'BAD_ADDRESS')
  else if (!add) assert.equal(code, types.get(type) === account ? 'done' : 'NO_SUCH_ADDRESS')
  else if (!isFree || isAccount) assert.equal(code, 'ADDRESS_TAKEN')
  else assert.equal(code, types.has(type) ? 'ADDRESS_EXISTS' : 'done')
  if (code !== 'done' || handle === undefined) return
  if (add) types.set(type, account)
  else types.delete(type)
  owners.set(handle, types)
}
