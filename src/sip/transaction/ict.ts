/**
 * INVITE client transaction (RFC 3261 §17.1.1, RFC 6026 §8.4).
 *
 *   calling ──1xx──▶ proceeding ──2xx──▶ accepted ──M──▶ terminated
 *      │ │                │                                   ▲
 *      │ └──────2xx───────┼─────────▶ accepted                │
 *      ├────300–699───────┴─────────▶ completed ──D───────────┤
 *      └────B, transport error────────────────────────────────┘
 *
 * Timer A repeats the INVITE while calling. Each 300–699 is acknowledged here (§17.1.1.3);
 * a 2xx is the user's to acknowledge, each copy and each fork of it reaches him.
 */
import type { Clock } from '../../util/clock.ts'
import type { SipResponse } from '../message/message.ts'
import { Alarms } from './alarms.ts'
import { type Moves, StateMachine } from './state-machine.ts'
import type { TransactionTimers } from './timers.ts'

export type IctState = 'calling' | 'proceeding' | 'completed' | 'accepted' | 'terminated'

const MOVES: Moves<IctState> = {
  calling: ['proceeding', 'completed', 'accepted', 'terminated'],
  proceeding: ['completed', 'accepted', 'terminated'],
  completed: ['terminated'],
  accepted: ['terminated'],
  terminated: [],
}

/** What a client transaction does to the world. */
export interface ClientPort {
  /** Writes the request, first time or again. */
  send(): void
  /** A response that the user shall see. */
  response(response: SipResponse): void
  /** No answer came in time; `terminated` follows. */
  timeout(): void
  /** The request could not be sent; `terminated` follows. */
  unreachable(): void
  terminated(): void
}

/** Also writes the ACK to a 300–699, of the same branch. */
export interface InviteClientPort extends ClientPort {
  acknowledge(response: SipResponse): void
}

export class InviteClientTransaction {
  readonly #machine = new StateMachine<IctState>('calling', MOVES)
  readonly #alarms: Alarms<'a' | 'b' | 'd' | 'm'>
  readonly #timers: TransactionTimers
  readonly #port: InviteClientPort

  constructor(clock: Clock, timers: TransactionTimers, port: InviteClientPort) {
    this.#alarms = new Alarms(clock)
    this.#timers = timers
    this.#port = port
  }

  get state(): IctState {
    return this.#machine.state
  }

  start(): void {
    this.#alarms.set('b', this.#timers.b, () => this.#fail('timeout'))
    this.#repeat(this.#timers.a)
    this.#port.send()
  }

  receive(response: SipResponse): void {
    if (response.status < 200) this.#provisional(response)
    else if (response.status < 300) this.#success(response)
    else this.#failure(response)
  }

  /** A write failed, or the connection is gone. After a final response there is nothing left to lose. */
  transportFailed(): void {
    if (this.state === 'calling' || this.state === 'proceeding') this.#fail('unreachable')
  }

  #repeat(interval: number | undefined): void {
    if (interval === undefined) return
    this.#alarms.set('a', interval, () => {
      this.#repeat(2 * interval)
      this.#port.send()
    })
  }

  #provisional(response: SipResponse): void {
    if (this.state === 'calling') {
      this.#alarms.cancelAll()
      this.#machine.transition('proceeding')
    }
    if (this.state === 'proceeding') this.#port.response(response)
  }

  #success(response: SipResponse): void {
    if (this.state === 'calling' || this.state === 'proceeding') {
      this.#alarms.cancelAll()
      this.#machine.transition('accepted')
      this.#alarms.set('m', this.#timers.m, () => this.#end())
    }
    if (this.state === 'accepted') this.#port.response(response)
  }

  #failure(response: SipResponse): void {
    if (this.state === 'completed') {
      this.#port.acknowledge(response)
      return
    }
    if (this.state !== 'calling' && this.state !== 'proceeding') return
    this.#alarms.cancelAll()
    this.#machine.transition('completed')
    this.#port.acknowledge(response)
    this.#port.response(response)
    this.#alarms.set('d', this.#timers.d, () => this.#end())
  }

  #fail(why: 'timeout' | 'unreachable'): void {
    this.#alarms.cancelAll()
    this.#port[why]()
    this.#end()
  }

  #end(): void {
    this.#alarms.cancelAll()
    this.#machine.transition('terminated')
    this.#port.terminated()
  }
}
