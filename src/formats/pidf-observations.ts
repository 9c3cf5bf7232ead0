/**
 * What a PIDF document says, as observations. The person’s activity (RFC 4479 §3.2, RFC 4480 §3.2)
 * is that of all his services in the document, and his newer word counts.
 */
import {
  type Activity,
  type Observation,
  SOURCE_CLASSES,
  type SourceClass,
} from '../core/presence/observation.ts'
import type { PidfActivities, PidfDocument, PidfState, PidfTuple } from './pidf-model.ts'
import { activityOfText, foremost } from './rpid.ts'

export interface ObservationOptions {
  /** Of tuples that name no class, or one that is not ours. */
  readonly defaultClass: SourceClass
  /** Milliseconds since the epoch: what is dated later is dated now. */
  readonly now: number
  /** Stands before each id, to keep the documents of one source apart. */
  readonly idPrefix?: string
}

/**
 * One observation for each tuple. A person without tuples is one observation by himself if he
 * says what he does: there is nothing else in him that could be observed.
 */
export function observationsFromPidf(
  document: PidfDocument,
  { defaultClass, now, idPrefix = '' }: ObservationOptions,
): Observation[] {
  const { person, tuples } = document
  const said = person && inForce(person.activities, now)
  const doing = said?.activity
  const personClass = knownClass(person?.class)
  const context: Context = {
    now,
    defaultClass: personClass ?? defaultClass,
    manual: person?.class === 'manual',
    doing,
    doingSince: said?.from ?? person?.timestamp,
    note: person?.note ?? document.note ?? said?.note,
  }
  const ids = new UniqueIds(idPrefix)
  if (tuples.length > 0) return tuples.map((tuple) => ofTuple(tuple, ids.take(tuple.id), context))
  const activity = doing ?? activityOfText(context.note ?? '')
  return person && activity ? [ofPerson(ids.take(person.id), activity, context)] : []
}

interface Context {
  readonly now: number
  readonly defaultClass: SourceClass
  readonly manual: boolean
  /** What the person does, where he says it. */
  readonly doing: Activity | undefined
  readonly doingSince: number | undefined
  readonly note: string | undefined
}

function ofTuple(tuple: PidfTuple, id: string, context: Context): Observation {
  const own = inForce(tuple.activities, context.now)
  const sourceClass = knownClass(tuple.class) ?? context.defaultClass
  // What does not say that it takes communication does not.
  const basic = tuple.basic ?? 'closed'
  const note = tuple.note ?? context.note ?? own?.note
  const explicit = own?.activity ?? context.doing
  const since =
    own?.activity === undefined && context.doing !== undefined
      ? (context.doingSince ?? tuple.timestamp)
      : (own?.from ?? tuple.timestamp)
  return {
    id,
    class: sourceClass,
    basic,
    activity: explicit ?? implied(basic, note),
    manual: context.manual || sourceClass === 'manual',
    note,
    contact: tuple.contact,
    contactPriority: tuple.contactPriority,
    capabilities: tuple.capabilities,
    since: Math.min(since ?? context.now, context.now),
  }
}

function ofPerson(id: string, activity: Activity, context: Context): Observation {
  return {
    id,
    class: context.defaultClass,
    basic: activity === 'offline' ? 'closed' : 'open',
    activity,
    manual: context.manual,
    note: context.note,
    since: Math.min(context.doingSince ?? context.now, context.now),
  }
}

/** Phones that know no RPID put their state into the note. A closed service stays closed. */
function implied(basic: 'open' | 'closed', note: string | undefined): Activity {
  if (basic === 'closed') return 'offline'
  return activityOfText(note ?? '') ?? 'available'
}

/** RFC 4480 §3.1: activities hold from `from` until `until`; of several that hold the foremost counts. */
function inForce(activities: readonly PidfActivities[], now: number): PidfActivities | undefined {
  const holding = activities.filter(
    ({ from, until }) => (from ?? now) <= now && (until ?? Number.POSITIVE_INFINITY) > now,
  )
  const foremostActivity = foremost(holding.flatMap(({ activity }) => activity ?? []))
  return holding.find(({ activity }) => activity === foremostActivity)
}

function knownClass(text: PidfState['class']): SourceClass | undefined {
  return SOURCE_CLASSES.find((name) => name === text)
}

/** Senders that repeat an id, or leave it out, still mean different services. */
class UniqueIds {
  readonly #prefix: string
  readonly #taken = new Set<string>()

  constructor(prefix: string) {
    this.#prefix = prefix
  }

  take(wanted: string): string {
    const base = `${this.#prefix}${wanted === '' ? 'pidf' : wanted}`
    let id = base
    for (let count = 2; this.#taken.has(id); count++) id = `${base}~${count}`
    this.#taken.add(id)
    return id
  }
}
