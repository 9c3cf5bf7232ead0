/** Memory of what stays: many sessions, many subscriptions, on servers that are held side by side. */
import { setTimeout as wait } from 'node:timers/promises'
import type { Fleet } from './fleet.ts'
import {
  blame,
  type Figures,
  type Held,
  type HeldScenario,
  type RunningServer,
  type Scale,
} from './scenario.ts'
import { pssBytes } from './usage.ts'

/** Milliseconds of quiet before memory is looked at, and for how long it is. */
export interface Quiet {
  readonly settleMs: number
  readonly watchMs: number
}

/** Before all the others come, and after. */
export interface Quiets {
  readonly before: Quiet
  readonly after: Quiet
}

const LOOK_MS = 5_000

const QUICK_NOTE =
  'not judged: with so few, and without two minutes of quiet, what a server takes once and its garbage count as theirs'

interface Place {
  readonly scenario: HeldScenario
  readonly server: RunningServer
}

interface Holding extends Place {
  readonly held: Held
}

export interface Occupied extends Place {
  readonly figures: Figures
}

/** Rejects where not all are there at the end. */
export async function occupy(
  fleet: Pick<Fleet, 'startCopy'>,
  scenarios: readonly HeldScenario[],
  { scale, quiet }: { scale: Scale; quiet: Quiets },
): Promise<readonly Occupied[]> {
  await using started = new AsyncDisposableStack()
  const places: Place[] = []
  for (const scenario of scenarios) {
    for (const name of scenario.servers) {
      places.push({ scenario, server: started.use(await fleet.startCopy(name)) })
    }
  }
  const all = await inTurn(places, async (place): Promise<Holding> => {
    const held = started.use(await place.scenario.hold(place.server, scale))
    return { ...place, held }
  })
  const before = await needed(all, await leastBytes(all, quiet.before))
  const counts = await inTurn(all, ({ held }) => held.fill())
  const seen = await leastBytes(all, quiet.after)
  const after = await needed(all, seen)
  await inTurn(all, ({ held }) => held.verify())
  return all.map(({ scenario, server }, at) => {
    const operations = counts[at] ?? 0
    const bytes = (after[at] ?? Number.NaN) - (before[at] ?? Number.NaN)
    const apart = (seen[at] ?? 0) - (after[at] ?? 0)
    const notes = [
      ...(scale.quick ? [QUICK_NOTE] : []),
      ...(apart > 0
        ? [`without being told it had kept ${Math.round(apart / operations)} more`]
        : []),
    ]
    const note = notes.length > 0 ? { note: notes.join('; ') } : {}
    return { scenario, server, figures: { cost: bytes / operations, operations, ...note } }
  })
}

/** What is occupied when garbage has been collected and the holes that it left have been closed, where that is asked for. */
async function needed(
  all: readonly Holding[],
  seen: readonly number[],
): Promise<readonly number[]> {
  const bytes = [...seen]
  for (const [at, { scenario, server }] of all.entries()) {
    if (!scenario.isCollected || !server.collector) continue
    await server.collector.collect()
    bytes[at] = pssBytes(server.pid)
  }
  return bytes
}

/**
 * One crowd after the other: servers that share the processor with too many would refuse them, or keep
 * more of them waiting at a time. The slow ones come beside the others.
 */
async function inTurn<T extends Place, R>(
  all: readonly T[],
  work: (one: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = []
  const lane = async (isSlow: boolean) => {
    for (const [at, one] of all.entries()) {
      if ((one.scenario.isSlow ?? false) !== isSlow) continue
      results[at] = await blame(one.scenario, one.server, () => work(one))
    }
  }
  await Promise.all([lane(false), lane(true)])
  return results
}

/**
 * Of each, the least that it occupies while it is watched: chance shall not decide whether one look comes
 * before or after a collection of garbage. It still does where a collector waits longer than that.
 */
async function leastBytes(
  all: readonly Holding[],
  { settleMs, watchMs }: Quiet,
): Promise<readonly number[]> {
  await wait(settleMs)
  const least = all.map(({ server }) => pssBytes(server.pid))
  for (let watched = 0; watched < watchMs; watched += LOOK_MS) {
    await wait(LOOK_MS)
    for (const [at, { server }] of all.entries()) {
      least[at] = Math.min(least[at] ?? 0, pssBytes(server.pid))
    }
  }
  return least
}
