/** What one run of an operation takes: time, memory, and steps through the source. */
import { GCProfiler } from 'node:v8'
import type { Operation, Run } from './operation.ts'
import type { Steps } from './steps.ts'

/** Counts for one operation that are the same on every machine, however busy it is. */
export interface Counts {
  /** Allocated, array buffers included. */
  readonly bytes: number
  /** Entries into a function, a branch or a turn of a loop of ours; 0 where they were not counted. */
  readonly steps: number
}

export interface TimeOptions {
  readonly passMs: number
  readonly passes: number
}

/** Nanoseconds an operation, the best of several passes: other work on the machine only ever adds time. */
export async function nanoseconds(operation: Operation, options: TimeOptions): Promise<number> {
  const run = await operation.setUp()
  const passNs = options.passMs * 1e6
  let runs = 1
  for (let took = 0; took < passNs; runs *= 2) took = await timed(run, runs)
  let best = Number.POSITIVE_INFINITY
  for (let pass = 0; pass < options.passes; pass += 1) {
    const each = (await timed(run, runs)) / runs
    best = Math.min(best, each)
    runs = Math.ceil(passNs / each)
  }
  return best / (operation.perRun ?? 1)
}

async function timed(run: Run, runs: number): Promise<number> {
  const start = process.hrtime.bigint()
  await repeat(run, runs)
  return Number(process.hrtime.bigint() - start)
}

/** One that ends later ends before the next one begins. */
async function repeat(run: Run, times: number): Promise<void> {
  for (let n = 0; n < times; n += 1) {
    const answer = run()
    if (answer instanceof Promise) await answer
  }
}

/** Allocated while counting: far less than the young generation, far more than what V8 does by itself. */
const COUNTED_BYTES = 8 * 1024 * 1024
const LEAST_RUNS = 20

/** To be called in a process that `count.ts` is the entry of. Throws where garbage was collected meanwhile. */
export async function counts(
  operation: Operation,
  warmUpRuns: number,
  steps?: Steps,
): Promise<Counts> {
  const run = await operation.setUp()
  await repeat(run, warmUpRuns)
  const roughly = (await allocated(run, LEAST_RUNS)) / LEAST_RUNS
  const runs = Math.max(LEAST_RUNS, Math.round(COUNTED_BYTES / Math.max(1, roughly)))
  const operations = runs * (operation.perRun ?? 1)
  globalThis.gc?.()
  const collections = new GCProfiler()
  steps?.take()
  collections.start()
  const bytes = await allocated(run, runs)
  if (collections.stop()?.statistics.length !== 0) {
    throw new Error(`${operation.name}: garbage was collected while counting`)
  }
  return {
    bytes: Math.round(bytes / operations),
    steps: Math.round((steps?.take() ?? 0) / operations),
  }
}

async function allocated(run: Run, runs: number): Promise<number> {
  const before = process.memoryUsage()
  await repeat(run, runs)
  const after = process.memoryUsage()
  return after.heapUsed - before.heapUsed + after.arrayBuffers - before.arrayBuffers
}
