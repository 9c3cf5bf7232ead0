/** XEP-0202. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeClock } from '../../support/fake-clock.ts'
import { startXmppSystem } from '../../support/xmpp-system.ts'

test('the server tells its time, in UTC', async (t) => {
  const clock = new FakeClock(Date.UTC(2026, 10, 23, 9, 30))
  const system = await startXmppSystem(t, { clock })
  await using alice = await system.connect('alice')
  const result = await alice.iq('get', `<time xmlns='urn:xmpp:time'/>`, 'corp.example')
  const time = result.child('time', 'urn:xmpp:time')
  assert.equal(time?.child('utc')?.text(), '2026-11-23T09:30:00.000Z')
  assert.equal(time?.child('tzo')?.text(), '+00:00')
})
