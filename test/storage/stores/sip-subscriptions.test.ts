import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type SubscriptionRecord,
  sipSubscriptions,
} from '../../../src/storage/stores/sip-subscriptions.ts'
import { eachDatabase } from '../../support/databases.ts'

const RECORD: SubscriptionRecord = {
  id: 's1',
  presentity: 'alice@corp.example',
  watcher: 'bob@corp.example',
  event: 'presence',
  status: 'active',
  dialog: '{"localCseq":7}',
  createdAt: 1_900_000_000_000,
  expiresAt: 2_000_000_000_000,
}

eachDatabase((_kind, open) => {
  test('subscriptions are kept, overwritten by id, and removed', async (t) => {
    const store = sipSubscriptions(await open(t))
    await store.put(RECORD)
    assert.deepEqual(await store.load(0), [RECORD])
    const refreshed = { ...RECORD, dialog: '{"localCseq":8}', status: 'pending' }
    await store.put(refreshed)
    assert.deepEqual(await store.load(0), [refreshed])
    await store.remove('s1')
    assert.deepEqual(await store.load(0), [])
  })

  test('what has ended is deleted on loading', async (t) => {
    const store = sipSubscriptions(await open(t))
    await store.put(RECORD)
    await store.put({ ...RECORD, id: 's2', expiresAt: 1000 })
    assert.deepEqual(await store.load(1000), [RECORD])
    assert.deepEqual(await store.load(0), [RECORD])
  })
})
