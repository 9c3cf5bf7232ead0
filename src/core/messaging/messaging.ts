/**
 * Who gets a message: the rules of RFC 6121 §8.5 over the sessions of every protocol.
 * An edge hands in what it parsed; sessions hand out what their edge renders.
 */

import type { Clock } from '../../util/clock.ts'
import { KeyedQueue } from '../../util/keyed-queue.ts'
import type { Log } from '../../util/log.ts'
import { counter } from '../../util/metrics.ts'
import type { BareJid } from '../address.ts'
import { type Session, type Sessions, takesBareMessages } from '../sessions.ts'
import { Conversations } from './conversations.ts'
import { copySent, copyTakers, copyTo } from './copies.ts'
import { Mailbox, type OfflineStore } from './mailbox.ts'
import {
  DELIVERED,
  type DeliveryOutcome,
  DROPPED,
  type InstantMessage,
  isAbsence,
  refused,
  STORED,
} from './message.ts'
import { isKeptForLater, nobodyThere, unmatched } from './rules.ts'
import { identify } from './stable-id.ts'

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

/** One protocol's way to addresses that are not of this system. Must not throw. */
export interface Relay {
  /** `undefined` where it has no way there. */
  relay(message: InstantMessage): DeliveryOutcome | undefined
}

/** Told what becomes of messages for users of this system. Must not throw, and be quick: it is asked for each of them. */
export interface MessagingObserver {
  /** Those sessions have it now, or a copy. */
  given(account: BareJid, message: InstantMessage, sessions: readonly Session[]): void
  /** It waits for the user. */
  stored(account: BareJid, message: InstantMessage): void
}

export interface MessagingDeps {
  sessions: Sessions
  accounts: Accounts
  offline: OfflineStore
  access: MessageAccess
  clock: Clock
  log: Log
}

/** Messages to one absent account that may wait for the database at a time. */
const MAX_WAITING = 1000

const routed = counter({
  name: 'heliograph_messaging_messages_total',
  help: 'Instant messages routed, by the protocol they came in by and what became of them.',
  labels: ['origin', 'outcome'],
})

/** What would become of a message if it were sent now. */
export interface Prospect {
  readonly kind: 'delivered' | 'stored' | 'none'
  /** Who would be given it. */
  readonly sessions: readonly Session[]
}

const NOBODY: readonly Session[] = []

export class Messaging {
  readonly mailbox: Mailbox
  readonly #deps: MessagingDeps
  readonly #conversations: Conversations
  /** The tail of what waits for each absent account, so that its messages keep their order (RFC 6120 §10.1). */
  readonly #waiting = new KeyedQueue<BareJid>(MAX_WAITING)
  readonly #relays = new Set<Relay>()
  #observer: MessagingObserver | undefined

  constructor(deps: MessagingDeps) {
    this.#deps = deps
    this.mailbox = new Mailbox({
      ...deps,
      mayReach: (account, message) => this.#mayReach(account, message),
    })
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
    if (!(outcome instanceof Promise)) return this.#done(message, sender, outcome)
    return this.#settled(message, sender, outcome)
  }

  /** What `send` would do, but for a mailbox that is full. */
  async foresee(message: InstantMessage): Promise<Prospect> {
    const account = await this.#accountOf(message.to.bare)
    const nobody = { kind: 'none', sessions: NOBODY } as const
    if (account === undefined || !this.#mayReach(account, message)) return nobody
    const sessions = this.#recipients(account, message)
    if (sessions.length > 0) return { kind: 'delivered', sessions }
    const isKept = unmatched(message) === undefined && isKeptForLater(message)
    return isKept ? { kind: 'stored', sessions } : nobody
  }

  /** Messages to addresses that are not of this system go to the first that takes them. */
  addRelay(relay: Relay): Disposable {
    this.#relays.add(relay)
    return { [Symbol.dispose]: () => void this.#relays.delete(relay) }
  }

  /** There is one at most. */
  observe(observer: MessagingObserver): Disposable {
    this.#observer = observer
    return {
      [Symbol.dispose]: () => {
        if (this.#observer === observer) this.#observer = undefined
      },
    }
  }

  /** See `Mailbox.drain`. */
  drainOffline(session: Session): Promise<void> {
    return this.mailbox.drain(session)
  }

  #route(
    message: InstantMessage,
    sender: Session | undefined,
  ): DeliveryOutcome | Promise<DeliveryOutcome> {
    const { to } = message
    if (sender && this.#deps.sessions.of(sender.account).length > 1) this.#fromOne(message, sender)
    // XEP-0191 §3.3, for senders whose edge has no word of its own for it.
    if (this.#hasBlocked(message.from.bare, to.bare)) return refused('forbidden')
    if (!this.#deps.accounts.isLocal(to.domain)) return this.#relay(message)
    if (!this.#mayReach(to.bare, message)) return nobodyThere(message)
    // Somebody on line and nothing on its way to the store before this message: no need to ask the database.
    if (this.#deps.sessions.of(to.bare).length > 0 && !this.#waiting.isBusy(to.bare)) {
      return this.#toOnline(to.bare, message) ?? this.#enqueue(to.bare, message)
    }
    return this.#enqueue(to.bare, message)
  }

  #relay(message: InstantMessage): DeliveryOutcome {
    for (const relay of this.#relays) {
      const outcome = relay.relay(message)
      if (outcome) return outcome
    }
    return refused('no-such-domain')
  }

  /** `undefined` where none of the account's sessions takes this message and the rules for an absent user apply. */
  #toOnline(account: BareJid, message: InstantMessage): DeliveryOutcome | undefined {
    const sessions = this.#recipients(account, message)
    if (sessions.length > 0) return this.#give(sessions, account, message)
    return unmatched(message)
  }

  #recipients(account: BareJid, message: InstantMessage): readonly Session[] {
    const { resource } = message.to
    if (resource !== '') {
      const session = this.#deps.sessions.get(account, resource)
      // RFC 6121 §8.5.3.1: an exact match gets the stanza, whatever its priority.
      if (session) return [session]
    }
    if (unmatched(message)) return NOBODY
    const reachable = this.#deps.sessions.of(account).filter(takesBareMessages)
    if (reachable.length < 2) return reachable
    const one = this.#conversationPlace(reachable, account, message)
    return one ? [one] : reachable
  }

  #conversationPlace(
    reachable: readonly Session[],
    account: BareJid,
    message: InstantMessage,
  ): Session | undefined {
    if (message.type === 'headline') return undefined
    const peer = message.from.bare
    const place = this.#conversations.placeOf(account, peer, message.thread)
    if (place === undefined) return undefined
    const session = reachable.find((candidate) => candidate.resource === place)
    if (!session) this.#conversations.forget(account, peer, message.thread)
    // Receipts, reactions and the like are nothing to a phone, and may be something to his other clients.
    return session?.protocol === 'sip' && message.body === undefined ? undefined : session
  }

  /** Hands the message to each session: delivered as soon as one has it, relayed while only SIP has it. */
  #give(
    sessions: readonly Session[],
    account: BareJid,
    message: InstantMessage,
    tried: readonly Session[] = NOBODY,
  ): DeliveryOutcome {
    const all = this.#deps.sessions.of(account)
    const hasOthers = all.length > sessions.length && tried.length === 0
    const takers = hasOthers ? copyTakers(all, sessions, message) : NOBODY
    const isCopy = sessions.length + takers.length > 1
    // Clients that get it more than once in the end know that it is the same.
    if (isCopy) identify(message)
    let refusal: DeliveryOutcome | undefined
    let delivered = false
    const relayed: Promise<DeliveryOutcome>[] = []
    for (const session of sessions) {
      const outcome = session.deliver(message, isCopy)
      if (outcome instanceof Promise) relayed.push(this.#guard(outcome))
      else if (outcome.kind === 'refused') refusal ??= outcome
      else delivered = true
    }
    if (!delivered && relayed.length === 0) return refusal ?? refused('unreachable')
    copyTo(takers, message, 'received')
    this.#observer?.given(account, message, takers.length > 0 ? [...sessions, ...takers] : sessions)
    if (delivered) return DELIVERED
    const given = { account, message, tried: [...tried, ...sessions], isCopied: takers.length > 0 }
    return { kind: 'relayed', final: this.#settle(relayed, given) }
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
    { account, message, tried, isCopied }: Given,
  ): Promise<DeliveryOutcome> {
    const outcomes = await Promise.all(relayed)
    const taken = outcomes.find((outcome) => outcome.kind === 'delivered')
    if (taken) return taken
    const refusals = outcomes.filter((outcome) => outcome.kind === 'refused')
    const final = refusals.find((outcome) => !isAbsence(outcome.refusal))
    if (final) return final
    if (isCopied) return DELIVERED
    // The conversation was at a phone that is gone: his other clients are there.
    const others = this.#deps.sessions
      .of(account)
      .filter((session) => takesBareMessages(session) && !tried.includes(session))
    if (others.length > 0) {
      const outcome = this.#give(others, account, message, tried)
      return outcome.kind === 'relayed' ? outcome.final : outcome
    }
    return message.storable ? this.#store(account, message) : (refusals[0] ?? DROPPED)
  }

  /** Behind whatever already waits for this account, so that order holds. */
  #enqueue(address: BareJid, message: InstantMessage): DeliveryOutcome | Promise<DeliveryOutcome> {
    if (this.#waiting.isFull(address)) return refused('overloaded')
    return this.#waiting.run(address, () => this.#toPossiblyAbsent(address, message))
  }

  async #toPossiblyAbsent(address: BareJid, message: InstantMessage): Promise<DeliveryOutcome> {
    const account = await this.#accountOf(address)
    if (account === undefined) return nobodyThere(message, 'no-such-user')
    if (!this.#mayReach(account, message)) return nobodyThere(message)
    return this.#toOnline(account, message) ?? this.#toAbsent(account, message)
  }

  async #accountOf(address: BareJid): Promise<BareJid | undefined> {
    const { accounts } = this.#deps
    return (await accounts.exists(address)) ? address : accounts.accountOf(address)
  }

  /** RFC 6121 §8.5.2.2. Clients that want no messages to the bare JID want copies all the same. */
  #toAbsent(account: BareJid, message: InstantMessage): DeliveryOutcome | Promise<DeliveryOutcome> {
    if (message.type !== 'chat' && message.type !== 'normal') {
      return message.type === 'groupchat' ? refused('unreachable') : DROPPED
    }
    const takers = copyTakers(this.#deps.sessions.of(account), NOBODY, message)
    if (takers.length > 0) identify(message)
    copyTo(takers, message, 'received')
    if (takers.length > 0) this.#observer?.given(account, message, takers)
    return message.storable ? this.#store(account, message) : DROPPED
  }

  async #store(account: BareJid, message: InstantMessage): Promise<DeliveryOutcome> {
    const result = await this.mailbox.keep(account, message)
    if (result === 'full') return refused('mailbox-full')
    this.#observer?.stored(account, message)
    return STORED
  }

  /** A client that is one of several of its account. */
  #fromOne(message: InstantMessage, { account, resource }: Session): void {
    const { to, body, thread } = message
    if (body !== undefined) this.#conversations.answered(account, to.bare, thread, resource)
    // Its refusal is a stanza, and copied, too (XEP-0280 §6.1).
    if (message.origin === 'xmpp')
      copySent(message, { account, all: this.#deps.sessions.of(account), resource })
  }

  /** A phone is told by its own answer: nothing is copied that was refused. */
  #copyForeign(message: InstantMessage, sender: Session | undefined): void {
    const { account = message.from.bare, resource } = sender ?? {}
    copySent(message, { account, all: this.#deps.sessions.of(account), resource })
  }

  async #settled(
    message: InstantMessage,
    sender: Session | undefined,
    outcome: Promise<DeliveryOutcome>,
  ): Promise<DeliveryOutcome> {
    try {
      return this.#done(message, sender, await outcome)
    } catch (error) {
      this.#deps.log.error({ what: 'message_routing_failed', err: error })
      return this.#done(message, sender, refused('internal'))
    }
  }

  #done(
    message: InstantMessage,
    sender: Session | undefined,
    outcome: DeliveryOutcome,
  ): DeliveryOutcome {
    if (message.origin !== 'xmpp' && outcome.kind !== 'refused') this.#copyForeign(message, sender)
    routed.inc({ origin: message.origin, outcome: outcome.kind })
    return outcome
  }

  #mayReach(account: BareJid, { from }: InstantMessage): boolean {
    return account === from.bare || this.#deps.access.mayExchangeMessages(account, from.bare)
  }

  #hasBlocked(account: BareJid, address: BareJid): boolean {
    return account !== address && this.#deps.access.isRefused(account, address)
  }
}

/** A message that phones have, and have not answered. */
interface Given {
  readonly account: BareJid
  readonly message: InstantMessage
  readonly tried: readonly Session[]
  readonly isCopied: boolean
}
