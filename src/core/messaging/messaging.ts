/**
 * Who gets a message: the rules of RFC 6121 §8.5 over the sessions of every protocol.
 * An edge hands in what it parsed; sessions hand out what their edge renders.
 */

import type { Clock } from '../../util/clock.ts'
import type { Log } from '../../util/log.ts'
import { counter } from '../../util/metrics.ts'
import type { BareJid } from '../address.ts'
import type { Session, Sessions } from '../sessions.ts'
import { Conversations } from './conversations.ts'
import {
  DELIVERED,
  type DeliveryOutcome,
  DROPPED,
  type InstantMessage,
  refused,
  STORED,
} from './message.ts'

/** What messaging asks of the directory. */
export interface Accounts {
  isLocal(domain: string): boolean
  exists(account: BareJid): boolean | Promise<boolean>
  /** The account that another of its addresses names (an E.164 number, an alias), if it is just one. */
  accountOf(address: BareJid): Promise<BareJid | undefined>
}

/** Who refuses whose messages: `AccessControl`. */
export interface MessageAccess {
  /** Whether the sender's messages are let through to the recipient. */
  mayExchangeMessages(recipient: BareJid, sender: BareJid): boolean
  /** Whether the account has blocked all communication with the address. */
  isRefused(account: BareJid, address: BareJid): boolean
}

export interface KeptMessage {
  readonly id: number
  readonly message: InstantMessage
}

/** Where messages wait for an absent user. `add` resolves when the message is committed. */
export interface OfflineStore {
  add(account: BareJid, message: InstantMessage, at: number): Promise<'stored' | 'full'>
  /** The oldest messages first, at most `limit`, those after `afterId`. */
  list(account: BareJid, afterId: number, limit: number): Promise<KeptMessage[]>
  remove(account: BareJid, ids: readonly number[]): Promise<void>
}

export interface MessagingDeps {
  sessions: Sessions
  accounts: Accounts
  offline: OfflineStore
  access: MessageAccess
  clock: Clock
  log: Log
}

interface Drain {
  again: boolean
  done: Promise<void>
}

/** Messages to one absent account that may wait for the database at a time. */
const MAX_WAITING = 1000
/** So few that the largest stanzas fit in a stream's write queue together. */
const DRAIN_BATCH = 10
/** A client that takes longer to read a batch is as good as gone: others may wait for what it does not read. */
const FLUSH_DEADLINE_MS = 30_000

const routed = counter({
  name: 'heliograph_messaging_messages_total',
  help: 'Instant messages routed, by the protocol they came in by and what became of them.',
  labels: ['origin', 'outcome'],
})

export class Messaging {
  readonly #deps: MessagingDeps
  readonly #conversations: Conversations
  /** The tail of what waits for each absent account, so that its messages keep their order (RFC 6120 §10.1). */
  readonly #waiting = new Map<BareJid, { tail: Promise<unknown>; length: number }>()
  readonly #draining = new Map<Session, Drain>()

  constructor(deps: MessagingDeps) {
    this.#deps = deps
    this.#conversations = new Conversations(deps.clock)
  }

  /**
   * Routes one message and says what became of it. `sender` is the session it came from, where it
   * came from one of ours. Messages to one recipient stay in the order in which they are sent.
   * Answers at once where the recipient is on line; never rejects.
   */
  send(
    message: InstantMessage,
    sender: Session | undefined,
  ): DeliveryOutcome | Promise<DeliveryOutcome> {
    const outcome = this.#route(message, sender)
    if (!(outcome instanceof Promise)) return count(message, outcome)
    return outcome.then(
      (settled) => count(message, settled),
      (error: unknown) => {
        this.#deps.log.error({ what: 'message_routing_failed', err: error })
        return count(message, refused('internal'))
      },
    )
  }

  /**
   * Gives a session that became available what waited for its account, oldest first (XEP-0160 §2).
   * A message is removed only after the session took it and it has left this process.
   */
  drainOffline(session: Session): Promise<void> {
    const running = this.#draining.get(session)
    if (running !== undefined) {
      // What was stored since may have come after its last look.
      running.again = true
      return running.done
    }
    const drain = { again: false, done: Promise.resolve() }
    this.#draining.set(session, drain)
    drain.done = this.#drainAll(session, drain).finally(() => this.#draining.delete(session))
    return drain.done
  }

  #route(
    message: InstantMessage,
    sender: Session | undefined,
  ): DeliveryOutcome | Promise<DeliveryOutcome> {
    const { to } = message
    if (!this.#deps.accounts.isLocal(to.domain)) return refused('no-such-domain')
    // XEP-0191 §3.3, for senders whose edge has no word of its own for it.
    if (this.#hasBlocked(message.from.bare, to.bare)) return refused('forbidden')
    if (!this.#mayReach(to.bare, message)) return nobodyThere(message)
    if (sender && message.body !== undefined && this.#deps.sessions.of(sender.account).length > 1) {
      this.#conversations.answered(sender.account, to.bare, message.thread, sender.resource)
    }
    // Somebody on line and nothing on its way to the store before this message: no need to ask the database.
    if (this.#deps.sessions.of(to.bare).length > 0 && !this.#waiting.has(to.bare)) {
      return this.#toOnline(to.bare, message) ?? this.#enqueue(to.bare, message)
    }
    return this.#enqueue(to.bare, message)
  }

  /** `undefined` where none of the account's sessions takes this message and the rules for an absent user apply. */
  #toOnline(account: BareJid, message: InstantMessage): DeliveryOutcome | undefined {
    const { resource } = message.to
    if (resource !== '') {
      const session = this.#deps.sessions.get(account, resource)
      // RFC 6121 §8.5.3.1: an exact match gets the stanza, whatever its priority.
      if (session) return this.#give([session], account, message)
      // §8.5.3.2.1: to a resource that is not there, only chat is treated as if sent to the bare JID.
      if (message.type !== 'chat')
        return message.type === 'error' ? DROPPED : refused('unreachable')
    }
    if (message.type === 'groupchat') return refused('unreachable') // §8.5.2.1.1
    if (message.type === 'error') return DROPPED
    const reachable = this.#deps.sessions.of(account).filter(takesBareMessages)
    if (reachable.length === 0) return undefined
    const one =
      message.type === 'headline' ? undefined : this.#conversationPlace(reachable, account, message)
    return this.#give(one ? [one] : reachable, account, message)
  }

  #conversationPlace(
    reachable: readonly Session[],
    account: BareJid,
    message: InstantMessage,
  ): Session | undefined {
    if (reachable.length === 1) return undefined
    const peer = message.from.bare
    const place = this.#conversations.placeOf(account, peer, message.thread)
    if (place === undefined) return undefined
    const session = reachable.find((candidate) => candidate.resource === place)
    if (!session) this.#conversations.forget(account, peer, message.thread)
    return session
  }

  /** Hands the message to each session: delivered as soon as one has it, relayed while only SIP has it. */
  #give(sessions: readonly Session[], account: BareJid, message: InstantMessage): DeliveryOutcome {
    let refusal: DeliveryOutcome | undefined
    let delivered = false
    const relayed: Promise<DeliveryOutcome>[] = []
    const isCopy = sessions.length > 1
    for (const session of sessions) {
      const outcome = session.deliver(message, isCopy)
      if (outcome instanceof Promise) relayed.push(this.#guard(outcome))
      else if (outcome.kind === 'refused') refusal ??= outcome
      else delivered = true
    }
    if (delivered) return DELIVERED
    if (relayed.length > 0)
      return { kind: 'relayed', final: this.#settle(relayed, account, message) }
    return refusal ?? refused('unreachable')
  }

  #guard(outcome: Promise<DeliveryOutcome>): Promise<DeliveryOutcome> {
    return outcome.catch((error: unknown) => {
      this.#deps.log.error({ what: 'message_delivery_failed', err: error })
      return refused('internal')
    })
  }

  /** All SIP clients have answered: one that took it is enough; a phone that is gone is an absent user. */
  async #settle(
    relayed: Promise<DeliveryOutcome>[],
    account: BareJid,
    message: InstantMessage,
  ): Promise<DeliveryOutcome> {
    const outcomes = await Promise.all(relayed)
    const taken = outcomes.find((outcome) => outcome.kind === 'delivered')
    if (taken) return taken
    const refusals = outcomes.filter((outcome) => outcome.kind === 'refused')
    const final = refusals.find((outcome) => !isAbsence(outcome.refusal))
    if (final) return final
    return message.storable ? this.#store(account, message) : (refusals[0] ?? DROPPED)
  }

  /** Behind whatever already waits for this account, so that order holds. */
  #enqueue(address: BareJid, message: InstantMessage): DeliveryOutcome | Promise<DeliveryOutcome> {
    const queue = this.#waiting.get(address) ?? { tail: Promise.resolve(), length: 0 }
    if (queue.length >= MAX_WAITING) return refused('overloaded')
    queue.length += 1
    const outcome = queue.tail.then(() => this.#toPossiblyAbsent(address, message))
    queue.tail = outcome
      .catch(() => undefined)
      .then(() => {
        queue.length -= 1
        if (queue.length === 0) this.#waiting.delete(address)
      })
    this.#waiting.set(address, queue)
    return outcome
  }

  async #toPossiblyAbsent(address: BareJid, message: InstantMessage): Promise<DeliveryOutcome> {
    const { accounts } = this.#deps
    const account = (await accounts.exists(address)) ? address : await accounts.accountOf(address)
    if (account === undefined) return nobodyThere(message, 'no-such-user')
    if (!this.#mayReach(account, message)) return nobodyThere(message)
    return this.#toOnline(account, message) ?? this.#toAbsent(account, message)
  }

  /** RFC 6121 §8.5.2.2. */
  #toAbsent(account: BareJid, message: InstantMessage): DeliveryOutcome | Promise<DeliveryOutcome> {
    switch (message.type) {
      case 'headline':
      case 'error':
        return DROPPED
      case 'groupchat':
        return refused('unreachable')
      case 'chat':
      case 'normal':
        return message.storable ? this.#store(account, message) : DROPPED
    }
  }

  async #store(account: BareJid, message: InstantMessage): Promise<DeliveryOutcome> {
    const { offline, clock, sessions } = this.#deps
    const result = await offline.add(account, message, message.delayedSince ?? clock.now())
    if (result === 'full') return refused('mailbox-full')
    // He may have signed in while the database worked, after the edge drained the store.
    const back = sessions.of(account).find((session) => takesBareMessages(session))
    if (back) await this.drainOffline(back)
    return STORED
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
      const batch = await offline.list(session.account, after, DRAIN_BATCH)
      const taken: number[] = []
      for (const { id, message } of batch) {
        after = id
        if (!this.#mayReach(session.account, message)) {
          taken.push(id) // blocked since: it is not delivered any more
          continue
        }
        // One that this client cannot take (a phone refuses the content) waits for another client.
        const outcome = await this.#deliverKept(session, message)
        if (outcome.kind !== 'refused') taken.push(id)
        else if (isAbsence(outcome.refusal)) break
      }
      if (taken.length > 0) {
        if (!(await this.#flushed(session))) return
        await offline.remove(session.account, taken)
      }
      if (batch.length < DRAIN_BATCH || !takesBareMessages(session)) return
    }
  }

  #flushed(session: Session): boolean | Promise<boolean> {
    const flushed = session.flushed?.()
    if (!flushed) return true
    const late = Promise.withResolvers<boolean>()
    const deadline = this.#deps.clock.after(FLUSH_DEADLINE_MS, () => late.resolve(false))
    return Promise.race([flushed, late.promise]).finally(() => deadline.cancel())
  }

  #mayReach(account: BareJid, { from }: InstantMessage): boolean {
    return account === from.bare || this.#deps.access.mayExchangeMessages(account, from.bare)
  }

  #hasBlocked(account: BareJid, address: BareJid): boolean {
    return account !== address && this.#deps.access.isRefused(account, address)
  }

  async #deliverKept(session: Session, message: InstantMessage): Promise<DeliveryOutcome> {
    if (!takesBareMessages(session)) return refused('unreachable')
    return session.deliver(message)
  }
}

/** RFC 6121 §4.7.2.3: a negative priority asks for no messages to the bare JID. */
function takesBareMessages(session: Session): boolean {
  return session.priority !== undefined && session.priority >= 0
}

/**
 * RFC 6121 §8.5.1, and table 1 for headlines. Who blocks the sender looks like somebody who has
 * nobody to take it (XEP-0191 §3.3).
 */
function nobodyThere(
  { type }: InstantMessage,
  refusal: 'no-such-user' | 'unreachable' = 'unreachable',
): DeliveryOutcome {
  return type === 'error' || type === 'headline' ? DROPPED : refused(refusal)
}

function isAbsence(refusal: string): boolean {
  return refusal === 'unreachable' || refusal === 'timeout' || refusal === 'overloaded'
}

function count(message: InstantMessage, outcome: DeliveryOutcome): DeliveryOutcome {
  routed.inc({ origin: message.origin, outcome: outcome.kind })
  return outcome
}
