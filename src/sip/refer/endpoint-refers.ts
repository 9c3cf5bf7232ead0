/**
 * After a start, and after a failover, endpoints are asked to subscribe again: those whose subscriptions are
 * lost, and where the operator wants it everybody who has registered. They are asked one after the other, and
 * not at all where they have come back by themselves.
 */
import { parseSipfrag } from '../../formats/sipfrag.ts'
import type { Clock, Timer } from '../../util/clock.ts'
import type { Log } from '../../util/log.ts'
import { counter } from '../../util/metrics.ts'
import { SipError } from '../errors.ts'
import { likelyPeer } from '../events/next-hop.ts'
import { createResponse } from '../message/respond.ts'
import { parseEvent } from '../message/values.ts'
import type { ServerTransaction, SipUserAgent } from '../user-agent.ts'
import { createRefer, type Resubscription } from './resubscription.ts'

export interface EndpointRefersDeps {
  readonly clock: Clock
  readonly log: Log
  readonly userAgent: Pick<SipUserAgent, 'request' | 'contactFor'>
  readonly perSecond: number
  readonly redirect: string | undefined
}

export interface Call extends Resubscription {
  /** Whether it is to be left alone now: he has subscribed. */
  isBack(): boolean
  /** He was asked, or need not be. Must not throw. */
  done(): void
}

/** Longer than what an endpoint may do before it answers a REFER by a NOTIFY. */
const REMEMBERED_MS = 120_000

const refers = counter({
  name: 'heliograph_sip_refers_total',
  help: 'REFERs to endpoints, by what they answered.',
  labels: ['result'],
})

export class EndpointRefers implements Disposable {
  readonly #deps: EndpointRefersDeps
  readonly #waiting: Call[] = []
  /** Call-IDs of what was sent: an endpoint may tell of it though nobody wants to know. */
  readonly #sent = new Set<string>()
  #timer: Timer | undefined

  constructor(deps: EndpointRefersDeps) {
    this.#deps = deps
  }

  /** After `delayMs`, and then one by one. */
  ask(calls: readonly Call[], delayMs: number): void {
    this.#waiting.push(...distinct(calls))
    if (this.#waiting.length === 0) return
    this.#deps.log.info({ what: 'sip_endpoints_asked_back', count: this.#waiting.length })
    this.#timer ??= this.#deps.clock.after(delayMs, () => this.#next())
  }

  /** A NOTIFY about one of these REFERs; there is no other that this server could want. Throws `SipError` 481. */
  notified(tx: ServerTransaction): void {
    const { headers, body } = tx.request
    const isOurs = this.#sent.has(headers.get('Call-ID') ?? '')
    if (!isOurs || parseEvent(headers.get('Event') ?? '')?.package !== 'refer') {
      throw new SipError(481)
    }
    const { status } = parseSipfrag(body.toString('utf8')) ?? {}
    this.#deps.log.debug({ what: 'sip_endpoint_told', status })
    tx.respond(createResponse(tx.request, 200))
  }

  [Symbol.dispose](): void {
    this.#timer?.cancel()
    this.#waiting.length = 0
  }

  #next(): void {
    const { clock, perSecond } = this.#deps
    this.#timer = undefined
    let call = this.#waiting.shift()
    while (call?.isBack()) {
      call.done()
      call = this.#waiting.shift()
    }
    if (!call) return
    this.#send(call)
    this.#timer = clock.after(1000 / perSecond, () => this.#next())
  }

  #send(call: Call): void {
    const { userAgent, redirect, clock, log } = this.#deps
    const contact = userAgent.contactFor(call.peer ?? likelyPeer(call.routes, call.target))
    const request = createRefer(call, { contact, redirect })
    call.done()
    if (!request) return
    const callId = request.headers.get('Call-ID') ?? ''
    this.#sent.add(callId)
    clock.after(REMEMBERED_MS, () => this.#sent.delete(callId))
    userAgent.request(request, call.peer).then(
      ({ status }) => {
        const result = status >= 200 && status < 300 ? 'accepted' : 'refused'
        refers.inc({ result })
        if (result === 'refused') log.info({ what: 'sip_refer_refused', to: call.watcher, status })
      },
      (err: unknown) => log.error({ what: 'sip_refer_failed', err }),
    )
  }
}

/** One endpoint is asked once to watch the same. */
function distinct(calls: readonly Call[]): Call[] {
  const byKey = new Map<string, Call>()
  for (const call of calls) {
    const key = `${call.target} ${call.entity} ${call.event}`
    const same = byKey.get(key)
    if (same) call.done()
    else byKey.set(key, call)
  }
  return [...byKey.values()]
}
