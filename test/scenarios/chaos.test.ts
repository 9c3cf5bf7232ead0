/** XEP-0198 where nothing holds: connections of twenty clients break at random, and each goes on with its session elsewhere. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runChaos } from '../../bench/chaos/chaos.ts'
import { chaosTransports } from '../../bench/chaos/transports.ts'
import { startTestServer } from '../support/server.ts'

const BREAKS = 3_000

test('no message is lost and none comes twice, whatever breaks', async (t) => {
  await using server = await startTestServer({ args: ['--demo'] })
  const seed = Date.now() % 1_000_000
  t.diagnostic(`seed ${seed}`)
  const transports = chaosTransports(server, server.demoPassword)
  const { sent, delivered, resumed, brokenAgain, breaks, ...faults } = await runChaos({
    users: ['alice', 'bob', 'carol', 'dave'].map((name) => `${name}@localhost`),
    clientsEach: 5,
    transports,
    isOver: (count) => count >= BREAKS,
    seed,
  })
  t.diagnostic(`${sent} sent, ${breaks} breaks, resumed over ${JSON.stringify(resumed)}`)
  assert.deepEqual(faults, { lost: 0, twice: 0, disordered: 0, refused: 0, bounced: 0 })
  assert.equal(delivered, sent)
  assert.ok(brokenAgain > 0, 'some broke while they were resumed')
  for (const [how, times] of Object.entries(resumed)) assert.ok(times > 0, how)
})
