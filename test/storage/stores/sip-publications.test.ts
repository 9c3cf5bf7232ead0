import assert from 'node:assert/strict'
import { test } from 'node:test'
import { requireJid } from '../../../src/core/address.ts'
import {
  type PublicationRecord,
  sipPublications,
} from '../../../src/storage/stores/sip-publications.ts'
import { eachDatabase } from '../../support/databases.ts'
import { openTestDirectory } from '../../support/directory.ts'

const RECORD: PublicationRecord = {
  id: 'p1',
  presentity: 'alice@corp.example',
  event: 'presence',
  etag: 'e1',
  contentType: 'application/pidf+xml',
  body: '<presence>grün</presence>',
  expiresAt: 2_000_000_000_000,
}

eachDatabase((_kind, open) => {
  test('publications are kept, overwritten by id, and removed', async (t) => {
    const { database, directory } = await openTestDirectory(t, open)
    await directory.addUser({ account: RECORD.presentity })
    const store = sipPublications(database)
    await store.put(RECORD)
    await store.put({ ...RECORD, id: 'p2', etag: 'e2' })
    assert.deepEqual((await store.load(0)).toSorted(byId), [
      RECORD,
      { ...RECORD, id: 'p2', etag: 'e2' },
    ])
    await store.put({ ...RECORD, etag: 'e3' })
    await store.remove('p2')
    assert.deepEqual(await store.load(0), [{ ...RECORD, etag: 'e3' }])
  })

  test('what has ended is deleted on loading, and what belongs to a user goes with him', async (t) => {
    const { database, directory } = await openTestDirectory(t, open)
    await directory.addUser({ account: RECORD.presentity })
    const store = sipPublications(database)
    await store.put(RECORD)
    await store.put({ ...RECORD, id: 'p2', etag: 'e2', expiresAt: 1000 })
    assert.deepEqual(await store.load(1000), [RECORD])
    assert.deepEqual(await store.load(0), [RECORD])
    await directory.removeUser(requireJid(RECORD.presentity).bare)
    assert.deepEqual(await store.load(0), [])
  })
})

function byId(a: PublicationRecord, b: PublicationRecord): number {
  return a.id < b.id ? -1 : 1
}
