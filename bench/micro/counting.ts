/** Counts in a process of its own, and compares with what is committed. */
import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Counts } from './measure.ts'

/** By name of the operation. */
export type Counted = Readonly<Record<string, Counts>>

/** How much more than what is committed is a fault. */
const TOLERANCE = 0.2

export const REWRITE = 'node_modules/.bin/node bench/micro/run.ts --write-allocations'

const COMMITTED = join(import.meta.dirname, 'allocations.json')
const ENTRY = join(import.meta.dirname, 'count.ts')

/** Nothing is collected meanwhile, and no other thread has a part in it. */
const STILL = [
  '--expose-gc',
  '--min-semi-space-size=64',
  '--max-semi-space-size=64',
  '--single-threaded',
]
/** What is optimised, and when, depends on time; what an optimiser takes out, on its version. */
const AS_WRITTEN = ['--no-opt', '--no-maglev', '--no-sparkplug', '--no-flush-bytecode']

/** Of the code as it was written: the same on every machine. Those with this in their names. */
export function countAsWritten(part = ''): Promise<Counted> {
  return count([...STILL, ...AS_WRITTEN, ENTRY, 'written', part])
}

/** Of the code as it runs in a server, after a while. */
export function countOptimised(part = ''): Promise<Counted> {
  return count([...STILL, ENTRY, 'optimised', part])
}

async function count(args: readonly string[]): Promise<Counted> {
  // With an environment of its own: options for Node would change what is counted.
  const { stdout } = await promisify(execFile)(process.execPath, args, { env: {} })
  return JSON.parse(stdout) as Counted
}

export async function readCommitted(): Promise<Counted> {
  return JSON.parse(await readFile(COMMITTED, 'utf8')) as Counted
}

export async function writeCommitted(counted: Counted): Promise<void> {
  await writeFile(COMMITTED, `${JSON.stringify(counted, null, 2)}\n`)
}

/** What is wrong with the counts, one sentence for each fault. */
export function faults(counted: Counted, committed: Counted): string[] {
  const names = new Set([...Object.keys(committed), ...Object.keys(counted)])
  return [...names].flatMap((name) => faultsOf(name, counted[name], committed[name]))
}

function faultsOf(name: string, now: Counts | undefined, before: Counts | undefined): string[] {
  if (!now) return [`“${name}” is committed and is not counted any more.`]
  if (!before) return [`“${name}” is counted and is not committed.`]
  return (['bytes', 'steps'] as const)
    .filter((unit) => now[unit] > before[unit] * (1 + TOLERANCE))
    .map((unit) => `“${name}” takes ${now[unit]} ${unit}; ${before[unit]} are committed.`)
}
