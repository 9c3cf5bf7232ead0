/**
 * States that a person (or an administrator for him) set by hand outside any client. They belong
 * to the person, not to a connection, so they outlive both his clients and this process.
 */
import type { Clock, Timer } from '../../util/clock.ts'
import { KeyedQueue } from '../../util/keyed-queue.ts'
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

interface Passing {
  readonly state: ManualState
  readonly timer: Timer | undefined
}

const SOURCE = 'api/manual'
/** Changes of one account's state that wait for the database. */
const MAX_WAITING = 100

export class ManualPresence {
  readonly #deps: ManualPresenceDeps
  /** Those that something else than a person may end. */
  readonly #passing = new Map<BareJid, Passing>()
  /** One change of an account after the other: its last word is the one that is stored and shown. */
  readonly #changes = new KeyedQueue<BareJid>(MAX_WAITING)

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
    watches.defer(() => {
      for (const { timer } of this.#passing.values()) timer?.cancel()
    })
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

  /** Resolves when the state is stored and shown. Throws `RangeError` where too many are waiting. */
  set(state: ManualState): Promise<void> {
    return this.#inTurn(state.account, async () => {
      await this.#deps.store.put(state)
      this.#show(state)
    })
  }

  /** Back to what the other sources say. Clearing what is not set does nothing. Throws as `set` does. */
  clear(account: BareJid): Promise<void> {
    return this.#inTurn(account, () => this.#remove(account))
  }

  /** The account is gone. */
  forget(account: BareJid): void {
    this.#inBackground(account, () => this.#remove(account))
  }

  async #remove(account: BareJid): Promise<void> {
    await this.#deps.store.remove(account)
    this.#pass(account)
    this.#deps.presence.withdraw(account, SOURCE)
  }

  #show(state: ManualState): void {
    const { account, until } = state
    this.#pass(account)
    if (state.clear === 'sign-in' || state.state === 'available' || until !== undefined) {
      this.#passing.set(account, {
        state,
        timer: until === undefined ? until : this.#timer(state, until),
      })
    }
    this.#report(state)
  }

  #timer(state: ManualState, until: number): Timer {
    const { clock } = this.#deps
    return clock.after(until - clock.now(), () =>
      this.#end(state.account, (current) => current === state),
    )
  }

  #pass(account: BareJid): void {
    this.#passing.get(account)?.timer?.cancel()
    this.#passing.delete(account)
  }

  #signedIn(account: BareJid): void {
    this.#end(account, ({ clear }) => clear === 'sign-in')
  }

  /** Available by hand holds until a machine has something new to say (docs/adr/0003-composition.md). */
  #moved({ presentity, document, previous }: PresenceChange): void {
    const state = this.#passing.get(presentity)?.state
    if (state?.state !== 'available') return
    const before = automatic(previous)
    // His own word is the change, or the first that is heard of him after a restart.
    if (before === automatic(document) || !isByHandHere(previous)) return
    this.#end(presentity, (current) => current === state)
  }

  /** In its turn, and so not while the others are being told; the state may be another one by then. */
  #end(account: BareJid, isOver: (state: ManualState) => boolean): void {
    this.#inBackground(account, async () => {
      const passing = this.#passing.get(account)
      if (passing && isOver(passing.state)) await this.#remove(account)
    })
  }

  async #inTurn(account: BareJid, work: () => Promise<void>): Promise<void> {
    await this.#changes.run(account, work)
  }

  #inBackground(account: BareJid, work: () => Promise<void>): void {
    this.#inTurn(account, work).catch((err: unknown) => {
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
