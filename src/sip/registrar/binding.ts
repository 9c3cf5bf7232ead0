/** One registered contact: a session of the core, reached by MESSAGE. */
import type { BareJid } from '../../core/address.ts'
import {
  type DeliveryOutcome,
  DROPPED,
  type InstantMessage,
  refused,
} from '../../core/messaging/message.ts'
import type { Signals } from '../../core/messaging/signals.ts'
import type { Session } from '../../core/sessions.ts'
import type { BindingRecord } from '../../storage/stores/sip-bindings.ts'
import type { MessageSender } from '../messaging/outgoing.ts'
import { TakenTypes } from '../messaging/taken-types.ts'
import type { Peer } from '../transport/transport.ts'

/** What a REGISTER sets, each time anew. */
export interface BindingState {
  readonly contact: string
  readonly instance: string | undefined
  readonly regId: number | undefined
  readonly callId: string
  readonly cseq: number
  readonly q: number
  /** Milliseconds since the epoch. */
  readonly expiresAt: number
  /** Route set of our requests (RFC 3327), nearest first. */
  readonly path: readonly string[]
  /** Where our requests go; `undefined`: by path or contact. */
  readonly peer: Peer | undefined
  readonly userAgent: string | undefined
  /** Of the last REGISTER, in milliseconds since the epoch. */
  readonly registeredAt: number
  /** Names the temporary GRUUs that are good for it; with an instance only (RFC 5627). */
  readonly series: string | undefined
  /** The client says what it can do, and MESSAGE is not among it (RFC 3261 §20.5). */
  readonly takesMessages: boolean
}

/**
 * What last happened to a contact, in the words of RFC 3680 §4.7.1. The first two leave it bound. A connection
 * that closes and a new password deactivate: the client is welcome to register again at once.
 */
export type ContactEvent =
  | 'registered'
  | 'refreshed'
  | 'expired'
  | 'unregistered'
  | 'deactivated'
  | 'rejected'

/** q 0…1 as a priority of the core; not negative, so that messages to the person reach his phone. */
const MAX_PRIORITY = 10

export class Binding implements Session {
  readonly account: BareJid
  readonly resource: string
  readonly protocol = 'sip'
  readonly since: number
  /** Set by `Bindings`. */
  event: ContactEvent = 'registered'
  readonly #sender: MessageSender
  readonly #flows: () => readonly Binding[]
  #state: BindingState
  #answers = true
  #types: TakenTypes | undefined

  /** `flows` answers all bindings of the account. */
  constructor(
    { sender, flows }: { sender: MessageSender; flows: () => readonly Binding[] },
    { account, id, since }: { account: BareJid; id: string; since: number },
    state: BindingState,
  ) {
    this.#sender = sender
    this.#flows = flows
    this.account = account
    this.resource = id
    this.since = since
    this.#state = state
  }

  get state(): BindingState {
    return this.#state
  }

  /** Out of routing while its client takes no messages, or did not answer the last one: those wait in the store. */
  get priority(): number | undefined {
    if (!this.#state.takesMessages || !this.#answers) return undefined
    return Math.round(this.#state.q * MAX_PRIORITY)
  }

  /** A REGISTER shows that the client is there again. */
  renew(state: BindingState): void {
    this.#state = state
    this.#answers = true
    this.#types = undefined
  }

  get types(): TakenTypes {
    this.#types ??= new TakenTypes()
    return this.#types
  }

  deliver(message: InstantMessage): DeliveryOutcome | Promise<DeliveryOutcome> {
    // Bounces have no form of their own in page mode, and what is no text only where RFC 3994 and RFC 5438 have it.
    if (message.type === 'error') return DROPPED
    if (message.body === undefined && !saysSomething(message.signals)) return DROPPED
    const flows = this.#flowsOfDevice()
    if (flows.length > 0) return this.#send(message, flows)
    return message.body === undefined ? DROPPED : refused('unreachable')
  }

  /** RFC 5626 §7: where one flow to the device has failed, by the next; any other answer is the device's own. */
  async #send(message: InstantMessage, flows: readonly Binding[]): Promise<DeliveryOutcome> {
    let outcome: DeliveryOutcome = refused('unreachable')
    for (const flow of flows) {
      const result = await this.#sender.send(flow, message)
      outcome = result.outcome
      this.#answers = result.reached
      if (!result.flowFailed) break
    }
    return outcome
  }

  #flowsOfDevice(): readonly Binding[] {
    const others = this.#flows().filter((one) => one !== this && one.device === this.device)
    const newestFirst = others.sort((a, b) => b.state.registeredAt - a.state.registeredAt)
    return [this, ...newestFirst].filter((flow) => !flow.isLost)
  }

  get isBound(): boolean {
    return this.event === 'registered' || this.event === 'refreshed'
  }

  /** The same for all flows of a device (RFC 5626 §4.2). */
  get device(): string {
    return this.#state.instance?.toLowerCase() ?? this.resource
  }

  /** The connection that it was registered over has closed. */
  get isLost(): boolean {
    const { peer } = this.#state
    return peer !== undefined && peer.transport !== 'udp' && peer.flow?.open !== true
  }

  toRecord(): BindingRecord {
    const { peer, takesMessages: _, ...state } = this.#state
    return {
      id: this.resource,
      account: this.account,
      since: this.since,
      ...state,
      transport: peer?.transport ?? 'path',
      received: peer && `${peer.host}:${peer.port}`,
    }
  }
}

function saysSomething(signals: Signals | undefined): boolean {
  return signals?.state !== undefined || signals?.report !== undefined
}

/** Reached without a connection of the client's, so that it can be reached after a restart, too. */
export function isDurable({ peer }: BindingState): boolean {
  return peer === undefined || peer.transport === 'udp'
}

export function stateOf(record: BindingRecord): BindingState {
  const { id: _id, account: _account, since: _since, transport: _, received, ...state } = record
  return { ...state, peer: parsePeer(received), takesMessages: true }
}

function parsePeer(received: string | undefined): Peer | undefined {
  const [, host, port] = /^(.+):(\d{1,5})$/.exec(received ?? '') ?? []
  return host && port ? { transport: 'udp', host, port: Number(port) } : undefined
}
