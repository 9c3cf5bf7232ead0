/** An XMPP client over BOSH (XEP-0124, XEP-0206), for tests: keeps one request waiting, and sends what there is to send. */
import { randomInt } from 'node:crypto'
import { Agent, type IncomingHttpHeaders, type IncomingMessage, request as plain } from 'node:http'
import { request as secure, Agent as TlsAgent } from 'node:https'
import { parseDocument } from '../../src/xml/document.ts'
import type { Element } from '../../src/xml/element.ts'
import { LIMITS, NS_STREAM, StreamClient } from './stream-client.ts'

export const NS_BOSH = 'http://jabber.org/protocol/httpbind'
export const NS_XBOSH = 'urn:xmpp:xbosh'

export interface BoshAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  /** The wrapper; throws where it is none. */
  readonly body: Element
}

/** One request, whatever is in it. */
export class BoshWire {
  readonly #url: URL
  readonly #agent: Agent

  constructor(url: string) {
    this.#url = new URL(url)
    const options = { keepAlive: true, rejectUnauthorized: false }
    this.#agent = this.#url.protocol === 'https:' ? new TlsAgent(options) : new Agent(options)
  }

  /** Rejects where the connection ends without an answer. */
  async post(body: string, headers: Record<string, string> = {}): Promise<BoshAnswer> {
    const type = { 'content-type': 'text/xml; charset=utf-8' }
    return await this.send('POST', body, { ...type, ...headers })
  }

  async send(method: string, body: string, headers: Record<string, string>): Promise<BoshAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
    const request = this.#url.protocol === 'https:' ? secure : plain
    const length = { 'content-length': Buffer.byteLength(body) }
    request(this.#url, { method, agent: this.#agent, headers: { ...length, ...headers } })
      .on('response', resolve)
      .on('error', reject)
      .end(body)
    const response = await promise
    const chunks: Buffer[] = []
    for await (const chunk of response) chunks.push(Buffer.from(chunk))
    const text = Buffer.concat(chunks).toString()
    return {
      status: response.statusCode ?? 0,
      headers: response.headers,
      text,
      get body() {
        return parseDocument(text, LIMITS)
      },
    }
  }

  /** All its connections, and what waits on them. */
  destroy(): void {
    this.#agent.destroy()
  }
}

/** A wrapper: `attrs` as written. */
export function body(attrs: string, payloads = ''): string {
  return `<body xmlns='${NS_BOSH}' xmlns:xmpp='${NS_XBOSH}' ${attrs}>${payloads}</body>`
}

export interface BoshOptions {
  /** Attributes of the request that begins the session, as written; `wait`, `hold` and `ver` where not given. */
  terms?: string
}

export class BoshClient extends StreamClient {
  readonly wire: BoshWire
  sid: string | undefined
  rid = randomInt(1, 2 ** 40)
  /** The answer that began the session. */
  begun: Element | undefined
  /** The wrapper that ended it. */
  farewell: Element | undefined
  readonly #options: BoshOptions
  #requests = 2
  #outstanding = 0
  #queue: string[] = []
  #isScheduled = false
  #isEnding = false
  /** Answers that came before others that come before them. */
  readonly #early = new Map<number, Element>()
  #next = 0

  constructor(url: string, options: BoshOptions = {}) {
    super()
    this.wire = new BoshWire(url)
    this.#options = options
  }

  async open(domain: string): Promise<Element> {
    if (this.sid === undefined) {
      const { terms = "wait='60' hold='1' ver='1.11'" } = this.#options
      this.#next = this.rid + 1
      this.#post(`to='${domain}' xml:lang='en' xmpp:version='1.0' ${terms}`)
    } else this.#post(`to='${domain}' xml:lang='en' xmpp:restart='true'`)
    return await this.expect((element) => element.is('features', NS_STREAM))
  }

  send(stanza: Element | string): void {
    this.#queue.push(String(stanza))
    this.#schedule()
  }

  async cut(): Promise<void> {
    this.#isEnding = true
    this.wire.destroy()
    this.gone()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.isGone) return
    this.#isEnding = true
    this.#post(`type='terminate'`, this.#queue.splice(0).join(''))
    await this.closed()
    this.wire.destroy()
  }

  #schedule(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    setImmediate(() => {
      this.#isScheduled = false
      this.#go()
    })
  }

  #go(): void {
    if (this.isGone || this.#isEnding || this.sid === undefined) return
    if (this.#outstanding >= this.#requests) return
    if (this.#queue.length === 0 && this.#outstanding > 0) return
    this.#post('', this.#queue.splice(0).join(''))
  }

  #post(attrs: string, payloads = ''): void {
    this.rid += 1
    const { rid } = this
    const sid = this.sid === undefined ? '' : ` sid='${this.sid}'`
    this.#outstanding += 1
    this.wire.post(body(`rid='${rid}'${sid} ${attrs}`, payloads)).then(
      (answer) => this.#answered(rid, answer.body),
      () => this.gone(),
    )
  }

  #answered(rid: number, wrapper: Element): void {
    this.#early.set(rid, wrapper)
    for (;;) {
      const next = this.#early.get(this.#next)
      if (!next) return
      this.#early.delete(this.#next)
      this.#next += 1
      this.#outstanding -= 1
      this.#take(next)
    }
  }

  #take(wrapper: Element): void {
    const sid = wrapper.attr('sid')
    if (sid !== undefined) {
      this.sid = sid
      this.begun = wrapper
      this.#requests = Number(wrapper.attr('requests') ?? 2)
    }
    for (const element of wrapper.elements()) this.came(element)
    if (wrapper.attr('type') === 'terminate') {
      this.farewell = wrapper
      this.gone()
    }
    this.#schedule()
  }
}
