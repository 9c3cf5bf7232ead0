/**
 * What waits for absent users (XEP-0160): kept, handed over when one comes, looked through where he asks.
 */
import type { Clock } from '../../util/clock.ts'
import type { Log } from '../../util/log.ts'
import type { BareJid } from '../address.ts'
import { type Session, type Sessions, takesBareMessages } from '../sessions.ts'
import { type DeliveryOutcome, type InstantMessage, isAbsence, refused } from './message.ts'
import { identify } from './stable-id.ts'

export interface KeptMessage {
  readonly id: number
  readonly message: InstantMessage
}

/** Where messages wait for an absent user. `add` resolves when the message is committed. */
export interface OfflineStore {
  add(account: BareJid, message: InstantMessage, at: number): Promise<'stored' | 'full'>
  /** The oldest messages first, at most `limit`, those after `afterId`. */
  list(account: BareJid, afterId: number, limit: number): Promise<KeptMessage[]>
  /** Those of them that are there, the oldest first. */
  get(account: BareJid, ids: readonly number[]): Promise<KeptMessage[]>
  count(account: BareJid): Promise<number>
  remove(account: BareJid, ids: readonly number[]): Promise<void>
  /** Removes everything that is kept for the account. */
  clear(account: BareJid): Promise<void>
}

export interface MailboxDeps {
  readonly sessions: Sessions
  readonly offline: OfflineStore
  readonly clock: Clock
  readonly log: Log
  /** Whether the sender's messages are let through to the account now. */
  mayReach(account: BareJid, message: InstantMessage): boolean
}

interface Drain {
  again: boolean
  done: Promise<void>
}

/** So few that the largest stanzas fit in a stream's write queue together. */
export const BATCH = 10
/** A client that takes longer to read a batch is as good as gone: others may wait for what it does not read. */
const FLUSH_DEADLINE_MS = 30_000

export class Mailbox {
  readonly #deps: MailboxDeps
  readonly #draining = new Map<Session, Drain>()
  readonly #expiryListeners = new Set<(message: InstantMessage) => void>()
  readonly #listeners = new Set<(account: BareJid) => void>()

  constructor(deps: MailboxDeps) {
    this.#deps = deps
  }

  /** Called with each message that waited for too long. Must not throw. */
  onExpired(listener: (message: InstantMessage) => void): Disposable {
    this.#expiryListeners.add(listener)
    return { [Symbol.dispose]: () => void this.#expiryListeners.delete(listener) }
  }

  /** Called whenever there may be more, or fewer, messages that wait for a user. Must not throw. */
  onChange(listener: (account: BareJid) => void): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }

  /** Resolves when it is committed, and given to a client that has come meanwhile. */
  async keep(account: BareJid, message: InstantMessage): Promise<'stored' | 'full'> {
    const { offline, clock, sessions } = this.#deps
    identify(message)
    const result = await offline.add(account, message, message.delayedSince ?? clock.now())
    if (result === 'full') return result
    this.#tell(account)
    // He may have signed in while the database worked, after the edge drained the store.
    const back = sessions.of(account).find((session) => takesBareMessages(session))
    if (back) await this.drain(back)
    return result
  }

  /**
   * Gives a session that became available what waited for its account, oldest first (XEP-0160 §2).
   * A message is removed only after the session took it and it has left this process. Resolves when all that
   * has happened, or at once where it takes acknowledgements of the client to know.
   */
  drain(session: Session): Promise<void> {
    // XEP-0013 §2.2: nor is another client of his flooded meanwhile.
    if (this.#deps.sessions.of(session.account).some(({ readsMailbox }) => readsMailbox)) {
      return Promise.resolve()
    }
    const running = this.#draining.get(session)
    if (running !== undefined) {
      // What was stored since may have come after its last look.
      running.again = true
      return session.acknowledges ? Promise.resolve() : running.done
    }
    const drain = { again: false, done: Promise.resolve() }
    this.#draining.set(session, drain)
    drain.done = this.#drainAll(session, drain).finally(() => this.#draining.delete(session))
    if (!session.acknowledges) return drain.done
    const { account } = session
    drain.done = drain.done.catch((err: unknown) => {
      this.#deps.log.error({ what: 'offline_messages_not_drained', account, err })
    })
    return Promise.resolve()
  }

  /** What may be read now, the oldest first; what may not is removed on the way. */
  async *read(account: BareJid): AsyncIterableIterator<readonly KeptMessage[]> {
    const { offline } = this.#deps
    let after = 0
    for (;;) {
      const batch = await offline.list(account, after, BATCH)
      after = batch.at(-1)?.id ?? after
      const { readable, outdated } = this.#sort(account, batch)
      if (outdated.length > 0) await this.remove(account, outdated)
      if (readable.length > 0) yield readable
      if (batch.length < BATCH) return
    }
  }

  /** Those of them that may be read now. */
  async get(account: BareJid, ids: readonly number[]): Promise<readonly KeptMessage[]> {
    return this.#sort(account, await this.#deps.offline.get(account, ids)).readable
  }

  /** What may not be read any more included, where nobody has looked since. */
  count(account: BareJid): Promise<number> {
    return this.#deps.offline.count(account)
  }

  async remove(account: BareJid, ids: readonly number[]): Promise<void> {
    await this.#deps.offline.remove(account, ids)
    this.#tell(account)
  }

  async clear(account: BareJid): Promise<void> {
    await this.#deps.offline.clear(account)
    this.#tell(account)
  }

  /** Whether the session has taken what it was given; not for ever. */
  flushed(session: Session): boolean | Promise<boolean> {
    const flushed = session.flushed?.()
    if (!flushed) return true
    const late = Promise.withResolvers<boolean>()
    const deadline = this.#deps.clock.after(FLUSH_DEADLINE_MS, () => late.resolve(false))
    return Promise.race([flushed, late.promise]).finally(() => deadline.cancel())
  }

  async #drainAll(session: Session, drain: Drain): Promise<void> {
    do {
      drain.again = false
      await this.#drain(session)
    } while (drain.again)
  }

  async #drain(session: Session): Promise<void> {
    const { offline } = this.#deps
    let after = 0
    for (;;) {
      const batch = await offline.list(session.account, after, BATCH)
      after = batch.at(-1)?.id ?? after
      const { readable, outdated: done } = this.#sort(session.account, batch)
      const isThere = await handOver(session, readable, done)
      if (done.length > 0) {
        if (!(await this.flushed(session))) return
        await this.remove(session.account, done)
      }
      if (!isThere || batch.length < BATCH || !takesBareMessages(session)) return
    }
  }

  #tell(account: BareJid): void {
    for (const listener of this.#listeners) listener(account)
  }

  #sort(account: BareJid, batch: readonly KeptMessage[]) {
    const readable: KeptMessage[] = []
    const outdated: number[] = []
    for (const kept of batch) {
      const { id, message } = kept
      const isExpired = (message.expiresAt ?? Number.POSITIVE_INFINITY) <= this.#deps.clock.now()
      if (isExpired) for (const listener of this.#expiryListeners) listener(message)
      // Blocked since: it is not delivered any more.
      if (isExpired || !this.#deps.mayReach(account, message)) outdated.push(id)
      else readable.push(kept)
    }
    return { readable, outdated }
  }
}

/** Notes in `taken` what the session took; false where it is not there any more. */
async function handOver(
  session: Session,
  kept: readonly KeptMessage[],
  taken: number[],
): Promise<boolean> {
  for (const { id, message } of kept) {
    // One that this client cannot take (a phone refuses the content) waits for another client.
    const outcome = await deliverKept(session, message)
    if (outcome.kind !== 'refused') taken.push(id)
    else if (isAbsence(outcome.refusal)) return false
  }
  return true
}

function deliverKept(
  session: Session,
  message: InstantMessage,
): DeliveryOutcome | Promise<DeliveryOutcome> {
  return takesBareMessages(session) ? session.deliver(message) : refused('unreachable')
}
