/** What a run found: medians over its rounds, ratios to the best peer; as text, Markdown and JSON. */
import { cpus, release, totalmem } from 'node:os'
import type { Figures, Scenario, ServerName } from './scenario.ts'

export interface Row {
  readonly scenario: Scenario
  /** One for each round. */
  readonly rounds: ReadonlyMap<ServerName, readonly Figures[]>
}

export interface Run {
  readonly date: string
  readonly quick: boolean
  readonly isProfiled: boolean
  readonly versions: Readonly<Record<string, string>>
  /** What took how long, all rounds together. */
  readonly seconds: Readonly<Record<string, number>>
  readonly rows: readonly Row[]
}

/** Said where a run begins, and above its tables. */
export const PROFILED = 'a profiler runs inside Heliograph: its figures are worse than they are'

interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
}

export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = (sorted.length - 1) / 2
  const at = (index: number) => sorted[index] ?? Number.NaN
  return {
    median: (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2,
    min: at(0),
    max: at(sorted.length - 1),
  }
}

/** Heliograph's cost by that of the peer that costs least; a round's figures are compared with that round's. */
export function ratio({ rounds }: Row): Spread | undefined {
  const ours = rounds.get('heliograph') ?? []
  const peers = [...rounds].filter(([name]) => name !== 'heliograph')
  if (ours.length === 0 || peers.length === 0) return undefined
  const ratios = ours.map(({ cost }, round) => {
    const best = Math.min(...peers.map(([, figures]) => figures[round]?.cost ?? Number.NaN))
    return cost / best
  })
  return spread(ratios)
}

export function meetsBar(row: Row): boolean | undefined {
  const found = ratio(row)
  const { bar } = row.scenario
  return found && bar ? found.median <= bar.reach : undefined
}

export function markdown({ date, quick, isProfiled, versions, seconds, rows }: Run): string {
  const servers = (['prosody', 'ejabberd', 'kamailio', 'heliograph'] as const).filter((name) =>
    rows.some(({ rounds }) => rounds.has(name)),
  )
  const head = ['scenario', ...servers, 'ratio to the best', 'must reach', 'aim']
  const lines = [
    `| ${head.join(' | ')} |`,
    `| --- |${' --: |'.repeat(head.length - 1)}`,
    ...rows.map((row) => {
      const { name, unit, bar } = row.scenario
      const costs = servers.map((server) => cell(row.rounds.get(server)))
      const found = ratio(row)
      const verdict = found ? `**${found.median.toFixed(2)}** (${range(found, 2)})` : ''
      const cells = [`${name}, ${unit}`, ...costs, verdict, bar?.reach ?? '', bar?.aim ?? '']
      return `| ${cells.join(' | ')} |`
    }),
  ]
  const detail = [
    '| scenario | server | operations/s | p50, ms | p99, ms | server, cores | generator, cores | generator, µs |',
    `| --- | --- |${' --: |'.repeat(6)}`,
    ...rows.flatMap((row) => details(row)),
  ]
  const about = Object.entries(versions).map(([name, version]) => `${name} ${version}`)
  const machine = `${cpus().length} × ${cpus()[0]?.model}, ${gibibytes(totalmem())} GiB, Linux ${release()}`
  const rounds = Math.max(...rows.map(({ rounds }) => rounds.values().next().value?.length ?? 0))
  return [
    `Measured on ${date}${quick ? ' (`--quick`)' : ''}: ${machine}; ${about.join(', ')}; Node ${process.version}.`,
    `Medians of ${rounds} round${rounds === 1 ? '' : 's'}, least and most in brackets.`,
    ...(isProfiled ? [`**With --profile: ${PROFILED}.**`] : []),
    '',
    ...lines,
    '',
    ...detail,
    ...notes(rows),
    '',
    durations(seconds),
    '',
  ].join('\n')
}

function details({ scenario, rounds }: Row): string[] {
  return [...rounds].flatMap(([server, figures]) => {
    if (figures[0]?.perSecond === undefined) return []
    const cells = (
      ['perSecond', 'p50Ms', 'p99Ms', 'serverShare', 'generatorShare', 'generatorCost'] as const
    ).map((key) => significant(spread(figures.map((one) => one[key] ?? Number.NaN)).median))
    return [`| ${scenario.name} | ${server} | ${cells.join(' | ')} |`]
  })
}

/**
 * A generator that has no core to spare before a server that has is what limits throughput and latency;
 * cost counts the server's CPU all the same.
 */
const FULL_CORE = 0.9

function isLimitedByGenerator(figures: readonly Figures[]): boolean {
  const median = (key: 'generatorShare' | 'serverShare') =>
    spread(figures.map((one) => one[key] ?? 0)).median
  return median('generatorShare') >= FULL_CORE && median('serverShare') < FULL_CORE
}

/** `Took 2 min 5 s: accounts 12 s, chat 9 s.` */
function durations(seconds: Readonly<Record<string, number>>): string {
  const parts = Object.entries(seconds).map(([what, took]) => `${what} ${took.toFixed(0)} s`)
  const all = Math.round(Object.values(seconds).reduce((sum, one) => sum + one, 0))
  return `Took ${Math.floor(all / 60)} min ${all % 60} s: ${parts.join('; ')}.`
}

function notes(rows: readonly Row[]): string[] {
  const all = rows.flatMap(({ scenario, rounds }) =>
    [...rounds].flatMap(([server, figures]) => {
      const told = new Set(figures.flatMap(({ note }) => note ?? []))
      if (isLimitedByGenerator(figures)) {
        told.add('the generator is the limit of throughput and latency, not the server')
      }
      return [...told].map((note) => `- ${scenario.name}, ${server}: ${note}.`)
    }),
  )
  return all.length === 0 ? [] : ['', ...all]
}

function cell(figures: readonly Figures[] | undefined): string {
  if (!figures) return ''
  const costs = spread(figures.map(({ cost }) => cost))
  return `${significant(costs.median)} (${significant(costs.min)}–${significant(costs.max)})`
}

const range = ({ min, max }: Spread, digits: number) =>
  `${min.toFixed(digits)}–${max.toFixed(digits)}`

/** Three digits, thousands apart. */
function significant(value: number): string {
  if (Number.isNaN(value)) return ''
  if (value >= 100) return Math.round(value).toLocaleString('en')
  return Number(value.toPrecision(3)).toString()
}

const gibibytes = (bytes: number) => Math.round(bytes / 2 ** 30)

/** Everything, for other programs. */
export function json(run: Run): string {
  const { date, quick, isProfiled, versions, seconds, rows } = run
  const machine = {
    cpus: cpus().map(({ model }) => model),
    memoryBytes: totalmem(),
    release: release(),
  }
  const scenarios = rows.map((row) => ({
    name: row.scenario.name,
    unit: row.scenario.unit,
    bar: row.scenario.bar,
    ratio: ratio(row),
    meetsBar: meetsBar(row),
    rounds: Object.fromEntries(row.rounds),
  }))
  const about = {
    ...{ date, quick, isProfiled, versions, node: process.version, machine },
    ...{ seconds, scenarios },
  }
  return `${JSON.stringify(about, null, 2)}\n`
}
