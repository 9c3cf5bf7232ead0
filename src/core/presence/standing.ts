/**
 * How long a report holds. What a machine says is taken at once when it makes its person busier, and
 * a moment later when it sets him free, so that the pause between two calls is no news; and what a
 * source said that is gone is unknown after a while, instead of true for ever. Both follow from the
 * report and the clock alone: at any time all views see the same.
 */
import { type Activity, isByHand, type Observation, type Report } from './observation.ts'

/** A report as it is kept. */
export interface Standing {
  readonly report: Report
  /** Until then what frees the person is still shown as `by` had it. */
  readonly held?: { readonly by: Report; readonly until: number } | undefined
}

const BUSY: ReadonlySet<Activity> = new Set([
  'on-a-call',
  'in-a-meeting',
  'busy',
  'do-not-disturb',
] as const)

/** The report as it replaces what stood before; `dampingMs` 0 holds nothing back. */
export function replaced(
  before: Standing | undefined,
  report: Report,
  { now, dampingMs }: { now: number; dampingMs: number },
): Standing {
  if (!before || dampingMs === 0) return { report }
  const by = inForce(before, now)
  if (!report.observations.some((one) => isFreed(find(by, one.id), one))) return { report }
  const until = before.held && before.held.until > now ? before.held.until : now + dampingMs
  return { report, held: { by, until } }
}

/** What the source says at this moment. */
export function inForce({ report: said, held }: Standing, now: number): Report {
  const report = sayingNow(said, now)
  const { freshUntil } = report
  if (freshUntil !== undefined && freshUntil <= now) return faded(report, freshUntil)
  if (!held || held.until <= now) return report
  const observations = report.observations.map((one) => {
    const old = find(held.by, one.id)
    return old && isFreed(old, one) ? old : one
  })
  return { ...report, observations }
}

/** When that will next be something else by itself; `Infinity` if never. */
export function nextChange({ report, held }: Standing, now: number): number {
  let next = report.until ?? Number.POSITIVE_INFINITY
  for (const at of [report.freshUntil, held?.until]) {
    if (at !== undefined && at > now && at < next) next = at
  }
  const later = report.later?.find(({ from }) => from > now)
  return later ? Math.min(next, later.from) : next
}

/** Of what the report says of times to come, that whose time has come last. */
export function sayingNow(report: Report, now: number): Report {
  const said = report.later?.findLast(({ from }) => from <= now)
  return said ? { ...report, observations: said.observations } : report
}

/** Whether something that this source says is not shown yet. */
export function isHeld({ held }: Standing, now: number): boolean {
  return held !== undefined && held.until > now
}

function isFreed(old: Observation | undefined, one: Observation): boolean {
  return (
    old !== undefined &&
    BUSY.has(old.activity) &&
    !BUSY.has(one.activity) &&
    !isByHand(old) &&
    !isByHand(one)
  )
}

function faded(report: Report, since: number): Report {
  const observations = report.observations.map(
    ({ id, class: klass, contact, contactPriority, bare }): Observation => ({
      id,
      class: klass,
      basic: 'closed',
      activity: 'unknown',
      manual: false,
      contact,
      contactPriority,
      bare,
      since,
    }),
  )
  return { ...report, observations }
}

function find({ observations }: Report, id: string): Observation | undefined {
  return observations.find((one) => one.id === id)
}
