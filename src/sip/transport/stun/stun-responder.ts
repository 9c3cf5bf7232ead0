/**
 * Answers STUN keep-alives on SIP's UDP ports (RFC 5626 §4.4.2, §8). An answer is a little longer than its question
 * and goes to whoever is said to have asked: each address gets so many in a second, and all together so many.
 */
import type { Clock } from '../../../util/clock.ts'
import { rateLimit, spend, waitMs } from '../../../util/rate.ts'
import type { Endpoint } from '../transport.ts'
import { answerBinding } from './stun-message.ts'

/** An office of a thousand phones behind one address asks less. */
const PER_ADDRESS = rateLimit(50)
const IN_ALL = rateLimit(2_000)
const MAX_ADDRESSES = 4_096

export class StunResponder {
  readonly #clock: Clock
  /** When what each has had is paid for. */
  readonly #paidAt = new Map<string, number>()
  #allPaidAt = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** `undefined` where nothing is to be answered. */
  answer(bytes: Buffer, source: Endpoint): Buffer | undefined {
    const now = this.#clock.now()
    const paidAt = this.#paidAt.get(source.host) ?? 0
    if (waitMs(IN_ALL, this.#allPaidAt, now) > 0 || waitMs(PER_ADDRESS, paidAt, now) > 0) {
      return undefined
    }
    const answer = answerBinding(bytes, source)
    if (!answer) return undefined
    if (this.#paidAt.size >= MAX_ADDRESSES) this.#forgetPaid(now)
    this.#allPaidAt = spend(IN_ALL, this.#allPaidAt, now, 1)
    this.#paidAt.set(source.host, spend(PER_ADDRESS, paidAt, now, 1))
    return answer
  }

  /** Where all have something to pay, the limit for all holds anyway. */
  #forgetPaid(now: number): void {
    for (const [host, paidAt] of this.#paidAt) if (paidAt <= now) this.#paidAt.delete(host)
    if (this.#paidAt.size >= MAX_ADDRESSES) this.#paidAt.clear()
  }
}
