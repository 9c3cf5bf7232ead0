/**
 * How much may come in a time: the generic cell rate algorithm (ITU-T I.371, annex A), whose state is one number,
 * since every connection has some of it.
 */

export interface RateLimit {
  /** What may come for ever; 0 for any amount. */
  readonly perSecond: number
  /** What may come at once. */
  readonly burst: number
}

/** Ten seconds' worth may come at once: a client that starts says much. */
export function rateLimit(perSecond: number): RateLimit {
  return { perSecond, burst: perSecond * 10 }
}

/**
 * When all that came has been paid for, milliseconds: after `amount` more came at `now`. `paidAt` is what the last
 * call answered, 0 at first.
 */
export function spend(
  { perSecond }: RateLimit,
  paidAt: number,
  now: number,
  amount: number,
): number {
  return perSecond === 0 ? 0 : Math.max(paidAt, now) + (amount * 1000) / perSecond
}

/** Milliseconds until more may come; 0 where it may now. */
export function waitMs({ perSecond, burst }: RateLimit, paidAt: number, now: number): number {
  return perSecond === 0 ? 0 : Math.max(0, paidAt - now - (burst * 1000) / perSecond)
}
