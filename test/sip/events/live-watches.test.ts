import assert from 'node:assert/strict'
import { test } from 'node:test'
import { liveWatches } from '../../../src/sip/events/live-watches.ts'
import { setUp } from './notifier-rig.ts'
import { ALICE, BOB, exchange, sipRequest } from './support.ts'

test('a watcher is one, however many dialogs he has, and his own watchers are none', async () => {
  const { subscribe, notifier, table } = setUp()
  await subscribe()
  await subscribe()
  await subscribe({ from: '<sip:carol@partner.example>;tag=c' })
  const headers: [string, string][] = [['Event', 'presence.winfo']]
  const from = '<sip:alice@example.com>;tag=a'
  await exchange(notifier, sipRequest('SUBSCRIBE', { from, headers }))
  const source = liveWatches(table)
  const sip = { presentity: ALICE, protocol: 'sip', roster: false } as const
  const bob = { ...sip, watcher: BOB, status: 'active', subscriptions: 2 } as const
  assert.deepEqual(await source.watched(ALICE), [
    bob,
    { ...sip, watcher: 'carol@partner.example', status: 'pending', subscriptions: 1 },
  ])
  assert.deepEqual(await source.watching(BOB), [bob])
  assert.deepEqual(await source.watching(ALICE), [])
})
