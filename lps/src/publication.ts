/** What the application says of a user’s presence (RFC 3903), kept alive until it is taken back. */

import { SipHeaders, SipRequest, type SipResponse } from '../../src/sip/message/message.ts'
import { newCallId, newTag } from '../../src/sip/message/respond.ts'
import { parseExpires } from '../../src/sip/message/values.ts'
import type { Timer } from '../../src/util/clock.ts'
import { escapeAttr, escapeText } from '../../src/xml/element.ts'
import type { Link } from './link.ts'
import { RequestFailed } from './request-failed.ts'

/** Either in a few words, or a whole document. */
export type PublishedPresence =
  | {
      readonly basic: 'open' | 'closed'
      /** An activity of RFC 4480, such as `on-the-phone`, `meeting`, `away`, `busy`. */
      readonly activity?: string
      readonly note?: string
    }
  | { readonly pidf: string }

export interface Publication extends AsyncDisposable {
  /** Says something else. Rejects with `RequestFailed` where the server refuses it. */
  update(presence: PublishedPresence): Promise<void>
  /** Takes it back. */
  close(): Promise<void>
}

const EXPIRES_SECONDS = 3600
const RETRY_MS = 30_000

export class LivePublication implements Publication {
  readonly #link: Link
  readonly #presentity: string
  readonly #status: Disposable
  #presence: PublishedPresence
  #etag: string | undefined
  #timer: Timer | undefined
  #closed = false
  /** One request at a time: each needs the entity-tag that the one before has got. */
  #last: Promise<unknown> = Promise.resolve()

  constructor(link: Link, presentity: string, presence: PublishedPresence) {
    this.#link = link
    this.#presentity = presentity
    this.#presence = presence
    this.#status = link.onStatus((status) => {
      if (status === 'up') this.#keep()
    })
  }

  /** Where there is no connection, it is said as soon as there is one. */
  async start(): Promise<void> {
    if (this.#link.status !== 'up') return
    await this.#inTurn(() => this.#say(this.#presence))
  }

  async update(presence: PublishedPresence): Promise<void> {
    this.#presence = presence
    if (this.#link.status !== 'up') return
    await this.#inTurn(() => this.#say(presence))
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#timer?.cancel()
    this.#status[Symbol.dispose]()
    await this.#inTurn(async () => {
      if (this.#etag === undefined || this.#link.status !== 'up') return
      await this.#link.request(this.#build({ expires: 0 }))
    })
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #inTurn<T>(task: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(task, task)
    this.#last = turn.catch(() => undefined)
    return turn
  }

  /** Refreshed, or said anew where the server has forgotten it. */
  #keep(): void {
    this.#inTurn(() => this.#say(this.#etag === undefined ? this.#presence : undefined)).catch(
      (err: unknown) => {
        this.#link.log.warn({ what: 'lps_publication_not_kept', err })
        this.#keepIn(RETRY_MS)
      },
    )
  }

  #keepIn(ms: number): void {
    this.#timer?.cancel()
    if (!this.#closed) this.#timer = this.#link.clock.after(ms, () => this.#keep())
  }

  async #say(presence: PublishedPresence | undefined): Promise<void> {
    if (this.#closed) return
    let response = await this.#link.request(this.#build({ presence }))
    // RFC 3903 §4.2: the server does not know it any more.
    if (response.status === 412) {
      this.#etag = undefined
      response = await this.#link.request(this.#build({ presence: this.#presence }))
    }
    if (response.status >= 300) throw new RequestFailed('PUBLISH', response)
    this.#taken(response)
  }

  #taken({ headers }: SipResponse): void {
    this.#etag = headers.get('SIP-ETag')
    const seconds = parseExpires(headers.get('Expires') ?? '') ?? EXPIRES_SECONDS
    this.#keepIn(seconds * 800)
  }

  #build(what: {
    readonly presence?: PublishedPresence | undefined
    readonly expires?: number
  }): SipRequest {
    const { presence, expires = EXPIRES_SECONDS } = what
    const request = requestFor(this.#link, 'PUBLISH', this.#presentity, [
      ['Event', 'presence'],
      ['Expires', String(expires)],
      ...(this.#etag === undefined ? [] : [['SIP-If-Match', this.#etag] as const]),
      ...(presence ? [['Content-Type', 'application/pidf+xml'] as const] : []),
    ])
    if (presence) request.body = Buffer.from(documentOf(this.#presentity, presence))
    return request
  }
}

/** A request on behalf of a user, about him. */
export function requestFor(
  { name }: Link,
  method: string,
  user: string,
  headers: readonly (readonly [string, string])[],
): SipRequest {
  return new SipRequest({
    method,
    uri: user,
    headers: new SipHeaders([
      ['From', `<sip:${name}>;tag=${newTag()}`],
      ['To', `<${user}>`],
      ['Call-ID', newCallId()],
      ['CSeq', `1 ${method}`],
      ['P-Asserted-Identity', `<${user}>`],
      ...headers,
    ]),
  })
}

function documentOf(entity: string, presence: PublishedPresence): string {
  if ('pidf' in presence) return presence.pidf
  const { basic, activity, note } = presence
  if (activity !== undefined && !/^[a-z-]+$/.test(activity)) {
    throw new RangeError(`${activity} is no activity of RFC 4480`)
  }
  const person =
    activity === undefined
      ? ''
      : `<dm:person id="p1"><r:activities><r:${activity}/></r:activities></dm:person>`
  return (
    '<?xml version="1.0" encoding="UTF-8"?>\n' +
    '<presence xmlns="urn:ietf:params:xml:ns:pidf"' +
    ' xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model"' +
    ` xmlns:r="urn:ietf:params:xml:ns:pidf:rpid" entity="${escapeAttr(entity)}">` +
    `<tuple id="t1"><status><basic>${basic}</basic></status></tuple>` +
    (note === undefined ? '' : `<note>${escapeText(note)}</note>`) +
    `${person}</presence>\n`
  )
}
