/**
 * Non-INVITE server transaction (RFC 3261 §17.2.2).
 *
 *   trying ──1xx──▶ proceeding ──200–699──▶ completed ──J──▶ terminated
 *     │                                         ▲
 *     └───────────────200–699───────────────────┘
 *
 * A copy of the request gets a copy of the last response; while trying there is none, and it is dropped.
 * A failed write ends nothing: the client repeats the request, and gets the answer then.
 */
import type { Clock } from '../../util/clock.ts'
import type { Reply } from '../transport/reply.ts'
import { Alarms } from './alarms.ts'
import type { ServerPort } from './ist.ts'
import { type Moves, StateMachine } from './state-machine.ts'
import type { TransactionTimers } from './timers.ts'

export type NistState = 'trying' | 'proceeding' | 'completed' | 'terminated'

const MOVES: Moves<NistState> = {
  trying: ['proceeding', 'completed', 'terminated'],
  proceeding: ['completed', 'terminated'],
  completed: ['terminated'],
  terminated: [],
}

export class NonInviteServerTransaction {
  readonly #machine = new StateMachine<NistState>('trying', MOVES)
  readonly #alarms: Alarms<'j'>
  readonly #timers: TransactionTimers
  readonly #port: ServerPort
  #last: Reply | undefined

  constructor(clock: Clock, timers: TransactionTimers, port: ServerPort) {
    this.#alarms = new Alarms(clock)
    this.#timers = timers
    this.#port = port
  }

  get state(): NistState {
    return this.#machine.state
  }

  get lastReply(): Reply | undefined {
    return this.#last
  }

  /** False where the transaction has its final response already. */
  respond(reply: Reply): boolean {
    if (this.state !== 'trying' && this.state !== 'proceeding') return false
    this.#last = reply
    const final = reply.status >= 200
    if (final) this.#machine.transition('completed')
    else if (this.state === 'trying') this.#machine.transition('proceeding')
    this.#port.send(reply)
    if (final) this.#alarms.set('j', this.#timers.j, () => this.#end())
    return true
  }

  /** The same request again. */
  retransmission(): void {
    if (this.#last) this.#port.send(this.#last)
  }

  /** Ends without another word: the server closes, or the handler's time is over. */
  abandon(): void {
    if (this.state !== 'terminated') this.#end()
  }

  #end(): void {
    this.#alarms.cancelAll()
    this.#machine.transition('terminated')
    this.#port.terminated()
  }
}
