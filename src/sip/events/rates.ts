/**
 * How often a watcher wants to be told (RFC 6446): `max-rate`, `min-rate` and `adaptive-min-rate` of
 * Event, all of them NOTIFYs a second, adopted within our own limits and said in Subscription-State.
 */
import { SipError } from '../errors.ts'
import type { Params } from '../message/values.ts'

export const RATES = ['max-rate', 'min-rate', 'adaptive-min-rate'] as const

/** What is asked for. */
export interface Rates {
  readonly max: number | undefined
  readonly min: number | undefined
  readonly adaptive: number | undefined
}

export interface RateLimits {
  /** Between two NOTIFYs, as the package has it; milliseconds. */
  readonly intervalMs: number
  /** Until the subscription ends, milliseconds. */
  readonly restMs: number
  /** Milliseconds since the epoch. */
  readonly now: number
}

/** §9.2. */
const RATE = /^\d{1,2}(?:\.\d{1,10})?$/
const LEAST_RATE = 1e-10
const MOST_RATE = 99
/** Nobody is told what he knows more often than this. */
const MIN_SILENCE_MS = 1_000
/** §7.4: the rolling average is taken over the time in which so many NOTIFYs are wanted. */
const WANTED_IN_PERIOD = 10
/** More do not make the silence that follows them longer. */
const MAX_COUNTED = 100

/** `undefined` where no rate is asked for. Malformed ones are left out. */
export function parseRates(params: Params): Rates | undefined {
  const [max, min, adaptive] = RATES.map((name) => parseRate(params.get(name)))
  if (max === undefined && min === undefined && adaptive === undefined) return undefined
  return { max, min, adaptive }
}

/** Throws `SipError` 400 for a rate that is none; zero is none (§5.1). */
export function requireRates(params: Params): void {
  const isBad = RATES.some((name) => params.has(name) && parseRate(params.get(name)) === undefined)
  if (isBad) throw new SipError(400, 'Bad Rate')
}

function parseRate(text: string | undefined): number | undefined {
  if (text === undefined || !RATE.test(text)) return undefined
  return Number(text) > 0 ? Number(text) : undefined
}

export class RateControl implements Rates {
  readonly max: number | undefined
  readonly min: number | undefined
  readonly adaptive: number | undefined
  /** When NOTIFYs were sent, the latest last; kept where an adaptive rate is asked for. */
  #sent: number[]

  /** `before` are the rates that held until now. */
  constructor(wishes: Rates, limits: RateLimits, before?: RateControl) {
    this.max = adoptMax(wishes.max, limits)
    const most = 1_000 / Math.max(limits.intervalMs, MIN_SILENCE_MS)
    this.adaptive = atMost(wishes.adaptive, Math.min(most, this.max ?? most))
    // §8: one that is not below the adaptive rate is not considered.
    const isConsidered = wishes.adaptive === undefined || (wishes.min ?? 0) < wishes.adaptive
    this.min = isConsidered ? atMost(wishes.min, Math.min(most, this.max ?? most)) : undefined
    this.#sent = before?.adaptive === undefined ? history(this.adaptive, limits.now) : before.#sent
  }

  /** What has to pass from one NOTIFY to the next, where the package wants `intervalMs` (§5.2). */
  pauseMs(intervalMs: number): number {
    return this.max === undefined ? intervalMs : Math.max(intervalMs, 1_000 / this.max)
  }

  /** A NOTIFY leaves that is no repetition of another (§7.2 step 4). */
  sent(now: number): void {
    if (this.adaptive === undefined) return
    const oldest = now - periodMs(this.adaptive)
    this.#sent = [...this.#sent.filter((at) => at > oldest), now].slice(-MAX_COUNTED)
  }

  /** How long after a NOTIFY the next one is sent though nothing has changed; `undefined`: never. */
  get silenceMs(): number | undefined {
    const fixed = this.min === undefined ? undefined : 1_000 / this.min
    if (this.adaptive === undefined) return fixed
    const count = Math.max(1, this.#sent.length)
    // §7.4, (1) and (2), with period = WANTED_IN_PERIOD / adaptive.
    const adaptive = Math.max(this.pauseMs(0), (1_000 * count) / (this.adaptive * WANTED_IN_PERIOD))
    return Math.min(adaptive, fixed ?? adaptive)
  }

  /** For Subscription-State, each with its semicolon. */
  toString(): string {
    const { max, min, adaptive } = this
    const said = RATES.map((name, at) => say(name, [max, min, adaptive][at]))
    return said.join('')
  }
}

/** §5.3: never so low that nothing would be told before the subscription ends, nor above our own. */
function adoptMax(max: number | undefined, { intervalMs, restMs }: RateLimits): number | undefined {
  if (max === undefined) return undefined
  const wanted = restMs > 0 ? Math.max(max, 1_000 / restMs) : max
  return intervalMs > 0 ? Math.min(wanted, 1_000 / intervalMs) : wanted
}

function atMost(rate: number | undefined, limit: number): number | undefined {
  return rate === undefined ? undefined : Math.min(rate, limit)
}

/** §7.2 step 1: as if the wanted rate had been kept until now. */
function history(adaptive: number | undefined, now: number): number[] {
  if (adaptive === undefined) return []
  const apart = 1_000 / adaptive
  return Array.from({ length: WANTED_IN_PERIOD }, (_, at) => now - (WANTED_IN_PERIOD - at) * apart)
}

function periodMs(adaptive: number): number {
  return (1_000 * WANTED_IN_PERIOD) / adaptive
}

function say(name: string, rate: number | undefined): string {
  if (rate === undefined) return ''
  const text = Math.min(MOST_RATE, Math.max(LEAST_RATE, rate))
    .toFixed(10)
    .replace(/\.?0+$/, '')
  return `;${name}=${text}`
}
