import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type BindingRecord, sipBindings } from '../../../src/storage/stores/sip-bindings.ts'
import { eachDatabase } from '../../support/databases.ts'
import { openTestDirectory } from '../../support/directory.ts'

const FULL: BindingRecord = {
  id: 'sip-1',
  account: 'alice@corp.example',
  contact: 'sip:alice@[2001:db8::1]:5060',
  instance: 'urn:uuid:1',
  regId: 1,
  callId: 'c1',
  cseq: 2_147_483_647,
  q: 0.25,
  expiresAt: 2_000_000_000_000,
  transport: 'udp',
  path: ['<sip:p1;lr>', '<sip:p2;lr>'],
  received: '2001:db8::1:5060',
  userAgent: 'Phone/1',
  since: 1_900_000_000_000,
  registeredAt: 1_999_999_000_000,
  series: 'a1',
}

const BARE: BindingRecord = {
  ...FULL,
  id: 'sip-2',
  instance: undefined,
  regId: undefined,
  path: [],
  received: undefined,
  userAgent: undefined,
  series: undefined,
}

eachDatabase((_kind, open) => {
  test('bindings are replaced in one step, and loaded as they were', async (t) => {
    const { database, directory } = await openTestDirectory(t, open)
    await directory.addUser({ account: FULL.account })
    const store = sipBindings(database)
    await store.replace([FULL], [])
    await store.replace([BARE], [])
    assert.deepEqual((await store.load(0)).toSorted(byId), [FULL, BARE])
    await store.replace([{ ...BARE, cseq: 3 }], ['sip-1'])
    assert.deepEqual(await store.load(0), [{ ...BARE, cseq: 3 }])
    await assert.rejects(store.replace([{ ...BARE, account: 'nobody@corp.example' }], ['sip-2']))
    assert.equal((await store.load(0)).length, 1)
  })

  test('what has ended is deleted on loading', async (t) => {
    const { database, directory } = await openTestDirectory(t, open)
    await directory.addUser({ account: FULL.account })
    const store = sipBindings(database)
    await store.replace([FULL, { ...BARE, expiresAt: 1000 }], [])
    assert.deepEqual(await store.load(1000), [FULL])
    assert.deepEqual(await store.load(0), [FULL])
  })
})

function byId(a: BindingRecord, b: BindingRecord): number {
  return a.id < b.id ? -1 : 1
}
