import assert from 'node:assert/strict'
import { it } from 'node:test'
import { requireJid } from '../../src/core/address.ts'
import type { Address, User } from '../../src/directory/user.ts'
import { addressOf } from '../../src/smtp/addressee.ts'

function user(...addresses: readonly Address[]): User {
  const account = requireJid('bob@corp.example').bare
  return { account, name: 'Bob', disabled: false, createdAt: 0, addresses, avatar: undefined }
}

const NONE = { accountIsAddress: false }

it('mail goes to the Exchange address, then to that of Notes', () => {
  const notes = { type: 'notes', value: 'bob@notes.example' } as const
  const exchange = {
    type: 'exchange',
    value: 'mailto:bob.b%C3%B6ll@mail.example?subject=x',
  } as const
  assert.equal(addressOf(user(notes, exchange), NONE), 'bob.böll@mail.example')
  assert.equal(addressOf(user(notes), NONE), 'bob@notes.example')
})

it('mail goes nowhere without an address of mail, or to the account where that is one', () => {
  const name = { type: 'notes', value: 'CN=Bob/O=Corp' } as const
  const phone = { type: 'e164', value: '+15550100' } as const
  assert.equal(addressOf(user(name, phone), NONE), undefined)
  assert.equal(addressOf(user(name), { accountIsAddress: true }), 'bob@corp.example')
})

it('what would be more than one address is none', () => {
  for (const value of ['a@b,c@d', 'a@b>\r\nRCPT TO:<c@d', 'a b@c', '"a"@b', 'a%0d%0ab@c', 'x']) {
    assert.equal(addressOf(user({ type: 'exchange', value }), NONE), undefined, value)
  }
})
