/**
 * What a PIDF document says, as observations. The person’s activity (RFC 4479 §3.2, RFC 4480 §3.2)
 * is that of all his services in the document, and his newer word counts.
 */
import type { Activity, Extra, Observation, SourceClass } from '../core/presence/observation.ts'
import { ownString, sharedString } from '../util/own-string.ts'
import type {
  PidfActivities,
  PidfDocument,
  PidfExtra,
  PidfPlace,
  PidfTimedStatus,
  PidfTuple,
  Span,
} from './pidf-model.ts'
import { activityOfText, foremost } from './rpid.ts'
import { sourceClassOf } from './rpid-class.ts'

export interface ObservationOptions {
  /** Of tuples that name no class, or one that is not ours. */
  readonly defaultClass: SourceClass
  /** Classes of this system beside those that there always are. */
  readonly addedClasses?: readonly SourceClass[]
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
  { defaultClass, addedClasses, now, idPrefix = '' }: ObservationOptions,
): Observation[] {
  const { person, tuples } = document
  const said = person && foremostNow(person.activities, now)
  const doing = said?.activity
  const personClass = sourceClassOf(person?.class, addedClasses)
  const context: Context = {
    now,
    defaultClass: personClass ?? defaultClass,
    addedClasses,
    manual: personClass === 'manual',
    doing,
    doingSince: said?.from ?? person?.timestamp,
    note: person?.note ?? document.note ?? said?.note,
    location: person && placeNow(person.places, now),
    extras: extrasNow([...(person?.extras ?? []), ...document.extras], now),
  }
  const ids = new UniqueIds(idPrefix)
  if (tuples.length > 0) return tuples.map((tuple) => ofTuple(tuple, ids.take(tuple.id), context))
  const known = doing === 'unknown' ? undefined : doing
  const activity = known ?? activityOfText(context.note ?? '') ?? doing
  if (person && activity) return [ofPerson(ids.take(person.id), activity, context)]
  return context.extras ? [ofNobody(ids.take(person?.id ?? ''), context)] : []
}

interface Context {
  readonly now: number
  readonly defaultClass: SourceClass
  readonly addedClasses: readonly SourceClass[] | undefined
  readonly manual: boolean
  /** What the person does, where he says it. */
  readonly doing: Activity | undefined
  readonly doingSince: number | undefined
  readonly note: string | undefined
  readonly location: string | undefined
  /** Of the person and of all his devices: each service’s observation says them, too. */
  readonly extras: readonly Extra[] | undefined
}

function ofTuple(told: PidfTuple, id: string, context: Context): Observation {
  const tuple = asTimed(told, context.now)
  const own = foremostNow(tuple.activities, context.now)
  const sourceClass = sourceClassOf(tuple.class, context.addedClasses) ?? context.defaultClass
  // What does not say that it takes communication does not.
  const basic = tuple.basic ?? 'closed'
  const note = tuple.note ?? context.note ?? own?.note
  const explicit = own?.activity ?? context.doing
  const activity = isTold(explicit, basic) ? explicit : implied(basic, note)
  const since =
    own?.activity === undefined && context.doing !== undefined
      ? (context.doingSince ?? tuple.timestamp)
      : (own?.from ?? tuple.timestamp)
  return {
    id,
    class: sourceClass,
    basic,
    activity,
    manual: context.manual || sourceClass === 'manual' || activity === 'appear-offline',
    note,
    location: placeNow(tuple.places, context.now) ?? context.location,
    contact: tuple.contact,
    contactPriority: tuple.contactPriority,
    capabilities: tuple.capabilities,
    extras: joined(extrasNow(serviceExtras(tuple, context.now), context.now), context.extras),
    since: Math.min(since ?? context.now, context.now),
  }
}

/** RFC 4481 §3: a timed status that covers this moment is the status; of several the latest. */
function asTimed(tuple: PidfTuple, now: number): PidfTuple {
  let timed: PidfTimedStatus | undefined
  for (const one of tuple.timed) {
    if (holds(one, now) && (one.from ?? 0) >= (timed?.from ?? 0)) timed = one
  }
  if (!timed) return tuple
  return {
    ...tuple,
    basic: timed.basic ?? tuple.basic,
    activities: timed.activities.length > 0 ? timed.activities : tuple.activities,
    note: timed.note ?? tuple.note,
    timestamp: timed.from,
  }
}

/** What is to come is shown as it was said. */
function serviceExtras({ extras, timed }: PidfTuple, now: number): readonly PidfExtra[] {
  if (timed.length === 0) return extras
  const later = timed.filter(({ from }) => from !== undefined && from > now)
  return [...extras, ...later.map(({ extra }) => extra)]
}

/** But those whose time is over. They are kept for long: not the whole document with them. */
function extrasNow(extras: readonly PidfExtra[], now: number): readonly Extra[] | undefined {
  const current = extras.filter(({ until }) => until === undefined || until > now)
  if (current.length === 0) return undefined
  return current.map(({ of, kind, text }) => ({
    of,
    kind: sharedString(kind),
    text: ownString(text),
  }))
}

function joined(own: readonly Extra[] | undefined, all: readonly Extra[] | undefined) {
  return own && all ? [...own, ...all] : (own ?? all)
}

/** He says something of himself, and not how he is: that is what others say. */
function ofNobody(id: string, { defaultClass, extras, now }: Context): Observation {
  const silent = { basic: 'closed', activity: 'offline', manual: false, bare: true } as const
  return { id, class: defaultClass, ...silent, extras, since: now }
}

function ofPerson(id: string, activity: Activity, context: Context): Observation {
  return {
    id,
    class: context.defaultClass,
    basic: CLOSED.has(activity) ? 'closed' : 'open',
    activity,
    manual: context.manual || activity === 'appear-offline',
    note: context.note,
    location: context.location,
    extras: context.extras,
    since: Math.min(context.doingSince ?? context.now, context.now),
  }
}

const CLOSED: ReadonlySet<Activity> = new Set(['offline', 'appear-offline', 'unknown'])

/** An open service of somebody whose activity is unknown is there to be used. */
function isTold(activity: Activity | undefined, basic: 'open' | 'closed'): activity is Activity {
  return activity !== undefined && (activity !== 'unknown' || basic === 'closed')
}

/** Phones that know no RPID put their state into the note. A closed service stays closed. */
function implied(basic: 'open' | 'closed', note: string | undefined): Activity {
  if (basic === 'closed') return 'offline'
  return activityOfText(note ?? '') ?? 'available'
}

/** Of several activities that hold the foremost counts. */
function foremostNow(
  activities: readonly PidfActivities[],
  now: number,
): PidfActivities | undefined {
  const holding = activities.filter((one) => holds(one, now))
  const foremostActivity = foremost(holding.flatMap(({ activity }) => activity ?? []))
  return holding.find(({ activity }) => activity === foremostActivity)
}

function placeNow(places: readonly PidfPlace[], now: number): string | undefined {
  return places.find((place) => holds(place, now))?.location
}

/** RFC 4480 §3.1: from `from` until `until`. */
export function holds({ from, until }: Span, now: number): boolean {
  return (from ?? now) <= now && (until ?? Number.POSITIVE_INFINITY) > now
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
