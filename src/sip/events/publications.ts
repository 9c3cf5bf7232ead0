/**
 * The publications of all presentities (RFC 3903 §6, the event state compositor's memory): who
 * published what under which entity-tag, until when. Composition itself is the core's.
 */
import { type BareJid, parseJid } from '../../core/address.ts'
import type { PublicationRecord, PublicationStore } from '../../storage/stores/sip-publications.ts'
import type { Clock, Timer } from '../../util/clock.ts'
import type { Log } from '../../util/log.ts'
import { gauge } from '../../util/metrics.ts'
import { orderedId, randomId } from '../../util/random-id.ts'
import { SipError } from '../errors.ts'
import type { Flow } from '../transport/transport.ts'
import type {
  EventDeps,
  EventPackage,
  NewState,
  PublicationSupport,
  PublishedState,
} from './event-package.ts'

/** An event package that takes publications. */
export type PublishablePackage = EventPackage & { readonly publication: PublicationSupport }

export interface Publication {
  readonly package: PublishablePackage
  readonly state: PublishedState
  readonly etag: string
}

interface Live extends Publication {
  readonly expiry: Timer
  readonly flow: Flow | undefined
}

/** For how long, and by which connection it holds. */
export interface Lease {
  /** Milliseconds since the epoch. */
  readonly expiresAt: number
  /** Of the publisher himself; `undefined` where he has none, or is behind proxies. */
  readonly flow: Flow | undefined
}

export interface PublicationsDeps {
  readonly clock: Clock
  readonly log: Log
  readonly store: PublicationStore
  readonly events: EventDeps
  readonly maxPerUser: number
  /** Told when a presentity gets his first publication about his presence, and loses his last. */
  readonly onPublisher?: (presentity: BareJid, publishes: boolean) => void
}

const publicationsGauge = gauge({
  name: 'heliograph_sip_publications',
  help: 'Live event publications.',
})

export class Publications {
  readonly #deps: PublicationsDeps
  readonly #byPresentity = new Map<BareJid, Map<string, Live>>()
  readonly #byFlow = new Map<Flow, Set<Live>>()

  constructor(deps: PublicationsDeps) {
    this.#deps = deps
  }

  /** By its entity-tag, among those of the same resource and event package. */
  find(presentity: BareJid, event: string, etag: string): Publication | undefined {
    for (const live of this.#of(presentity)) {
      if (live.etag === etag && live.package.event === event) return live
    }
    return undefined
  }

  /** Throws `SipError` 400 for a body that its package does not take, 403 above the user's limit. */
  async create(
    pkg: PublishablePackage,
    presentity: BareJid,
    published: NewState,
    { expiresAt, flow }: Lease,
  ): Promise<Publication> {
    if ((this.#byPresentity.get(presentity)?.size ?? 0) >= this.#deps.maxPerUser) {
      throw new SipError(403, 'Too Many Publications')
    }
    const publishedAt = this.#deps.clock.now()
    const id = orderedId(publishedAt)
    return this.#put(pkg, { id, presentity, publishedAt, expiresAt, ...published }, flow)
  }

  /** Without `published` a refresh: the state stays as it is for longer. Throws as `create` does. */
  update(
    publication: Publication,
    published: NewState | undefined,
    { expiresAt, flow }: Lease,
  ): Promise<Publication> {
    const { package: pkg, state: before } = publication
    const merged = published && (pkg.publication.merge?.(before, published) ?? published)
    const state = merged
      ? { ...before, ...merged, publishedAt: this.#deps.clock.now(), expiresAt }
      : { ...before, expiresAt }
    return this.#put(pkg, state, flow)
  }

  /** Answers the entity-tag to confirm it with: a new one as for every success (RFC 3903 §6 step 6), of nothing. */
  async remove({ state }: Publication): Promise<string> {
    await this.#deps.store.remove(state.id)
    this.#forget(state.presentity, state.id)
    return newEtag()
  }

  /** Takes up what was published before a restart. */
  async restore(packages: readonly PublishablePackage[]): Promise<void> {
    for (const record of await this.#deps.store.load(this.#deps.clock.now())) {
      const pkg = packages.find(({ event }) => event === record.event)
      const presentity = parseJid(record.presentity)?.bare
      if (!pkg || !presentity) continue
      try {
        const state = toState(record, presentity, this.#deps.clock.now())
        const report = pkg.publication.prepare(this.#deps.events, state)
        const publication = { package: pkg, state, etag: record.etag }
        this.#remember(publication, { report, flow: undefined })
      } catch (err) {
        this.#deps.log.warn({ what: 'sip_publication_not_restored', presentity, err })
      }
    }
  }

  /** A user was removed or disabled. */
  forget(presentity: BareJid): void {
    for (const { state } of [...this.#of(presentity)]) this.#expire(presentity, state.id)
  }

  /** The publishers are silent from now on; what they said stands until it is refreshed or expires. */
  flowClosed(flow: Flow): void {
    for (const { package: pkg, state } of this.#byFlow.get(flow) ?? []) {
      pkg.publication.lost?.(this.#deps.events, state)
    }
    this.#byFlow.delete(flow)
  }

  /** Stops the timers; what is stored stays stored. */
  stop(): void {
    for (const lives of this.#byPresentity.values()) {
      for (const { expiry } of lives.values()) expiry.cancel()
    }
  }

  /** RFC 3903 §6: all or nothing. What cannot be read is not stored, and what is not stored is not told. */
  async #put(
    pkg: PublishablePackage,
    state: PublishedState,
    flow: Flow | undefined,
  ): Promise<Publication> {
    const report = pkg.publication.prepare(this.#deps.events, state)
    const etag = newEtag()
    await this.#deps.store.put(toRecord(pkg.event, state, etag))
    return this.#remember({ package: pkg, state, etag }, { report, flow })
  }

  #remember(
    publication: Publication,
    { report, flow }: { report: () => void; flow: Flow | undefined },
  ): Publication {
    const { presentity, id, expiresAt } = publication.state
    const lives = this.#byPresentity.get(presentity) ?? new Map<string, Live>()
    const isFirst = tellsPresence(publication) && !lives.values().some(tellsPresence)
    const previous = lives.get(id)
    if (previous) this.#detach(previous)
    else publicationsGauge.inc()
    const wait = expiresAt - this.#deps.clock.now()
    const expiry = this.#deps.clock.after(wait, () => this.#expire(presentity, id))
    const live = { ...publication, expiry, flow }
    lives.set(id, live)
    this.#byPresentity.set(presentity, lives)
    report()
    this.#attach(live)
    if (isFirst) this.#deps.onPublisher?.(presentity, true)
    return live
  }

  #expire(presentity: BareJid, id: string): void {
    this.#forget(presentity, id)
    this.#deps.store.remove(id).catch((err: unknown) => {
      // The next start deletes what has ended.
      this.#deps.log.warn({ what: 'sip_publication_not_removed', presentity, err })
    })
  }

  #forget(presentity: BareJid, id: string): void {
    const lives = this.#byPresentity.get(presentity)
    const live = lives?.get(id)
    if (!lives || !live) return
    this.#detach(live)
    lives.delete(id)
    publicationsGauge.dec()
    if (lives.size === 0) this.#byPresentity.delete(presentity)
    if (tellsPresence(live) && !lives.values().some(tellsPresence)) {
      this.#deps.onPublisher?.(presentity, false)
    }
    live.package.publication.withdraw(this.#deps.events, live.state)
  }

  #attach(live: Live): void {
    const { flow } = live
    // It may have closed while the state was written.
    if (!flow?.open) {
      if (flow) live.package.publication.lost?.(this.#deps.events, live.state)
      return
    }
    const others = this.#byFlow.get(flow)
    if (others) others.add(live)
    else this.#byFlow.set(flow, new Set([live]))
  }

  #detach(live: Live): void {
    live.expiry.cancel()
    const others = live.flow && this.#byFlow.get(live.flow)
    others?.delete(live)
    if (live.flow && others?.size === 0) this.#byFlow.delete(live.flow)
  }

  #of(presentity: BareJid): Iterable<Live> {
    return this.#byPresentity.get(presentity)?.values() ?? []
  }
}

function tellsPresence({ package: pkg }: Publication): boolean {
  return pkg.publication.isPresence === true
}

/** Never given twice, and nobody guesses another's. */
export function newEtag(): string {
  return randomId(12, 'base64url')
}

function toRecord(event: string, state: PublishedState, etag: string): PublicationRecord {
  const { id, presentity, contentType, body, expiresAt } = state
  return { id, presentity, event, etag, contentType, body: body.toString('utf8'), expiresAt }
}

function toState(record: PublicationRecord, presentity: BareJid, now: number): PublishedState {
  const { id, contentType, body, expiresAt } = record
  return { id, presentity, contentType, body: Buffer.from(body), publishedAt: now, expiresAt }
}
