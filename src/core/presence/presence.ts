/**
 * The presence service: takes reports from every source, keeps one composed document for each
 * presentity, and tells the audiences (XMPP, SIP, API) when it changes.
 */
import type { Clock, Timer } from '../../util/clock.ts'
import { counter, gauge } from '../../util/metrics.ts'
import type { BareJid } from '../address.ts'
import type { Authorization, View, Watcher } from './authorization.ts'
import { type Composition, compose } from './composition.ts'
import { type Explanation, type PresenceDocument, sameDocument } from './document.ts'
import type { Report } from './observation.ts'

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
}

interface Home {
  readonly reports: Map<string, Report>
  document: PresenceDocument
  explanation: Explanation
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
const compositions = counter({
  name: 'heliograph_presence_compositions_total',
  help: 'Times that a presentity was composed.',
})

export class PresenceService {
  readonly #clock: Clock
  readonly #authorization: Authorization
  readonly #homes = new Map<BareJid, Home>()
  /** Of presentities who went offline, since when and all: kept whole, so that watchers share renderings. */
  readonly #offline = new Map<BareJid, Composition>()
  readonly #audiences = new Set<Audience>()
  /** Of those never seen, and what a watcher who may see nothing sees: the two cannot be told apart. */
  readonly #neverSeen = new Map<BareJid, Composition>()
  readonly #startedAt: number

  constructor({ clock, authorization }: { clock: Clock; authorization: Authorization }) {
    this.#clock = clock
    this.#authorization = authorization
    this.#startedAt = clock.now()
  }

  /**
   * Replaces all that `report.source` said of the presentity. A report that has already ended
   * withdraws the source. Throws `RangeError` where a presentity would have more than 200 sources.
   */
  report(report: Report): void {
    if (report.until !== undefined && report.until <= this.#clock.now()) {
      this.withdraw(report.presentity, report.source)
      return
    }
    const home = this.#homes.get(report.presentity) ?? this.#open(report.presentity)
    if (home.reports.size >= MAX_SOURCES && !home.reports.has(report.source)) {
      throw new RangeError(`${report.presentity} has ${MAX_SOURCES} sources of presence already`)
    }
    home.reports.set(report.source, continueFrom(home.reports.get(report.source), report))
    this.#recompose(report.presentity, home)
  }

  /** Forgets a source. One that is not known is no error: it may have expired a moment ago. */
  withdraw(presentity: BareJid, source: string): void {
    const home = this.#homes.get(presentity)
    if (home?.reports.delete(source)) this.#recompose(presentity, home)
  }

  /** Always answers: an offline document where nothing is known. */
  document(presentity: BareJid): PresenceDocument {
    return this.#homes.get(presentity)?.document ?? this.#nothingKnown(presentity).document
  }

  /** Why the document says what it says. */
  explain(presentity: BareJid): Explained {
    const home = this.#homes.get(presentity)
    if (!home) return { ...this.#nothingKnown(presentity), reports: [] }
    return {
      document: home.document,
      explanation: home.explanation,
      reports: [...home.reports.values()],
    }
  }

  /** The document as this watcher may see it: one that is blocked or not yet confirmed sees an offline person. */
  view(presentity: BareJid, watcher: Watcher): View {
    const decision = this.#authorization.decide(presentity, watcher)
    if (decision === 'allow') return { decision, document: this.document(presentity) }
    return { decision, document: this.#neverOnline(presentity).document }
  }

  /** Adds an audience; disposing of the answer removes it. */
  subscribe(audience: Audience): Disposable {
    this.#audiences.add(audience)
    return { [Symbol.dispose]: () => void this.#audiences.delete(audience) }
  }

  #open(presentity: BareJid): Home {
    const home: Home = {
      reports: new Map(),
      ...this.#nothingKnown(presentity),
      expiry: undefined,
    }
    this.#homes.set(presentity, home)
    presentities.inc()
    return home
  }

  #recompose(presentity: BareJid, home: Home): void {
    const now = this.#clock.now()
    for (const [source, { until }] of home.reports) {
      if (until !== undefined && until <= now) home.reports.delete(source)
    }
    compositions.inc()
    const { document, explanation } = this.#compose(presentity, home, now)
    const previous = home.document
    home.explanation = explanation
    this.#armExpiry(presentity, home, now)
    if (home.reports.size === 0) this.#close(presentity, { document, explanation })
    if (sameDocument(previous, document)) return
    home.document = document
    changes.inc()
    this.#tell({ presentity, document, previous, winner: explanation.winner })
  }

  #compose(presentity: BareJid, home: Home, now: number): Composition {
    if (home.reports.size > 0) return compose(presentity, [...home.reports.values()], now)
    const { person } = home.document
    return compose(presentity, [], person.state === 'offline' ? person.since : now)
  }

  #close(presentity: BareJid, composition: Composition): void {
    this.#homes.delete(presentity)
    presentities.dec()
    this.#offline.set(presentity, composition)
  }

  /** One timer for each presentity, set to the first of its reports that ends. */
  #armExpiry(presentity: BareJid, home: Home, now: number): void {
    home.expiry?.cancel()
    home.expiry = undefined
    let first = Number.POSITIVE_INFINITY
    for (const { until } of home.reports.values()) {
      if (until !== undefined && until < first) first = until
    }
    if (first === Number.POSITIVE_INFINITY) return
    home.expiry = this.#clock.after(first - now, () => this.#recompose(presentity, home))
  }

  #tell(change: PresenceChange): void {
    for (const audience of this.#audiences) audience.presenceChanged(change)
  }

  #nothingKnown(presentity: BareJid): Composition {
    return this.#offline.get(presentity) ?? this.#neverOnline(presentity)
  }

  #neverOnline(presentity: BareJid): Composition {
    const known = this.#neverSeen.get(presentity)
    if (known) return known
    if (this.#neverSeen.size >= MAX_NEVER_SEEN) this.#neverSeen.clear()
    const composition = compose(presentity, [], this.#startedAt)
    this.#neverSeen.set(presentity, composition)
    return composition
  }
}

/**
 * A source that says again what it said before has been saying it since then: a publication that
 * is modified without timestamps, a client that changes its priority, are no news to a watcher.
 */
function continueFrom(before: Report | undefined, report: Report): Report {
  const observations = report.observations.map((said) => {
    const one = { ...said, note: said.note?.slice(0, MAX_NOTE) }
    const old = before?.observations.find(({ id }) => id === one.id)
    const same = old?.activity === one.activity && old.manual === one.manual
    return same && old.since < one.since ? { ...one, since: old.since } : one
  })
  return { ...report, observations }
}
