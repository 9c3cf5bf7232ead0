/**
 * The timers of RFC 3261 §17 (table 4), with L and M of RFC 6026 §8.
 */
import type { TransportName } from '../transport/transport.ts'

/** Milliseconds: estimate of a round trip, longest retransmission interval, lifetime of a message in the network. */
export interface TimerBase {
  readonly t1: number
  readonly t2: number
  readonly t4: number
}

export const DEFAULT_TIMER_BASE: TimerBase = { t1: 500, t2: 4_000, t4: 5_000 }

/** Milliseconds; `undefined` where this transport does not retransmit. Zero ends a state at once. */
export interface TransactionTimers {
  /** ict: first INVITE retransmission, doubles each time. */
  readonly a: number | undefined
  /** ict: gives up waiting for a response. */
  readonly b: number
  /** ict: absorbs retransmitted finals. */
  readonly d: number
  /** nict: first request retransmission, doubles up to T2. */
  readonly e: number | undefined
  /** nict: gives up waiting for a final response. */
  readonly f: number
  /** ist: first retransmission of the final response, doubles up to T2. */
  readonly g: number | undefined
  /** ist: gives up waiting for ACK. */
  readonly h: number
  /** ist: absorbs retransmitted ACKs. */
  readonly i: number
  /** nist: absorbs retransmitted requests. */
  readonly j: number
  /** nict: absorbs retransmitted finals. */
  readonly k: number
  /** ist: absorbs retransmitted INVITEs after a 2xx (RFC 6026). */
  readonly l: number
  /** ict: waits for further 2xx of a forked INVITE (RFC 6026). */
  readonly m: number
  /** Upper bound of E and G. */
  readonly t2: number
  /** ist: a 100 is due where the handler has not answered (§17.2.1). */
  readonly trying: number
}

/** §17.1.1.2 asks for at least 32 s over unreliable transports, whatever T1 is. */
const TIMER_D_MS = 32_000
const TRYING_MS = 200

interface Timers {
  readonly unreliable: TransactionTimers
  readonly reliable: TransactionTimers
}

const made = new WeakMap<TimerBase, Timers>()

/** The same for all transactions of a base. */
export function timersFor(transport: TransportName, base: TimerBase): TransactionTimers {
  let timers = made.get(base)
  if (!timers) {
    timers = makeTimers(base)
    made.set(base, timers)
  }
  return transport === 'udp' ? timers.unreliable : timers.reliable
}

function makeTimers({ t1, t2, t4 }: TimerBase): Timers {
  const long = 64 * t1
  const shared = { b: long, f: long, h: long, l: long, m: long, t2, trying: TRYING_MS }
  return {
    unreliable: { ...shared, a: t1, d: TIMER_D_MS, e: t1, g: t1, i: t4, j: long, k: t4 },
    reliable: { ...shared, a: undefined, d: 0, e: undefined, g: undefined, i: 0, j: 0, k: 0 },
  }
}
