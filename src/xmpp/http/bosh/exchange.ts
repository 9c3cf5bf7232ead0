/**
 * The requests and answers of a BOSH session (XEP-0124): requests are handed on in the order of their numbers, and
 * kept until there is something to answer or they have waited long enough.
 */
import { flushAtEndOfTick } from '../../../net/end-of-tick.ts'
import type { Clock, Timer } from '../../../util/clock.ts'
import { KeySequence } from '../key-sequence.ts'
import { refused } from '../metrics.ts'
import { Answers } from './answers.ts'
import { type BodyAttributes, renderBody } from './body.ts'
import { type Farewell, legacyStatus, terminal } from './farewell.ts'
import { Frequency } from './frequency.ts'
import { Outlet } from './outlet.ts'
import {
  type BindingCondition,
  type BoshRequest,
  isEmpty,
  isExtra,
  keyOf,
  pauseOf,
  type Reply,
} from './request.ts'
import type { Terms } from './terms.ts'

export interface ExchangeUser {
  /** What came is being worked on: its answer may be ready soon, and nobody is to send more meanwhile. */
  readonly isAtWork: boolean
  /** The next request, in order. */
  came(request: BoshRequest): void
  /** The client broke the rules of BOSH, or was silent for too long: nothing comes any more. */
  broke(): void
  /** All that was to be said has been, and nobody waits. */
  left(): void
  /** No request of the session is known any more. */
  forgotten(): void
}

interface Held {
  request: BoshRequest
  readonly since: number
}

/** How often one request may be sent again before another comes. */
const MAX_REPEATS = 20

export class Exchange {
  readonly outlet = new Outlet()
  readonly #clock: Clock
  readonly #terms: Terms
  readonly #user: ExchangeUser
  readonly #keys: KeySequence
  readonly #frequency: Frequency
  readonly #answers: Answers
  /** What the first answer says beside. */
  #greeting: BodyAttributes | undefined
  /** The number of the last request that has been taken. */
  #last: number
  /** Those that came before others that come before them. */
  readonly #early = new Map<number, BoshRequest>()
  /** Those that wait for their answers, in order. */
  #held: Held[] = []
  #repeats = 0
  #answeredAt: number
  /** Instead of the usual inactivity, for once. */
  #pauseMs: number | undefined
  #timer: Timer | undefined
  #timerDue = 0
  #isScheduled = false
  /** Answers on their way. */
  #sending = 0
  #farewell: Farewell | undefined
  #isForgotten = false

  /** `first` is the request that begins the session. */
  constructor(clock: Clock, terms: Terms, user: ExchangeUser, first: BoshRequest) {
    this.#clock = clock
    this.#terms = terms
    this.#user = user
    this.#keys = new KeySequence('hex', first.body.wrapper.attr('newkey'))
    this.#frequency = new Frequency(terms)
    this.#answers = new Answers(terms.requests)
    this.#last = first.rid
    this.#answeredAt = clock.now()
    this.#hold(first)
  }

  /** The first answer says this too. */
  greet(attrs: BodyAttributes): void {
    const ack = this.#terms.acknowledges ? String(this.#last) : undefined
    this.#greeting = { ...attrs, ack }
  }

  /** A request came, new or again. */
  take(request: BoshRequest): void {
    if (this.#farewell) this.#sayFarewell(request.reply)
    else if (request.rid <= this.#last) this.#repeated(request)
    else this.#new(request)
  }

  /** Something goes out with the next answer. */
  push(text: string): void {
    this.outlet.push(text)
    this.#schedule()
  }

  /** §13: the oldest request hears it, the others hear nothing. Where there is none, the next one does. */
  end(farewell: Farewell): void {
    if (this.#farewell) return
    this.#farewell = farewell
    // Nobody is there who could get it, or he will ask for it elsewhere.
    if (farewell.isBroken || this.#held.length === 0) this.outlet.end()
    this.#schedule()
  }

  #new(request: BoshRequest): void {
    const { rid, reply } = request
    const max = this.#terms.requests + (isExtra(request) ? 1 : 0)
    // §14.2
    if (rid > this.#last + max) {
      this.#refuse(request, 'item-not-found')
      return
    }
    const again = this.#early.get(rid)
    if (again) this.#recoverable(again.reply)
    // §11
    const unanswered = this.#held.length + this.#early.size + (again ? 0 : 1)
    if (unanswered > max) {
      this.#refuse(request, 'policy-violation')
      return
    }
    this.#early.set(rid, request)
    reply.onGone = () => this.#gone(request)
    for (;;) {
      const next = this.#early.get(this.#last + 1)
      if (!next) return
      this.#early.delete(next.rid)
      const problem = this.#accept(next)
      if (problem) {
        this.#refuse(next, problem)
        return
      }
    }
  }

  #accept(request: BoshRequest): BindingCondition | undefined {
    const { wrapper } = request.body
    if (!this.#keys.accepts(keyOf(request), wrapper.attr('newkey'))) return 'item-not-found'
    const unanswered = this.#held.length
    const poll = { at: this.#clock.now(), isEmpty: isEmpty(request), unanswered }
    if (this.#frequency.isTooHigh(poll)) return 'policy-violation'
    const pauseMs = pauseOf(request)
    if (pauseMs !== undefined && !(pauseMs <= this.#terms.maxPauseMs)) return 'policy-violation'
    this.#last = request.rid
    this.#repeats = 0
    this.#acknowledged(request)
    this.#pauseMs = pauseMs
    this.#hold(request)
    this.#user.came(request)
    if (pauseMs !== undefined) this.#pause(request)
    return undefined
  }

  #hold(request: BoshRequest): void {
    this.#held.push({ request, since: this.#clock.now() })
    request.reply.onGone = () => this.#gone(request)
    this.#schedule()
  }

  /** §9.2: what the client has received it does not ask for again. */
  #acknowledged({ rid, body }: BoshRequest): void {
    if (!this.#terms.acknowledges) return
    const ack = Number(body.wrapper.attr('ack') ?? rid - 1)
    if (Number.isSafeInteger(ack)) this.#answers.acknowledged(ack)
  }

  /** §10: all requests are answered, and nothing goes out for a while. */
  #pause(request: BoshRequest): void {
    const held = this.#held
    this.#held = []
    for (const each of held) {
      if (each.request === request) this.#send(request.reply, renderBody({}))
      else this.#answer(each.request, [])
    }
    this.#arm()
  }

  /** §14.3. */
  #repeated(request: BoshRequest): void {
    this.#repeats += 1
    if (this.#repeats > MAX_REPEATS) {
      this.#refuse(request, 'policy-violation')
      return
    }
    const held = this.#held.find((each) => each.request.rid === request.rid)
    if (held && keyOf(held.request) === keyOf(request)) {
      this.#recoverable(held.request.reply)
      held.request = request
      request.reply.onGone = () => this.#gone(request)
      return
    }
    const answer = this.#answers.get(request.rid, keyOf(request))
    if (answer === undefined) this.#refuse(request, 'item-not-found')
    else this.#send(request.reply, answer)
  }

  /** §17.3: the client sent it again on another connection. */
  #recoverable(reply: Reply): void {
    reply.onGone = undefined
    reply.send({ body: renderBody({ type: 'error' }), content: this.#terms.content })
  }

  #refuse({ reply }: BoshRequest, condition: BindingCondition): void {
    refused.inc({ transport: 'bosh', reason: condition })
    const status = this.#terms.version === undefined ? legacyStatus(condition) : undefined
    this.#send(reply, terminal({ condition }), { status })
    this.#break('other-request')
  }

  #break(condition: BindingCondition | undefined): void {
    this.end({ condition, isBroken: true })
    this.#user.broke()
  }

  /** The connection of a request broke: whoever sends it again has lost nothing, and payloads wait for another. */
  #gone(request: BoshRequest): void {
    if (this.#early.get(request.rid) === request) this.#early.delete(request.rid)
    const at = this.#held.findIndex((each) => each.request === request)
    if (at < 0) return
    this.#held.splice(at, 1)
    this.#answers.keep(request.rid, { body: renderBody({}), key: keyOf(request) })
    this.#answeredAt = this.#clock.now()
    this.#arm()
    this.#leaveIfDone()
  }

  /** What came has been worked on. */
  done(): void {
    if (this.#held.length > this.#terms.hold) this.#schedule()
  }

  #schedule(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    flushAtEndOfTick(this)
  }

  /** Answers what can be answered, oldest first (§8). */
  flush(): void {
    this.#isScheduled = false
    if (this.#farewell) {
      this.#dismiss()
      return
    }
    while (!this.outlet.isEmpty || this.#isTooMany()) {
      const oldest = this.#held.shift()
      if (!oldest) break
      this.#answerNow(oldest.request)
    }
    this.#arm()
  }

  #isTooMany(): boolean {
    return this.#held.length > this.#terms.hold && !this.#user.isAtWork
  }

  #answerNow(request: BoshRequest): void {
    const { payloads, upTo } = this.outlet.drain()
    if (payloads.length === 0) this.#frequency.answeredWithNothing()
    this.#answer(request, payloads, () => this.outlet.taken(upTo))
  }

  #answer(request: BoshRequest, payloads: readonly string[], taken?: () => void): void {
    // §9.1: said where it is another than that of the request.
    const isAhead = this.#terms.acknowledges && this.#last !== request.rid
    const ack = isAhead ? { ack: String(this.#last) } : {}
    const body = renderBody({ ...ack, ...this.#greeting }, payloads)
    this.#greeting = undefined
    this.#answers.keep(request.rid, { body, key: keyOf(request) })
    this.#send(request.reply, body, { taken })
  }

  #send(
    reply: Reply,
    body: string,
    { status, taken }: { status?: number | undefined; taken?: (() => void) | undefined } = {},
  ): void {
    reply.onGone = () => this.#sent()
    this.#answeredAt = this.#clock.now()
    this.#sending += 1
    reply.send({ body, content: this.#terms.content, status }, () => {
      taken?.()
      this.#sent()
    })
  }

  /** Or lost on the way. */
  #sent(): void {
    this.#sending -= 1
    this.#leaveIfDone()
  }

  /** One timer: for the oldest request that waits, or for a client that has none. One that fires too soon is armed again. */
  #arm(): void {
    if (this.#isForgotten) return
    const due = this.#due()
    if (this.#timer && this.#timerDue <= due) return
    this.#timer?.cancel()
    this.#timerDue = due
    this.#timer = this.#clock.after(due - this.#clock.now(), () => {
      this.#timer = undefined
      this.#fired()
    })
  }

  #due(): number {
    const { waitMs, inactivityMs } = this.#terms
    const [oldest] = this.#held
    return oldest ? oldest.since + waitMs : this.#answeredAt + (this.#pauseMs ?? inactivityMs)
  }

  #fired(): void {
    const isDue = this.#due() <= this.#clock.now()
    const oldest = isDue ? this.#held.shift() : undefined
    if (oldest) this.#answerNow(oldest.request)
    else if (isDue) this.#forget()
    this.#arm()
  }

  /** §10: the client has not asked for too long. */
  #forget(): void {
    if (!this.#farewell) this.#break(undefined)
    this.#forgotten()
  }

  #forgotten(): void {
    this.#isForgotten = true
    this.#timer?.cancel()
    this.#user.forgotten()
  }

  #dismiss(): void {
    const waiting = [...this.#held.map(({ request }) => request), ...this.#early.values()]
    this.#held = []
    this.#early.clear()
    const [oldest, ...others] = waiting
    if (oldest) this.#sayFarewell(oldest.reply)
    else this.#arm()
    for (const { reply } of others) this.#send(reply, renderBody({}))
    this.#leaveIfDone()
  }

  #sayFarewell(reply: Reply): void {
    const { payloads, upTo } = this.outlet.drain()
    const body = terminal(this.#farewell ?? {}, payloads)
    this.#send(reply, body, { taken: () => this.outlet.taken(upTo) })
    this.#forgotten()
  }

  #leaveIfDone(): void {
    if (!this.#farewell || this.#held.length > 0 || this.#sending > 0) return
    this.outlet.end()
    this.#user.left()
  }
}
