/** Invitations (XEP-0401), as they are kept. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BareJid } from '../../../src/core/address.ts'
import { type InvitationRow, InvitationRows } from '../../../src/storage/stores/invitations.ts'
import { eachDatabase } from '../../support/databases.ts'
import { openTestDirectory } from '../../support/directory.ts'

const ANNA = 'anna@corp.example' as BareJid

function row(hash: string, changes: Partial<InvitationRow> = {}): InvitationRow {
  return {
    ...{ token_hash: hash, inviter: ANNA, domain: 'corp.example', account: null },
    ...{ kind: 'contact', befriends: 1, expires_at: 100 },
    ...changes,
  }
}

eachDatabase((_kind, open) => {
  test('an invitation is taken once, reserves a name for its time, and goes with its inviter', async (t) => {
    const { directory, database } = await openTestDirectory(t, open)
    await directory.addUser({ account: ANNA, password: 'x' })
    const invitations = new InvitationRows(database)
    const two = { max: 2, now: 1 }
    assert.equal(await invitations.add(row('a', { account: 'eve@corp.example' }), two), true)
    assert.equal(await invitations.add(row('b'), two), true)
    assert.equal(await invitations.add(row('c'), two), false)
    assert.deepEqual({ ...(await invitations.find('b')) }, row('b'))
    assert.equal(await invitations.isReserved('eve@corp.example', 99), true)
    assert.equal(await invitations.isReserved('eve@corp.example', 100), false)
    const takes = await Promise.all([invitations.take('b'), invitations.take('b')])
    assert.deepEqual(takes.sort(), [false, true])
    await invitations.putBack(row('b'))
    assert.ok(await invitations.find('b'))
    // Those whose time is over make room.
    assert.equal(await invitations.add(row('c', { expires_at: 300 }), { max: 2, now: 200 }), true)
    assert.equal(await invitations.find('a'), undefined)
    await directory.removeUser(ANNA)
    assert.equal(await invitations.find('c'), undefined)
  })
})
