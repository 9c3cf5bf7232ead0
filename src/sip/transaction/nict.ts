/**
 * Non-INVITE client transaction (RFC 3261 §17.1.2).
 *
 *   trying ──1xx──▶ proceeding ──200–699──▶ completed ──K──▶ terminated
 *     │ │               │                       ▲                ▲
 *     │ └────200–699────┼───────────────────────┘                │
 *     └─────────────────┴──F, transport error────────────────────┘
 *
 * Timer E repeats the request, doubling up to T2; once proceeding it repeats every T2.
 */
import type { Clock } from '../../util/clock.ts'
import type { SipResponse } from '../message/message.ts'
import { Alarms } from './alarms.ts'
import type { ClientPort } from './ict.ts'
import { type Moves, StateMachine } from './state-machine.ts'
import type { TransactionTimers } from './timers.ts'

export type NictState = 'trying' | 'proceeding' | 'completed' | 'terminated'

const MOVES: Moves<NictState> = {
  trying: ['proceeding', 'completed', 'terminated'],
  proceeding: ['completed', 'terminated'],
  completed: ['terminated'],
  terminated: [],
}

export class NonInviteClientTransaction {
  readonly #machine = new StateMachine<NictState>('trying', MOVES)
  readonly #alarms: Alarms<'e' | 'f' | 'k'>
  readonly #timers: TransactionTimers
  readonly #port: ClientPort

  constructor(clock: Clock, timers: TransactionTimers, port: ClientPort) {
    this.#alarms = new Alarms(clock)
    this.#timers = timers
    this.#port = port
  }

  get state(): NictState {
    return this.#machine.state
  }

  start(): void {
    this.#alarms.set('f', this.#timers.f, () => this.#fail('timeout'))
    this.#repeat(this.#timers.e)
    this.#port.send()
  }

  receive(response: SipResponse): void {
    if (this.state !== 'trying' && this.state !== 'proceeding') return
    if (response.status < 200) {
      if (this.state === 'trying') this.#machine.transition('proceeding')
      this.#port.response(response)
      return
    }
    this.#alarms.cancelAll()
    this.#machine.transition('completed')
    this.#port.response(response)
    this.#alarms.set('k', this.#timers.k, () => this.#end())
  }

  /** A write failed, or the connection is gone. After a final response there is nothing left to lose. */
  transportFailed(): void {
    if (this.state === 'trying' || this.state === 'proceeding') this.#fail('unreachable')
  }

  #repeat(interval: number | undefined): void {
    if (interval === undefined) return
    this.#alarms.set('e', interval, () => {
      const next = this.state === 'proceeding' ? this.#timers.t2 : 2 * interval
      this.#repeat(Math.min(next, this.#timers.t2))
      this.#port.send()
    })
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
