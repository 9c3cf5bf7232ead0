/**
 * One subscription as its watcher keeps it (RFC 6665 §4.1): begun anew whenever the connection comes
 * back or the server ends it, refreshed in time, one request at a time.
 */
import { Dialog } from '../../src/sip/dialog/dialog.ts'
import { SipHeaders, SipRequest, type SipResponse } from '../../src/sip/message/message.ts'
import { newCallId, newTag } from '../../src/sip/message/respond.ts'
import { parseExpires, parseSubscriptionState } from '../../src/sip/message/values.ts'
import type { Timer } from '../../src/util/clock.ts'
import type { Link } from './link.ts'

type Headers = readonly (readonly [string, string])[]

export interface Body {
  readonly headers: Headers
  readonly body: Buffer
}

export interface SubscriptionHandler {
  readonly uri: string
  readonly event: string
  /** Besides those of every SUBSCRIBE. */
  readonly headers: Headers
  /** What the first SUBSCRIBE says in its body. */
  whole(): Body | undefined
  /** What is to be said besides, once it has begun; asked after `touch`. */
  changes?(): Body | undefined
  notified(notify: SipRequest): void
  /** The server refused: with a status that will not change by asking again where `final`. */
  refused(response: SipResponse, final: boolean): void
}

const EXPIRES_SECONDS = 3600
const RETRY_MS = 30_000
/** Asking again would get the same answer. */
const FINAL = new Set([400, 403, 404, 405, 406, 413, 415, 420, 421, 485, 489])

export class Subscription {
  readonly #link: Link
  readonly #handler: SubscriptionHandler
  #dialog: Dialog | undefined
  #notifies: Disposable | undefined
  #isWorking = false
  /** What is to be done when the request under way is answered. */
  #due: 'nothing' | 'changes' | 'refresh' = 'nothing'
  #timer: Timer | undefined
  #closed = false
  readonly #status: Disposable

  constructor(link: Link, handler: SubscriptionHandler) {
    this.#link = link
    this.#handler = handler
    this.#status = link.onStatus((status) => {
      if (status === 'up') this.#begin()
      else this.#forget()
    })
    if (link.status === 'up') this.#begin()
  }

  /** There is something to say: `changes` will be asked for it. */
  touch(): void {
    if (this.#due === 'nothing') this.#due = 'changes'
    void this.#work()
  }

  /** Has the server tell all again. */
  refresh(): void {
    this.#due = 'refresh'
    void this.#work()
  }

  /** Ends it; the server is told, and not waited for. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#status[Symbol.dispose]()
    const dialog = this.#dialog
    this.#forget()
    if (!dialog || this.#link.status !== 'up') return
    await this.#link.request(this.#within(dialog, '0'))
  }

  #begin(): void {
    if (this.#closed || this.#dialog) return
    this.#due = 'refresh'
    void this.#work()
  }

  #forget(): void {
    this.#timer?.cancel()
    this.#notifies?.[Symbol.dispose]()
    this.#notifies = undefined
    this.#dialog = undefined
  }

  async #work(): Promise<void> {
    if (this.#isWorking) return
    this.#isWorking = true
    try {
      while (this.#due !== 'nothing' && this.#link.status === 'up' && !this.#closed) {
        const due = this.#due
        this.#due = 'nothing'
        if (this.#dialog) await this.#continue(this.#dialog, due)
        else await this.#open()
      }
    } finally {
      this.#isWorking = false
    }
  }

  async #open(): Promise<void> {
    const { uri } = this.#handler
    const [callId, tag] = [newCallId(), newTag()]
    // A NOTIFY may come before the answer (RFC 6665 §4.1.2.4).
    this.#notifies = this.#link.expectNotifies(callId, tag, (notify) => this.#notified(notify))
    const request = new SipRequest({
      method: 'SUBSCRIBE',
      uri,
      headers: new SipHeaders([
        ['From', `<sip:${this.#link.name}>;tag=${tag}`],
        ['To', `<${uri}>`],
        ['Call-ID', callId],
        ['CSeq', '1 SUBSCRIBE'],
      ]),
    })
    this.#fill(request, this.#handler.whole())
    const response = await this.#link.request(request)
    if (response.status >= 300) {
      this.#forget()
      this.#refused(response)
      return
    }
    if (this.#closed || !this.#notifies) return
    this.#dialog = Dialog.asUac(request, response)
    this.#refreshIn(response)
  }

  async #continue(dialog: Dialog, due: 'changes' | 'refresh'): Promise<void> {
    const changes = this.#handler.changes?.()
    if (due === 'changes' && !changes) return
    const response = await this.#link.request(this.#within(dialog, undefined, changes))
    if (dialog !== this.#dialog) return
    if (response.status < 300) {
      this.#refreshIn(response)
      return
    }
    // Whatever was to be changed is part of the whole that follows.
    this.#forget()
    if (response.status === 481 || response.status === 408) this.#due = 'refresh'
    else this.#refused(response)
  }

  #within(dialog: Dialog, expires?: string, body?: Body): SipRequest {
    const request = dialog.createRequest('SUBSCRIBE')
    this.#fill(request, body, expires)
    return request
  }

  #fill(request: SipRequest, body?: Body, expires = String(EXPIRES_SECONDS)): void {
    const fields: Headers = [
      ['Contact', `<${this.#link.contact}>`],
      ['Event', this.#handler.event],
      ['Expires', expires],
      ...this.#handler.headers,
      ...(body?.headers ?? []),
    ]
    for (const [name, value] of fields) request.headers.append(name, value)
    if (body) request.body = body.body
  }

  #notified(notify: SipRequest): void {
    this.#handler.notified(notify)
    const state = parseSubscriptionState(notify.headers.get('Subscription-State') ?? '')
    if (state?.state !== 'terminated' || this.#closed) return
    this.#forget()
    // RFC 6665 §4.1.3: these alone ask to be tried again at once.
    const isAtOnce = state.reason === 'deactivated' || state.reason === 'timeout'
    if (isAtOnce) this.#begin()
    else this.#again(state.retryAfter)
  }

  #refused(response: SipResponse): void {
    const isFinal = FINAL.has(response.status)
    this.#handler.refused(response, isFinal)
    if (!isFinal) this.#again(parseExpires(response.headers.get('Retry-After') ?? ''))
  }

  #again(afterSeconds: number | undefined): void {
    const ms = afterSeconds === undefined ? RETRY_MS : afterSeconds * 1000
    this.#timer = this.#link.clock.after(ms, () => this.#begin())
  }

  /** Before it ends, with room for a second try. */
  #refreshIn(response: SipResponse): void {
    const seconds = parseExpires(response.headers.get('Expires') ?? '') ?? EXPIRES_SECONDS
    this.#timer?.cancel()
    this.#timer = this.#link.clock.after(seconds * 800, () => this.refresh())
  }
}
