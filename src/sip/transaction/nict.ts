/**
 * Non-INVITE client transaction (RFC 3261 §17.1.2).
 *
 *   trying ──1xx──▶ proceeding ──200–699──▶ completed ──K──▶ terminated
 *     │ │               │                       ▲                ▲
 *     │ └────200–699────┼───────────────────────┘                │
 *     └─────────────────┴──F, transport error────────────────────┘
 *
 * Timer E repeats the request, doubling up to T2; once proceeding it repeats every T2. One timer serves E, F and
 * K in turn: thousands of requests wait at a time, and as good as none of their timers ever runs.
 */
import type { Clock, Timer } from '../../util/clock.ts'
import type { SipResponse } from '../message/message.ts'
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
  readonly #clock: Clock
  readonly #timers: TransactionTimers
  readonly #port: ClientPort
  #timer: Timer | undefined
  /** Milliseconds from one transmission to the next; over a reliable transport there is no next. */
  #interval: number
  /** Milliseconds of F that are left when `#timer` runs. */
  #rest: number

  constructor(clock: Clock, timers: TransactionTimers, port: ClientPort) {
    this.#clock = clock
    this.#timers = timers
    this.#port = port
    this.#interval = timers.e ?? timers.f
    this.#rest = timers.f
  }

  get state(): NictState {
    return this.#machine.state
  }

  start(): void {
    this.#wait()
    this.#port.send()
  }

  receive(response: SipResponse): void {
    if (this.state !== 'trying' && this.state !== 'proceeding') return
    if (response.status < 200) {
      if (this.state === 'trying') this.#machine.transition('proceeding')
      this.#port.response(response)
      return
    }
    this.#timer?.cancel()
    this.#machine.transition('completed')
    this.#port.response(response)
    const { k } = this.#timers
    if (k === 0) this.#end()
    else this.#timer = this.#clock.after(k, () => this.#end())
  }

  /** A write failed, or the connection is gone. After a final response there is nothing left to lose. */
  transportFailed(): void {
    if (this.state === 'trying' || this.state === 'proceeding') this.#fail('unreachable')
  }

  /** For E or for F, whichever comes first. */
  #wait(): void {
    const wait = Math.min(this.#interval, this.#rest)
    this.#rest -= wait
    this.#timer = this.#clock.after(wait, () => this.#waited())
  }

  #waited(): void {
    if (this.#rest === 0) {
      this.#fail('timeout')
      return
    }
    const { t2 } = this.#timers
    this.#interval = this.state === 'proceeding' ? t2 : Math.min(2 * this.#interval, t2)
    this.#wait()
    this.#port.send()
  }

  #fail(why: 'timeout' | 'unreachable'): void {
    this.#timer?.cancel()
    this.#port[why]()
    this.#end()
  }

  #end(): void {
    this.#machine.transition('terminated')
    this.#port.terminated()
  }
}
