/**
 * A call is presence, too: who has a confirmed dialog is on a call, for watchers of every protocol. A phone
 * that rings says nothing yet of its owner. That a call has ended is told as late as what other machines
 * say when they set their person free (`presence.damping`).
 */
import type { PresenceService } from '../../../core/presence/presence.ts'
import type { DialogInfo } from '../../../formats/dialog-info.ts'
import type { Clock, Timer } from '../../../util/clock.ts'
import type { Log } from '../../../util/log.ts'
import type { PublishedState } from '../event-package.ts'

export class DialogPresence {
  readonly #presence: PresenceService
  readonly #clock: Clock
  readonly #log: Log
  /** Publications whose last call has just ended. */
  readonly #freed = new Map<string, Timer>()

  constructor(deps: { presence: PresenceService; clock: Clock; log: Log }) {
    this.#presence = deps.presence
    this.#clock = deps.clock
    this.#log = deps.log
  }

  told(state: PublishedState, { dialogs }: DialogInfo): void {
    if (dialogs.some((dialog) => dialog.state === 'confirmed')) this.#call(state)
    else this.#free(state)
  }

  ended({ id, presentity }: PublishedState): void {
    this.#hold(id)
    this.#presence.withdraw(presentity, sourceOf(id))
  }

  lost({ id, presentity }: PublishedState): void {
    this.#presence.lost(presentity, sourceOf(id))
  }

  #call({ id, presentity, publishedAt, expiresAt }: PublishedState): void {
    this.#hold(id)
    try {
      this.#presence.report({
        presentity,
        source: sourceOf(id),
        observations: [
          {
            id: 'calls',
            class: 'phone',
            basic: 'open',
            activity: 'on-a-call',
            manual: false,
            capabilities: { voice: true },
            since: publishedAt,
          },
        ],
        until: expiresAt,
      })
    } catch (err) {
      // More sources than the core keeps: the dialogs are told all the same.
      this.#log.warn({ what: 'sip_dialogs_not_reported', account: presentity, err })
    }
  }

  #free({ id, presentity }: PublishedState): void {
    if (this.#freed.has(id)) return
    const withdraw = () => {
      this.#freed.delete(id)
      this.#presence.withdraw(presentity, sourceOf(id))
    }
    const { dampingMs } = this.#presence
    if (dampingMs === 0) withdraw()
    else this.#freed.set(id, this.#clock.after(dampingMs, withdraw))
  }

  #hold(id: string): void {
    this.#freed.get(id)?.cancel()
    this.#freed.delete(id)
  }
}

function sourceOf(publication: string): string {
  return `sip/calls-${publication}`
}
