/**
 * Heliograph beside its peers, on one machine in one run:
 *
 *   script/bench [--quick] [--only NAME]… [--rounds N] [--results DIRECTORY] [--list]
 *
 * Every round runs every scenario on every server, in turn. Exits with 1 where a row misses its bar,
 * with 2 where the run itself failed.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { temporaryDirectory } from '../test/support/temporary.ts'
import { Fleet } from './harness/fleet.ts'
import { json, markdown, meetsBar, type Row, type Run } from './harness/report.ts'
import {
  BenchError,
  type Figures,
  type Held,
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
/** Of idle sessions, before the first and after the last has signed in. */
const IDLE_MS = { before: 60_000, after: 120_000 }
const QUICK = { rounds: 1, idleMs: { before: 3_000, after: 8_000 }, accounts: 1_200 }

/** Figures are kept by scenario and server, in the order of rounds. */
class Results {
  readonly versions: Record<string, string> = {}
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
  readonly idleMs: { readonly before: number; readonly after: number }
  readonly fleet: Fleet
}

try {
  process.exitCode = await main()
} catch (error) {
  if (!(error instanceof BenchError)) throw error
  console.error(error.message)
  process.exitCode = 2
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true },
      rounds: { type: 'string' },
      results: { type: 'string', default: 'bench/results' },
      list: { type: 'boolean', default: false },
    },
  })
  if (values.list) {
    for (const { name, unit } of SCENARIOS) console.log(`${name}  (${unit})`)
    return 0
  }
  const { quick } = values
  using directory = temporaryDirectory()
  const results = new Results()
  const plan: Plan = {
    scenarios: chosen(values.only),
    scale: { quick },
    rounds: Number(values.rounds ?? (quick ? QUICK.rounds : ROUNDS)),
    idleMs: quick ? QUICK.idleMs : IDLE_MS,
    fleet: new Fleet(directory.path, quick ? QUICK.accounts : XMPP_USERS),
  }
  for (let round = 0; round < plan.rounds; round += 1) {
    console.error(`# round ${round + 1} of ${plan.rounds}`)
    await takeTurns(plan, round, results)
    await holdAll(plan, results)
  }
  const rows = results.rows(plan.scenarios)
  const date = new Date().toISOString().slice(0, 10)
  write(values.results, { date, quick, versions: results.versions, rows })
  return rows.some((row) => meetsBar(row) === false) ? 1 : 0
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
async function takeTurns({ scenarios, scale, fleet }: Plan, round: number, results: Results) {
  const turns = scenarios.filter((scenario): scenario is TurnScenario => 'run' in scenario)
  const names = [...new Set(turns.flatMap(({ servers }) => servers))]
  await using started = new AsyncDisposableStack()
  const servers = new Map<ServerName, RunningServer>()
  for (const name of names) servers.set(name, started.use(await fleet.start(name)))
  for (const scenario of turns) {
    for (const name of rotated(scenario.servers, round)) {
      const server = servers.get(name)
      if (!server) continue
      if (round === 0) await scenario.prepare?.(server)
      results.add(scenario, server, await scenario.run(server, scale))
    }
  }
}

async function holdAll({ scenarios, scale, fleet, idleMs }: Plan, results: Results) {
  const holding = scenarios.filter((scenario): scenario is HeldScenario => 'hold' in scenario)
  if (holding.length === 0) return
  await using started = new AsyncDisposableStack()
  const all: { scenario: HeldScenario; server: RunningServer; held: Held }[] = []
  for (const scenario of holding) {
    for (const name of scenario.servers) {
      const server = started.use(await fleet.startCopy(name))
      all.push({ scenario, server, held: started.use(await scenario.hold(server, scale)) })
    }
  }
  await wait(idleMs.before)
  for (const { held } of all) await held.fill()
  await wait(idleMs.after)
  for (const { scenario, server, held } of all) results.add(scenario, server, held.measure())
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
