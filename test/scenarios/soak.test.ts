/**
 * Subscriptions over a restart under traffic, in order and by `kill -9` (RFC 6665 §4.2.2, RFC 3261 §12.2.2):
 * `script/bench soak` in small.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SOAK_OPTIONS, Soak } from '../../bench/soak/soak.ts'
import { startTestServer } from '../support/server.ts'

const SCALE = {
  subscriptions: 200,
  presentities: 50,
  tcpPercent: 10,
  connections: 4,
  perSecond: 20,
  beforeMs: 2_000,
  deadlineMs: 60_000,
}

test('who watches is told soon how things are, nothing wrong, in the same dialog', async (t) => {
  await using soak = await Soak.open(await startTestServer({ args: SOAK_OPTIONS }), SCALE)
  // Twice without order: what was written before the first kill must hold after the second.
  const endings = ['SIGTERM', 'SIGKILL', 'SIGKILL'] as const
  const { restarts, faults, examples } = await soak.run(endings, (line) => t.diagnostic(line))
  const none = { wrongStates: 0, cseqWentBack: 0, lost: 0, refusedRefreshes: 0 }
  assert.deepEqual(faults, none, examples.join('\n'))
  for (const { late, stale, published } of restarts) {
    assert.deepEqual({ late, stale }, { late: 0, stale: 0 })
    assert.ok(published > 0)
  }
  const [ended, killed] = restarts
  assert.equal(ended?.deactivated, SCALE.subscriptions / 10, 'connections were ended properly')
  assert.equal(killed?.deactivated, 0)
})
