/**
 * States that a person (or an administrator for him) set by hand outside any client. They belong
 * to the person, not to a connection, so they outlive both his clients and this process.
 */
import type { Clock } from '../../util/clock.ts'
import type { Log } from '../../util/log.ts'
import type { BareJid } from '../address.ts'
import type { Sessions } from '../sessions.ts'
import type { PresenceDocument } from './document.ts'
import type { Activity } from './observation.ts'
import type { PresenceChange, PresenceService } from './presence.ts'

export interface ManualState {
  readonly account: BareJid
  readonly state: Activity
  readonly note: string | undefined
  /** Milliseconds since the epoch. */
  readonly since: number
  /** `undefined`: until it is changed. */
  readonly until: number | undefined
  /** What else ends it: the next sign-in of a client of his, or nothing. */
  readonly clear: 'never' | 'sign-in'
}

export interface ManualStateStore {
  all(): Promise<ManualState[]>
  put(state: ManualState): Promise<void>
  remove(account: BareJid): Promise<void>
}

export interface ManualPresenceDeps {
  store: ManualStateStore
  presence: PresenceService
  sessions: Pick<Sessions, 'onBound'>
  clock: Clock
  log: Log
}

const SOURCE = 'api/manual'

export class ManualPresence {
  readonly #deps: ManualPresenceDeps
  /** Those that something else than their time may end. */
  readonly #passing = new Map<BareJid, ManualState>()

  constructor(deps: ManualPresenceDeps) {
    this.#deps = deps
  }

  /**
   * From now on a client that signs in ends what ends so. Clients whose registration was taken up
   * after a restart have not signed in: call it when they are there.
   */
  watch(): Disposable {
    const { sessions, presence } = this.#deps
    const watches = new DisposableStack()
    watches.use(sessions.onBound(({ account }) => this.#signedIn(account)))
    watches.use(
      presence.subscribe({ name: 'manual', presenceChanged: (change) => this.#moved(change) }),
    )
    return watches
  }

  /** Reports what was set before the process started. */
  async restore(): Promise<void> {
    const { store, clock } = this.#deps
    const now = clock.now()
    for (const state of await store.all()) {
      if (state.until !== undefined && state.until <= now) await store.remove(state.account)
      else this.#show(state)
    }
  }

  /** Resolves when the state is stored and shown. */
  async set(state: ManualState): Promise<void> {
    await this.#deps.store.put(state)
    this.#show(state)
  }

  /** Back to what the other sources say. Clearing what is not set does nothing. */
  async clear(account: BareJid): Promise<void> {
    await this.#deps.store.remove(account)
    this.#passing.delete(account)
    this.#deps.presence.withdraw(account, SOURCE)
  }

  #show(state: ManualState): void {
    if (state.clear === 'sign-in' || state.state === 'available') {
      this.#passing.set(state.account, state)
    } else {
      this.#passing.delete(state.account)
    }
    this.#report(state)
  }

  #signedIn(account: BareJid): void {
    if (this.#passing.get(account)?.clear === 'sign-in') this.#end(account)
  }

  /** Available by hand holds until a machine has something new to say (docs/adr/0003-composition.md). */
  #moved({ presentity, document, previous }: PresenceChange): void {
    if (this.#passing.get(presentity)?.state !== 'available') return
    const before = automatic(previous)
    // His own word is the change, or the first that is heard of him after a restart.
    if (before === automatic(document) || !isByHandHere(previous)) return
    // Not while the others are being told.
    queueMicrotask(() => this.#end(presentity))
  }

  #end(account: BareJid): void {
    this.clear(account).catch((err: unknown) => {
      this.#deps.log.error({ what: 'manual_state_not_cleared', account, err })
    })
  }

  #report({ account, state, note, since, until }: ManualState): void {
    this.#deps.presence.report({
      presentity: account,
      source: SOURCE,
      until,
      observations: [
        {
          id: 'manual',
          class: 'manual',
          basic: state === 'offline' ? 'closed' : 'open',
          activity: state,
          manual: true,
          note,
          since,
        },
      ],
    })
  }
}

/** What machines say of him, in short. */
function automatic({ tuples }: PresenceDocument): string {
  return tuples
    .filter((tuple) => tuple.class !== 'manual')
    .map(({ id, activity }) => `${id} ${activity}`)
    .join()
}

function isByHandHere({ tuples }: PresenceDocument): boolean {
  return tuples.some((tuple) => tuple.class === 'manual')
}
