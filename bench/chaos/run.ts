/**
 * Clients whose connections break at random for some minutes:
 *
 *   script/bench chaos [--minutes N] [--clients N] [--seed N]
 *
 * Prints what was sent and what came. Exits with 1 where a message was lost, came twice or out of order.
 */
import { parseArgs } from 'node:util'
import { startTestServer } from '../../test/support/server.ts'
import { runChaos } from './chaos.ts'
import { chaosTransports } from './transports.ts'

process.exit(await main())

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '10' },
      clients: { type: 'string', default: '5' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    },
  })
  await using server = await startTestServer({ args: ['--demo'] })
  const over = Date.now() + Number(values.minutes) * 60_000
  const seed = Number(values.seed)
  console.log(`seed ${seed}`)
  const counts = await runChaos({
    users: ['alice', 'bob', 'carol', 'dave'].map((name) => `${name}@localhost`),
    clientsEach: Number(values.clients),
    transports: chaosTransports(server, server.demoPassword),
    isOver: () => Date.now() > over,
    seed,
  })
  const { resumed, ...rest } = counts
  for (const [what, count] of Object.entries(rest)) console.log(`${what.padEnd(12)} ${count}`)
  for (const [how, count] of Object.entries(resumed)) console.log(`resumed over ${how}: ${count}`)
  return counts.lost + counts.twice + counts.disordered + counts.refused > 0 ? 1 : 0
}
