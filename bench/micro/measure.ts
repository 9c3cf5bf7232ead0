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

/** As many passes as V8 takes to optimise what runs in them. */
const WARM_UP_PASSES = 5

/** Nanoseconds an operation, the best of several passes: other work on the machine only ever adds time. */
export async function nanoseconds(operation: Operation, options: TimeOptions): Promise<number> {
  const run = await operation.setUp()
  const passNs = options.passMs * 1e6
  let best = Number.POSITIVE_INFINITY
  let runs = 1
  for (let pass = -WARM_UP_PASSES; pass < options.passes; ) {
    const took = await timed(run, runs)
    if (pass >= 0) best = Math.min(best, took / runs)
    if (took > passNs / 2) pass += 1
    runs = Math.ceil(Math.min((runs * passNs) / took, runs * 10))
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
const FEW_RUNS = 20
const MANY_RUNS = 20_000

export interface CountOptions {
  /** At least so many, and for so long. */
  readonly warmUp: { readonly runs: number; readonly ms: number }
  /** Where they are to be counted. */
  readonly steps: Steps | undefined
}

/** To be called in a process that `count.ts` is the entry of. Throws where garbage was collected meanwhile. */
export async function counts(
  operation: Operation,
  { warmUp, steps }: CountOptions,
): Promise<Counts> {
  const run = await operation.setUp()
  const warm = performance.now() + warmUp.ms
  await repeat(run, warmUp.runs)
  while (performance.now() < warm) await repeat(run, warmUp.runs)
  const roughly = Math.max(1, await allocated(operation, run, FEW_RUNS)) / FEW_RUNS
  const runs = Math.min(MANY_RUNS, Math.max(FEW_RUNS, Math.round(COUNTED_BYTES / roughly)))
  steps?.take()
  const bytes = await allocated(operation, run, runs)
  const operations = runs * (operation.perRun ?? 1)
  return {
    bytes: Math.round(bytes / operations),
    steps: Math.round((steps?.take() ?? 0) / operations),
  }
}

async function allocated({ name }: Operation, run: Run, runs: number): Promise<number> {
  globalThis.gc?.()
  const collections = new GCProfiler()
  collections.start()
  const before = process.memoryUsage()
  await repeat(run, runs)
  const after = process.memoryUsage()
  if (collections.stop()?.statistics.length !== 0) throw new Error(`garbage was collected: ${name}`)
  return after.heapUsed - before.heapUsed + after.arrayBuffers - before.arrayBuffers
}
