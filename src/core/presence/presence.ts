/**
 * The presence service: takes reports from every source, keeps one composed document for each
 * presentity, and tells the audiences (XMPP, SIP, API) when it changes.
 */
import type { Clock, Timer } from '../../util/clock.ts'
import { counter, gauge } from '../../util/metrics.ts'
import type { BareJid } from '../address.ts'
import { EVERYTHING, NOTHING, type Visibility } from './access/access.ts'
import type { Composition } from './composition/compose.ts'
import { ENTERPRISE } from './composition/presets/enterprise.ts'
import type { Explanation, PresenceDocument } from './document.ts'
import type { Observation, Report } from './observation.ts'
import { inForce, isHeld, nextChange, replaced, type Standing, sayingNow } from './standing.ts'
import { type PresetOf, Views } from './views.ts'

export interface PresenceChange {
  readonly presentity: BareJid
  readonly document: PresenceDocument
  readonly previous: PresenceDocument
  readonly winner: Explanation['winner']
}

/** One protocol's watchers. Called synchronously, once for each change; it paces itself and must not throw. */
export interface Audience {
  readonly name: string
  presenceChanged(change: PresenceChange): void
}

export interface Explained {
  readonly document: PresenceDocument
  readonly explanation: Explanation
  readonly reports: readonly Report[]
  /** Sources whose last word is held back for a moment. */
  readonly held: readonly string[]
}

interface Home {
  readonly reports: Map<string, Standing>
  readonly views: Views
  expiry: Timer | undefined
}

/** Sources of one presentity at a time; a person has a dozen, an attacker with a thousand is refused. */
const MAX_SOURCES = 200
/** Characters of a note: every watcher gets a copy of it. */
const MAX_NOTE = 1024
const MAX_NEVER_SEEN = 10_000

const changes = counter({
  name: 'heliograph_presence_changes_total',
  help: 'Composed documents that changed.',
})
const presentities = gauge({
  name: 'heliograph_presence_presentities',
  help: 'Presentities with at least one live source.',
})

export interface PresenceDeps {
  readonly clock: Clock
  /** By which table a presentity's state is composed; where not given, `enterprise`. */
  readonly presetOf?: PresetOf
  /** Milliseconds for which a machine's word that a person is free again is held back; 0 where not given. */
  readonly dampingMs?: number
  /** Milliseconds after which what a lost source said is unknown. */
  readonly graceMs?: number
}

const GRACE_MS = 45_000

export class PresenceService {
  readonly #clock: Clock
  readonly #presetOf: PresetOf
  readonly #dampingMs: number
  readonly #graceMs: number
  readonly #homes = new Map<BareJid, Home>()
  /** Of presentities who went offline, since when and all: kept, so that watchers share renderings. */
  readonly #offline = new Map<BareJid, Views>()
  readonly #audiences = new Set<Audience>()
  /** Of those never seen, and what a watcher who may see nothing sees: the two cannot be told apart. */
  readonly #neverSeen = new Map<BareJid, Views>()
  readonly #startedAt: number

  constructor(deps: PresenceDeps) {
    const { clock, presetOf = () => ENTERPRISE, dampingMs = 0, graceMs = GRACE_MS } = deps
    this.#clock = clock
    this.#presetOf = presetOf
    this.#dampingMs = dampingMs
    this.#graceMs = graceMs
    this.#startedAt = clock.now()
  }

  /**
   * Replaces all that `report.source` said of the presentity. A report that has already ended
   * withdraws the source. Throws `RangeError` where a presentity would have more than 200 sources.
   */
  report(report: Report): void {
    const now = this.#clock.now()
    if (report.until !== undefined && report.until <= now) {
      this.withdraw(report.presentity, report.source)
      return
    }
    const home = this.#homes.get(report.presentity) ?? this.#open(report.presentity)
    if (home.reports.size >= MAX_SOURCES && !home.reports.has(report.source)) {
      throw new RangeError(`${report.presentity} has ${MAX_SOURCES} sources of presence already`)
    }
    const before = home.reports.get(report.source)
    const next = continueFrom(before?.report, report, now)
    home.reports.set(report.source, replaced(before, next, { now, dampingMs: this.#dampingMs }))
    this.#recompose(report.presentity, home)
  }

  /** Forgets a source. One that is not known is no error: it may have expired a moment ago. */
  withdraw(presentity: BareJid, source: string): void {
    const home = this.#homes.get(presentity)
    if (home?.reports.delete(source)) this.#recompose(presentity, home)
  }

  /**
   * The link to a source is gone without a word from it. After a grace period what it said is
   * unknown, until it says something again or what it said ends. One that is not known is no error.
   */
  lost(presentity: BareJid, source: string): void {
    const home = this.#homes.get(presentity)
    const standing = home?.reports.get(source)
    if (!home || !standing) return
    const now = this.#clock.now()
    const freshUntil = Math.min(standing.report.freshUntil ?? Infinity, now + this.#graceMs)
    home.reports.set(source, { ...standing, report: { ...standing.report, freshUntil } })
    this.#armExpiry(presentity, home, now)
  }

  /** As `lost`, for every source whose name starts so: the link of a collector. */
  lostAll(prefix: string): void {
    for (const [presentity, home] of this.#homes) {
      for (const source of home.reports.keys()) {
        if (source.startsWith(prefix)) this.lost(presentity, source)
      }
    }
  }

  /** For how long it is held back that a machine sets its person free, milliseconds. */
  get dampingMs(): number {
    return this.#dampingMs
  }

  /** All that is known. Always answers: an offline document where nothing is. */
  document(presentity: BareJid): PresenceDocument {
    return this.view(presentity, EVERYTHING).document
  }

  /** Why the document says what it says. */
  explain(presentity: BareJid): Explained {
    const home = this.#homes.get(presentity)
    const now = this.#clock.now()
    const standings = home ? [...home.reports.values()] : []
    return {
      ...this.#viewsOf(presentity).full,
      reports: standings.map((standing) => inForce(standing, now)),
      held: standings.filter((one) => isHeld(one, now)).map(({ report }) => report.source),
    }
  }

  /**
   * The presentity as those see him who may see this much: the same document for all of them, until
   * it changes. Who may see nothing sees somebody who was never on line.
   */
  view(presentity: BareJid, visible: Visibility): Composition {
    if (visible === NOTHING) return this.#neverOnline(presentity).full
    return this.#viewsOf(presentity).of(visible)
  }

  /** The table of these presentities has changed. */
  recompose(concerned: (presentity: BareJid) => boolean): void {
    for (const [presentity, home] of [...this.#homes]) {
      if (concerned(presentity)) this.#recompose(presentity, home)
    }
  }

  /** Adds an audience; disposing of the answer removes it. */
  subscribe(audience: Audience): Disposable {
    this.#audiences.add(audience)
    return { [Symbol.dispose]: () => void this.#audiences.delete(audience) }
  }

  #open(presentity: BareJid): Home {
    const known = this.#offline.get(presentity)
    this.#offline.delete(presentity)
    const views = known ?? new Views(presentity, this.#presetOf, this.#startedAt)
    const home: Home = { reports: new Map(), views, expiry: undefined }
    this.#homes.set(presentity, home)
    presentities.inc()
    return home
  }

  #recompose(presentity: BareJid, home: Home): void {
    const now = this.#clock.now()
    for (const [source, { report }] of home.reports) {
      if (report.until !== undefined && report.until <= now) home.reports.delete(source)
    }
    const previous = home.views.full.document
    const reports = Array.from(home.reports.values(), (standing) => inForce(standing, now))
    const changed = home.views.update(reports, now)
    this.#armExpiry(presentity, home, now)
    if (home.reports.size === 0) this.#close(presentity, home)
    if (!changed) return
    const { document, explanation } = home.views.full
    changes.inc()
    this.#tell({ presentity, document, previous, winner: explanation.winner })
  }

  #close(presentity: BareJid, { views }: Home): void {
    this.#homes.delete(presentity)
    presentities.dec()
    this.#offline.set(presentity, views)
  }

  /** One timer for each presentity, set to when the first of its reports ends, fades or is held no longer. */
  #armExpiry(presentity: BareJid, home: Home, now: number): void {
    home.expiry?.cancel()
    home.expiry = undefined
    let first = Number.POSITIVE_INFINITY
    for (const standing of home.reports.values()) {
      first = Math.min(first, nextChange(standing, now))
    }
    if (first === Number.POSITIVE_INFINITY) return
    home.expiry = this.#clock.after(first - now, () => this.#recompose(presentity, home))
  }

  #tell(change: PresenceChange): void {
    for (const audience of this.#audiences) audience.presenceChanged(change)
  }

  #viewsOf(presentity: BareJid): Views {
    return (
      this.#homes.get(presentity)?.views ??
      this.#offline.get(presentity) ??
      this.#neverOnline(presentity)
    )
  }

  #neverOnline(presentity: BareJid): Views {
    const known = this.#neverSeen.get(presentity)
    if (known) return known
    if (this.#neverSeen.size >= MAX_NEVER_SEEN) this.#neverSeen.clear()
    const views = new Views(presentity, this.#presetOf, this.#startedAt)
    this.#neverSeen.set(presentity, views)
    return views
  }
}

/**
 * A source that says again what it said before has been saying it since then: a publication that
 * is modified without timestamps, a client that changes its priority, are no news to a watcher.
 */
function continueFrom(earlier: Report | undefined, report: Report, now: number): Report {
  const before = earlier && sayingNow(earlier, now)
  const observations = continued(before?.observations, report.observations, now)
  if (!report.later) return { ...report, observations }
  let last: readonly Observation[] = observations
  const later = report.later.map(({ from, observations: said }) => {
    last = continued(last, said, from)
    return { from, observations: last }
  })
  return { ...report, observations, later }
}

function continued(
  before: readonly Observation[] | undefined,
  said: readonly Observation[],
  now: number,
): Observation[] {
  return said.map((observation) => {
    // A clock that is ahead makes no word newer than one that is said now.
    const since = Math.min(observation.since, now)
    const one = { ...observation, since, note: observation.note?.slice(0, MAX_NOTE) }
    const old = before?.find(({ id }) => id === one.id)
    const same = old?.activity === one.activity && old.manual === one.manual
    return same && old.since < one.since ? { ...one, since: old.since } : one
  })
}
