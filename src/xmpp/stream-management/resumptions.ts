/** Sessions that may be resumed: those that streams carry, and those that wait for their client. */
import type { BareJid } from '../../core/address.ts'
import type { Clock } from '../../util/clock.ts'
import { gauge } from '../../util/metrics.ts'
import type { ManagedSession } from './managed-session.ts'

/** Counts of sessions that have gone, for clients that come too late (XEP-0198 §5). */
const MAX_REMEMBERED = 10_000

const waiting = gauge({
  name: 'heliograph_xmpp_sessions_waiting',
  help: 'Sessions whose client has gone and may come back for them (XEP-0198).',
})

export class Resumptions {
  readonly #clock: Clock
  readonly #byId = new Map<string, ManagedSession>()
  readonly #parked = new Set<ManagedSession>()
  readonly #ended = new Map<string, { account: BareJid; handled: number }>()

  constructor(clock: Clock) {
    this.#clock = clock
    waiting.set(0)
  }

  /** From now on it can be claimed. */
  add(managed: ManagedSession): void {
    if (managed.resumable) this.#byId.set(managed.resumable.id, managed)
  }

  /** Waits for its client; `ended` is called where he does not come in time. */
  park(managed: ManagedSession, ended: () => void): void {
    this.add(managed)
    managed.carrier = undefined
    this.#parked.add(managed)
    waiting.set(this.#parked.size)
    managed.deadline = this.#clock.after(managed.resumable?.forMs ?? 0, ended)
  }

  /** Whoever claims a session is the only one who can; `undefined` where it is not there, or another's. */
  claim(id: string, account: BareJid): ManagedSession | undefined {
    const managed = this.#byId.get(id)
    if (managed?.session.account !== account) return undefined
    this.#forget(id, managed)
    return managed
  }

  /** It has ended for good. */
  remove(managed: ManagedSession): void {
    const { resumable, session, handled } = managed
    if (!resumable) return
    this.#forget(resumable.id, managed)
    this.#ended.set(resumable.id, { account: session.account, handled: handled.value })
    if (this.#ended.size <= MAX_REMEMBERED) return
    for (const oldest of this.#ended.keys()) {
      this.#ended.delete(oldest)
      return
    }
  }

  /** How many stanzas had been handled of a session that has ended. */
  handledBy(id: string, account: BareJid): number | undefined {
    const ended = this.#ended.get(id)
    return ended?.account === account ? ended.handled : undefined
  }

  /** Those that nobody carries. */
  get parked(): Iterable<ManagedSession> {
    return [...this.#parked]
  }

  #forget(id: string, managed: ManagedSession): void {
    managed.deadline?.cancel()
    managed.deadline = undefined
    this.#byId.delete(id)
    this.#parked.delete(managed)
    waiting.set(this.#parked.size)
  }
}
