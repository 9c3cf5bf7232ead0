/**
 * States that a person (or an administrator for him) set by hand outside any client. They belong
 * to the person, not to a connection, so they outlive both his clients and this process.
 */
import type { Clock } from '../../util/clock.ts'
import type { BareJid } from '../address.ts'
import type { Activity } from './observation.ts'
import type { PresenceService } from './presence.ts'

export interface ManualState {
  readonly account: BareJid
  readonly state: Activity
  readonly note: string | undefined
  /** Milliseconds since the epoch. */
  readonly since: number
  /** `undefined`: until it is changed. */
  readonly until: number | undefined
}

export interface ManualStateStore {
  all(): Promise<ManualState[]>
  put(state: ManualState): Promise<void>
  remove(account: BareJid): Promise<void>
}

export interface ManualPresenceDeps {
  store: ManualStateStore
  presence: PresenceService
  clock: Clock
}

const SOURCE = 'api/manual'

export class ManualPresence {
  readonly #store: ManualStateStore
  readonly #presence: PresenceService
  readonly #clock: Clock

  constructor({ store, presence, clock }: ManualPresenceDeps) {
    this.#store = store
    this.#presence = presence
    this.#clock = clock
  }

  /** Reports what was set before the process started. */
  async restore(): Promise<void> {
    const now = this.#clock.now()
    for (const state of await this.#store.all()) {
      if (state.until !== undefined && state.until <= now) await this.#store.remove(state.account)
      else this.#report(state)
    }
  }

  /** Resolves when the state is stored and shown. */
  async set(state: ManualState): Promise<void> {
    await this.#store.put(state)
    this.#report(state)
  }

  /** Back to what the other sources say. Clearing what is not set does nothing. */
  async clear(account: BareJid): Promise<void> {
    await this.#store.remove(account)
    this.#presence.withdraw(account, SOURCE)
  }

  #report({ account, state, note, since, until }: ManualState): void {
    this.#presence.report({
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
