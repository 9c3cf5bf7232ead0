/** What XMPP clients of tests do alike, whatever carries their streams. Waits on what comes and never on time. */
import { type Element, xml } from '../../src/xml/element.ts'
import type { ManagedStream } from './managed-client.ts'
import { ScramClient } from './scram-client.ts'

const NS_SASL = 'urn:ietf:params:xml:ns:xmpp-sasl'
const NS_BIND = 'urn:ietf:params:xml:ns:xmpp-bind'
export const NS_STREAM = 'http://etherx.jabber.org/streams'
export const NS_CLIENT = 'jabber:client'
export const LIMITS = { maxStanzaBytes: 16_777_216, maxDepth: 100, maxAttributes: 100 }

export interface Credentials {
  jid: string
  password: string
  /** `PLAIN` where not given. */
  mechanism?: string
  /** Of the channel, for mechanisms with -PLUS. */
  binding?: { type: string; data: Buffer }
}

export abstract class StreamClient implements ManagedStream, AsyncDisposable {
  /** The full JID, once bound. */
  jid = ''
  readonly #received: Element[] = []
  readonly #wakers = new Set<() => void>()
  #watch: ((element: Element) => void) | undefined
  #isGone = false
  #ids = 0

  /** Opens a stream, the first or another, and answers the features. */
  abstract open(domain: string): Promise<Element>
  abstract send(stanza: Element | string): void
  abstract cut(): Promise<void>
  /** Says goodbye; resolves when the server has too. */
  abstract [Symbol.asyncDispose](): Promise<void>

  /** Signs in, and opens the stream that follows. Throws with the server's refusal. */
  async signIn(credentials: Credentials): Promise<this> {
    const domain = credentials.jid.split('@')[1] ?? ''
    await this.open(domain)
    const outcome = await this.authenticate(credentials)
    if (outcome.name !== 'success') throw new Error(`not signed in: ${outcome}`)
    await this.open(domain)
    return this
  }

  /** Runs one SASL exchange and answers `<success/>` or `<failure/>`. */
  async authenticate({ jid, password, mechanism = 'PLAIN', binding }: Credentials) {
    const user = jid.split('@')[0] ?? ''
    if (mechanism === 'PLAIN') return await this.#exchange(mechanism, `\0${user}\0${password}`)
    const scram = new ScramClient({ mechanism, user, password, ...(binding && { binding }) })
    return await this.#exchange(mechanism, scram.first(), (challenge) => scram.final(challenge))
  }

  async #exchange(
    mechanism: string,
    initial: string,
    answer: (challenge: string) => string = () => '',
  ): Promise<Element> {
    const encode = (text: string) => Buffer.from(text).toString('base64')
    this.send(xml('auth', { xmlns: NS_SASL, mechanism }, encode(initial)))
    for (;;) {
      const reply = await this.expect(({ ns }) => ns === NS_SASL)
      if (reply.name !== 'challenge') return reply
      const challenge = Buffer.from(reply.text(), 'base64').toString()
      this.send(xml('response', { xmlns: NS_SASL }, encode(answer(challenge))))
    }
  }

  async bind(resource?: string): Promise<string> {
    const wanted = resource === undefined ? undefined : xml('resource', {}, resource)
    const result = await this.iq('set', xml('bind', { xmlns: NS_BIND }, wanted))
    this.jid = result.child('bind', NS_BIND)?.child('jid')?.text() ?? ''
    if (this.jid === '') throw new Error(`not bound: ${result}`)
    return this.jid
  }

  /** Sends an iq and answers its result or error. */
  async iq(type: 'get' | 'set', payload: Element | string, to?: string): Promise<Element> {
    const id = `t${++this.#ids}`
    const address = to === undefined ? '' : ` to='${to}'`
    this.send(`<iq xmlns='${NS_CLIENT}' type='${type}' id='${id}'${address}>${payload}</iq>`)
    return await this.expect(
      (element) =>
        element.is('iq', NS_CLIENT) &&
        element.attr('id') === id &&
        /^(result|error)$/.test(element.attr('type') ?? ''),
    )
  }

  /** The first element that matches, come already or yet to come; others stay for later. */
  async expect(matches: (element: Element) => boolean): Promise<Element> {
    for (;;) {
      const at = this.#received.findIndex(matches)
      const [found] = at < 0 ? [] : this.#received.splice(at, 1)
      if (found) return found
      if (this.#isGone) throw new Error(`gone while waiting; unread: ${this.#received.join(' ')}`)
      await this.change()
    }
  }

  expectMessage(body: string): Promise<Element> {
    return this.expect(
      (element) => element.name === 'message' && element.child('body')?.text() === body,
    )
  }

  expectStreamError(): Promise<Element> {
    return this.expect((element) => element.is('error', NS_STREAM))
  }

  /** Everything that the server had to send by now; taken out of what is unread. */
  async settle(): Promise<Element[]> {
    await this.iq('get', `<ping xmlns='urn:xmpp:ping'/>`)
    return this.#received.splice(0)
  }

  watch(listener: (element: Element) => void): void {
    this.#watch = listener
  }

  get isGone(): boolean {
    return this.#isGone
  }

  /** Resolves when nothing can come any more. */
  async closed(): Promise<void> {
    while (!this.#isGone) await this.change()
  }

  /** Resolves when something has happened. */
  protected change(): Promise<void> {
    return new Promise((wake) => this.#wakers.add(wake))
  }

  protected came(element: Element): void {
    this.#received.push(element)
    this.#watch?.(element)
    this.wake()
  }

  protected gone(): void {
    this.#isGone = true
    this.wake()
  }

  protected wake(): void {
    for (const wake of this.#wakers) wake()
    this.#wakers.clear()
  }
}
