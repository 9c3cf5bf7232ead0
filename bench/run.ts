/**
 * Heliograph beside its peers, on one machine in one run:
 *
 *   script/bench [--quick] [--only NAME]… [--rounds N] [--results DIRECTORY] [--profile] [--list]
 *
 * Every round runs every scenario on every server, in turn. Exits with 1 where a row misses its bar,
 * with 2 where the run itself failed.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { temporaryDirectory } from '../test/support/temporary.ts'
import { Fleet } from './harness/fleet.ts'
import { occupy, type Quiets } from './harness/held.ts'
import { json, markdown, meetsBar, PROFILED, type Row, type Run } from './harness/report.ts'
import {
  BenchError,
  blame,
  type Figures,
  type HeldScenario,
  type RunningServer,
  type Scale,
  type Scenario,
  type ServerName,
  type TurnScenario,
  XMPP_USERS,
} from './harness/scenario.ts'
import { SCENARIOS } from './scenarios/scenarios.ts'

const ROUNDS = 3
/**
 * Two minutes after the last login, and more, in which whoever collects garbage should have done so: V8
 * was seen to after 100 to 120 seconds where few are there, and after 90 to more than 200 with all of them.
 */
const QUIET: Quiets = {
  before: { settleMs: 60_000, watchMs: 75_000 },
  after: { settleMs: 120_000, watchMs: 105_000 },
}
const BRIEFLY = { settleMs: 2_000, watchMs: 5_000 }
const QUICK = { rounds: 1, quiet: { before: BRIEFLY, after: BRIEFLY }, accounts: 810 }

/** Figures are kept by scenario and server, in the order of rounds. */
class Results {
  readonly versions: Record<string, string> = {}
  /** By what took them, of all rounds. */
  readonly seconds: Record<string, number> = {}
  readonly #figures = new Map<Scenario, Map<ServerName, Figures[]>>()

  add(scenario: Scenario, server: RunningServer, figures: Figures): void {
    this.versions[server.name] = server.version
    const rounds = this.#figures.get(scenario) ?? new Map<ServerName, Figures[]>()
    this.#figures.set(scenario, rounds)
    rounds.set(server.name, [...(rounds.get(server.name) ?? []), figures])
    const { cost, perSecond, p99Ms } = figures
    const more =
      perSecond === undefined ? '' : `, ${perSecond.toFixed(0)}/s, p99 ${p99Ms?.toFixed(1)} ms`
    console.error(`${scenario.name}  ${server.name}  ${cost.toFixed(1)} ${scenario.unit}${more}`)
  }

  async timed<T>(what: string, work: () => Promise<T>): Promise<T> {
    const began = performance.now()
    const result = await work()
    this.seconds[what] = (this.seconds[what] ?? 0) + (performance.now() - began) / 1000
    return result
  }

  rows(scenarios: readonly Scenario[]): Row[] {
    return scenarios.flatMap((scenario) => {
      const rounds = this.#figures.get(scenario)
      return rounds ? [{ scenario, rounds }] : []
    })
  }
}

interface Plan {
  readonly scenarios: readonly Scenario[]
  readonly scale: Scale
  readonly rounds: number
  readonly quiet: Quiets
  readonly fleet: Fleet
  /** Directory of results. */
  readonly target: string
}

try {
  process.exitCode = await main()
} catch (error) {
  if (!(error instanceof BenchError)) throw error
  console.error(error.message)
  // A generator that the failure has left waits for more to do, and this process for it.
  process.exit(2)
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true },
      rounds: { type: 'string' },
      results: { type: 'string', default: 'bench/results' },
      profile: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
    },
  })
  if (values.list) {
    for (const { name, unit } of SCENARIOS) console.log(`${name}  (${unit})`)
    return 0
  }
  const { quick, profile: isProfiled, results: target } = values
  if (isProfiled) console.error(`# ${PROFILED}`)
  using directory = temporaryDirectory()
  const results = new Results()
  const plan: Plan = {
    scenarios: chosen(values.only),
    scale: { quick },
    rounds: Number(values.rounds ?? (quick ? QUICK.rounds : ROUNDS)),
    quiet: quick ? QUICK.quiet : QUIET,
    fleet: new Fleet(directory.path, { accounts: quick ? QUICK.accounts : XMPP_USERS, isProfiled }),
    target,
  }
  const names = new Set(plan.scenarios.flatMap(({ servers }) => servers))
  await results.timed('accounts', () => plan.fleet.provision(names))
  for (let round = 0; round < plan.rounds; round += 1) {
    console.error(`# round ${round + 1} of ${plan.rounds}`)
    await takeTurns(plan, round, results)
    await holdAll(plan, results)
  }
  const rows = results.rows(plan.scenarios)
  const date = new Date().toISOString().slice(0, 10)
  const { versions, seconds } = results
  write(target, { date, quick, isProfiled, versions, seconds, rows })
  const judged = rows.filter(({ scenario }) => !quick || 'run' in scenario)
  return judged.some((row) => meetsBar(row) === false) ? 1 : 0
}

function chosen(names: readonly string[] | undefined): readonly Scenario[] {
  if (!names) return SCENARIOS
  return names.map((wanted) => {
    const found = SCENARIOS.find(({ name }) => name === wanted)
    if (!found) {
      const all = SCENARIOS.map(({ name }) => name).join(', ')
      throw new BenchError(`there is no scenario ${wanted}; there are: ${all}`)
    }
    return found
  })
}

/** Who begins changes with the round: the machine's mood shall not be always the same one's. */
async function takeTurns(plan: Plan, round: number, results: Results) {
  const { scenarios, scale, fleet, target } = plan
  const turns = scenarios.filter((scenario): scenario is TurnScenario => 'run' in scenario)
  const names = [...new Set(turns.flatMap(({ servers }) => servers))]
  await using started = new AsyncDisposableStack()
  const servers = new Map<ServerName, RunningServer>()
  await results.timed('starts', async () => {
    for (const name of names) servers.set(name, started.use(await fleet.start(name)))
  })
  for (const scenario of turns) {
    for (const name of rotated(scenario.servers, round)) {
      const server = servers.get(name)
      if (!server) continue
      const figures = await results.timed(scenario.name, async () => {
        if (round === 0) await scenario.prepare?.(server)
        return await blame(scenario, server, () => scenario.run(server, scale))
      })
      server.profiler?.keep(target, scenario.name)
      results.add(scenario, server, figures)
    }
  }
}

async function holdAll({ scenarios, scale, quiet, fleet }: Plan, results: Results) {
  const holding = scenarios.filter((scenario): scenario is HeldScenario => 'hold' in scenario)
  if (holding.length === 0) return
  const names = holding.map(({ name }) => name).join(', ')
  const all = await results.timed(names, () => occupy(fleet, holding, { scale, quiet }))
  for (const { scenario, server, figures } of all) results.add(scenario, server, figures)
}

function rotated<T>(values: readonly T[], by: number): T[] {
  const at = by % values.length
  return [...values.slice(at), ...values.slice(0, at)]
}

function write(directory: string, run: Run): void {
  mkdirSync(directory, { recursive: true })
  writeFileSync(join(directory, 'results.json'), json(run))
  const text = markdown(run)
  writeFileSync(join(directory, 'results.md'), text)
  console.log(text)
}
