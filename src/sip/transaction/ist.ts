/**
 * INVITE server transaction (RFC 3261 §17.2.1, RFC 6026 §8.5).
 *
 *   proceeding ──300–699──▶ completed ──ACK──▶ confirmed ──I──▶ terminated
 *       │                       └───────────H──────────────────────▲
 *       └─────────2xx─────▶ accepted ──────────L───────────────────┘
 *
 * While completed, timer G repeats the final response until ACK or timer H. An accepted transaction
 * only absorbs copies of the INVITE: the 2xx is the user's to repeat until his dialog has its ACK.
 * A transport error ends nothing (RFC 6026 §8.8): the client repeats the INVITE, and gets the answer then.
 */
import type { Clock } from '../../util/clock.ts'
import type { Reply } from '../transport/reply.ts'
import { Alarms } from './alarms.ts'
import { type Moves, StateMachine } from './state-machine.ts'
import type { TransactionTimers } from './timers.ts'

export type IstState = 'proceeding' | 'completed' | 'confirmed' | 'accepted' | 'terminated'

const MOVES: Moves<IstState> = {
  proceeding: ['completed', 'accepted', 'terminated'],
  completed: ['confirmed', 'terminated'],
  confirmed: ['terminated'],
  accepted: ['terminated'],
  terminated: [],
}

/** What a server transaction does to the world. */
export interface ServerPort {
  /** Writes a response, first time or again. */
  send(reply: Reply): void
  terminated(): void
}

export interface InviteServerPort extends ServerPort {
  /** The 100 that is due after 200 ms without an answer. */
  trying(): Reply | undefined
}

export class InviteServerTransaction {
  readonly #machine = new StateMachine<IstState>('proceeding', MOVES)
  readonly #alarms: Alarms<'trying' | 'g' | 'h' | 'i' | 'l'>
  readonly #timers: TransactionTimers
  readonly #port: InviteServerPort
  #last: Reply | undefined

  constructor(clock: Clock, timers: TransactionTimers, port: InviteServerPort) {
    this.#alarms = new Alarms(clock)
    this.#timers = timers
    this.#port = port
  }

  get state(): IstState {
    return this.#machine.state
  }

  get lastReply(): Reply | undefined {
    return this.#last
  }

  start(): void {
    this.#alarms.set('trying', this.#timers.trying, () => {
      const reply = this.#port.trying()
      if (reply) this.respond(reply)
    })
  }

  /** False where the transaction has its final response already. */
  respond(reply: Reply): boolean {
    const again = this.state === 'accepted' && reply.status >= 200 && reply.status < 300
    if (this.state !== 'proceeding' && !again) return false
    this.#alarms.cancel('trying')
    this.#last = reply
    if (!again && reply.status >= 200) this.#finish(reply.status)
    this.#port.send(reply)
    return true
  }

  /** The same INVITE again. */
  retransmission(): void {
    const repeats = this.state === 'proceeding' || this.state === 'completed'
    if (repeats && this.#last) this.#port.send(this.#last)
  }

  /** False where the ACK is not this transaction's to absorb: that of a 2xx belongs to the user. */
  acknowledge(): boolean {
    if (this.state === 'completed') {
      this.#alarms.cancelAll()
      this.#machine.transition('confirmed')
      this.#alarms.set('i', this.#timers.i, () => this.#end())
      return true
    }
    return this.state === 'confirmed'
  }

  /** Ends without another word: the server closes, or the handler's time is over. */
  abandon(): void {
    if (this.state !== 'terminated') this.#end()
  }

  #finish(status: number): void {
    if (status < 300) {
      this.#machine.transition('accepted')
      this.#alarms.set('l', this.#timers.l, () => this.#end())
      return
    }
    this.#machine.transition('completed')
    this.#alarms.set('h', this.#timers.h, () => this.#end())
    this.#repeat(this.#timers.g)
  }

  #repeat(interval: number | undefined): void {
    if (interval === undefined) return
    this.#alarms.set('g', interval, () => {
      this.#repeat(Math.min(2 * interval, this.#timers.t2))
      if (this.#last) this.#port.send(this.#last)
    })
  }

  #end(): void {
    this.#alarms.cancelAll()
    this.#machine.transition('terminated')
    this.#port.terminated()
  }
}
