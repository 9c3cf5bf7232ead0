/**
 * Subscriptions over a restart under traffic:
 *
 *   script/bench soak [--subscriptions N] [--presentities N] [--rate N] [--rounds N]
 *
 * Exits with 1 where a live subscription was not told within a minute how things are, where one was told
 * a wrong state, where a CSeq went back, or where a subscription over UDP was lost.
 */
import { parseArgs } from 'node:util'
import { startTestServer } from '../../test/support/server.ts'
import { type Ending, SOAK_OPTIONS, Soak } from './soak.ts'

process.exit(await main())

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      subscriptions: { type: 'string', default: '20000' },
      presentities: { type: 'string', default: '5000' },
      /** PUBLISHes a second. */
      rate: { type: 'string', default: '100' },
      rounds: { type: 'string', default: '1' },
    },
  })
  const endings: Ending[] = []
  for (let round = 0; round < Number(values.rounds); round += 1) endings.push('SIGTERM', 'SIGKILL')
  await using soak = await Soak.open(await startTestServer({ args: SOAK_OPTIONS }), {
    subscriptions: Number(values.subscriptions),
    presentities: Number(values.presentities),
    tcpPercent: 10,
    connections: 20,
    perSecond: Number(values.rate),
    beforeMs: 10_000,
    deadlineMs: 60_000,
  })
  const { restarts, faults, examples, shortened } = await soak.run(endings, (line) =>
    console.log(line),
  )
  console.log(`${shortened} grants shortened`)
  for (const [what, count] of Object.entries(faults)) console.log(`${what.padEnd(18)} ${count}`)
  for (const example of examples) console.log(`  ${example}`)
  const counts = restarts.flatMap(({ late, stale }) => [late, stale])
  return [...counts, ...Object.values(faults)].some((count) => count > 0) ? 1 : 0
}
