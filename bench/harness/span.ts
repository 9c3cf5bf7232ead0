/** A measured span of work: what it costs the server until it is idle again, and the load generators. */
import type { Figures, RunningServer } from './scenario.ts'
import { settledCpuMs } from './usage.ts'

/** What a generator tells of its work. */
export interface Timed {
  readonly operations: number
  readonly ms: number
  readonly p50Ms: number
  readonly p99Ms: number
}

interface Consumer {
  /** Milliseconds of CPU so far. */
  cpuMs(): number
}

export interface Span<T> {
  readonly result: T
  /** CPU. */
  readonly serverMs: number
  /** CPU of each generator. */
  readonly generatorsMs: readonly number[]
}

/** Profiled where the server has a profiler, and nothing else of the run is. */
export async function measured<T>(
  server: RunningServer,
  generators: readonly Consumer[],
  work: () => Promise<T>,
): Promise<Span<T>> {
  await server.profiler?.start()
  const serverBefore = await settledCpuMs(server.pid)
  const before = generators.map((generator) => generator.cpuMs())
  const result = await work()
  const generatorsMs = generators.map((generator, at) => generator.cpuMs() - (before[at] ?? 0))
  const serverMs = (await settledCpuMs(server.pid)) - serverBefore
  await server.profiler?.stop()
  return { result, serverMs, generatorsMs }
}

export function figuresOf({
  result: { operations, ms, p50Ms, p99Ms },
  serverMs,
  generatorsMs,
}: Span<Timed>): Figures {
  const allMs = generatorsMs.reduce((sum, one) => sum + one, 0)
  return {
    cost: (serverMs * 1000) / operations,
    operations,
    perSecond: (operations * 1000) / ms,
    p50Ms,
    p99Ms,
    serverShare: serverMs / ms,
    generatorCost: (allMs * 1000) / operations,
    generatorShare: Math.max(...generatorsMs) / ms,
  }
}
