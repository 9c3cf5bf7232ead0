/** Which contacts are looked at again, and what stops that; how one is matched: contacts.test.ts. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type BareJid, requireJid } from '../../../src/core/address.ts'
import { ContactError } from '../../../src/core/presence/contact.ts'
import { LateContacts, type WaitingContact } from '../../../src/core/presence/late-contacts.ts'
import { createLog } from '../../../src/util/log.ts'

const ALICE = requireJid('alice@corp.example').bare

function user(number: number): BareJid {
  return requireJid(`u${number}@corp.example`).bare
}

/** Everybody has one contact that waits for each user that gets an address. */
function start(match: (contact: BareJid) => boolean = () => true) {
  const asked: string[] = []
  const matched: string[] = []
  const written: string[] = []
  const everybody: WaitingContact[] = Array.from({ length: 1200 }, (_, at) => {
    return { account: ALICE, contact: user(at), awaits: String(at) }
  })
  const late = new LateContacts({
    log: createLog('info', { write: (line) => void written.push(line) }),
    contacts: {
      match: async (_account, contact) => {
        matched.push(contact)
        return match(contact)
      },
    },
    store: {
      awaiting: async (of) => {
        asked.push(of)
        return [{ account: ALICE, contact: of }]
      },
      allAwaiting: async (after, limit) => {
        asked.push(`all after ${after?.awaits}`)
        const from = after ? everybody.indexOf(after) + 1 : 0
        return everybody.slice(from, from + limit)
      },
    },
  })
  return { late, asked, matched, logged: () => written.join('') }
}

test('users are looked at one after the other, each once while he waits', async () => {
  const { late, asked, matched, logged } = start()
  for (const number of [1, 2, 2, 3, 2]) late.addressesChanged(user(number))
  await late.idle()
  assert.deepEqual(asked, [user(1), user(2), user(3)])
  assert.deepEqual(matched, asked)
  late.addressesChanged(user(2))
  await late.idle()
  assert.equal(asked.length, 4)
  assert.match(logged(), /"what":"contact_matched"/)
})

test('more users than may wait are looked at by a review of everybody', async () => {
  const { late, asked, matched } = start()
  for (let number = 0; number <= 10_001; number += 1) late.addressesChanged(user(number))
  await late.idle()
  assert.deepEqual(asked.slice(-4), [
    'all after undefined',
    'all after 499',
    'all after 999',
    'all after 1199',
  ])
  assert.ok(asked.length < 10, String(asked.length))
  assert.ok(matched.length >= 1200)
})

test('what fails is logged, and the rest goes on', async () => {
  const { late, matched, logged } = start((contact) => {
    if (contact === user(1)) throw new ContactError('TOO_MANY_CONTACTS', 'full')
    if (contact === user(2)) throw new Error('the database is gone')
    return false
  })
  for (const number of [1, 2, 3]) late.addressesChanged(user(number))
  await late.idle()
  assert.deepEqual(matched, [user(1), user(2), user(3)])
  assert.match(logged(), /"what":"contact_not_matched".*"reason":"full"/)
  assert.match(logged(), /"what":"late_contacts_not_reviewed".*the database is gone/)
  assert.doesNotMatch(logged(), /"what":"contact_matched"/)
})

test('it stops with the server', async () => {
  const { late, matched } = start()
  late.reviewAll()
  await late[Symbol.asyncDispose]()
  const done = matched.length
  assert.ok(done < 1200, String(done))
  late.addressesChanged(user(1))
  await late.idle()
  assert.equal(matched.length, done)
})
