/**
 * A client that manages its streams (XEP-0198): it counts, acknowledges, keeps what is not acknowledged, and goes on
 * on another connection where one broke, of whatever transport.
 */
import { type Element, xml } from '../../src/xml/element.ts'

const NS_SM = 'urn:xmpp:sm:3'

/** A signed-in stream without a resource. */
export interface ManagedStream {
  send(stanza: Element | string): void
  /** What a connection that breaks takes with it; absent where a stanza goes as a whole or not at all. */
  sendPart?(part: string): void
  bind(resource?: string): Promise<string>
  watch(listener: (element: Element) => void): void
  expect(matches: (element: Element) => boolean): Promise<Element>
  closed(): Promise<void>
  /** As when a cable is pulled. */
  cut(): Promise<void>
}

export class ManagedClient {
  /** Stanzas that came, each once. */
  readonly received: Element[] = []
  /** How often the session went on. */
  resumptions = 0
  jid = ''
  /** False for one that never says what it has got. */
  answers = true
  #stream: ManagedStream | undefined
  #id = ''
  #handled = 0
  #acknowledged = 0
  #unacknowledged: string[] = []
  #heard = 0
  #counts = false
  readonly #wakers = new Set<() => void>()

  /** Signs in anew, with acknowledgements and the right to resume. */
  async begin(stream: ManagedStream, resource?: string): Promise<void> {
    this.#counts = false
    this.#take(stream)
    this.jid = await stream.bind(resource)
    await this.#enable(stream)
  }

  /** Goes on where the last stream broke; throws with the server's `<failed/>` where it cannot. */
  async resume(stream: ManagedStream): Promise<void> {
    this.#take(stream)
    stream.send(
      xml('resume', { xmlns: NS_SM, previd: this.#id, h: String(this.#handled) }).toString(),
    )
    const answer = await stream.expect(
      ({ ns, name }) => ns === NS_SM && /resumed|failed/.test(name),
    )
    if (answer.name === 'failed') throw new Error(answer.toString())
    this.resumptions += 1
    this.#acknowledge(Number(answer.attr('h')))
    for (const stanza of this.#unacknowledged) stream.send(stanza)
  }

  /** Sends a stanza now or on the next stream. */
  send(stanza: string): void {
    this.#unacknowledged.push(stanza)
    this.#stream?.send(stanza)
  }

  /** What is no stanza, and not counted. */
  sendNonza(nonza: string): void {
    this.#stream?.send(nonza)
  }

  /** Sends the first `bytes` of a stanza, then the connection breaks. */
  async breakWithin(stanza: string, bytes: number): Promise<void> {
    this.#unacknowledged.push(stanza)
    const stream = this.#stream
    if (stream?.sendPart) stream.sendPart(stanza.slice(0, bytes))
    else if (bytes > stanza.length / 2) stream?.send(stanza)
    await this.cut()
  }

  async cut(): Promise<void> {
    const stream = this.#stream
    this.#stream = undefined
    await stream?.cut()
  }

  /** Resolves when the server has said that it has all that was sent; rejects where the connection has broken. */
  async acknowledged(): Promise<void> {
    const stream = this.#stream
    const before = this.#heard
    stream?.send(`<r xmlns='${NS_SM}'/>`)
    const broken = stream?.closed().then(() => {
      throw new Error('the connection has broken')
    })
    while (this.#heard === before || this.#unacknowledged.length > 0) {
      await Promise.race([this.#change(), broken])
    }
    broken?.catch(() => undefined)
  }

  /** Resolves when something has come that matches. */
  async until(matches: (received: readonly Element[]) => boolean): Promise<void> {
    while (!matches(this.received)) await this.#change()
  }

  bodies(): string[] {
    return this.received.flatMap((stanza) => stanza.child('body')?.text() ?? [])
  }

  get sessionId(): string {
    return this.#id
  }

  async #enable(stream: ManagedStream): Promise<void> {
    this.#handled = 0
    this.#acknowledged = 0
    this.#unacknowledged = []
    this.#counts = true
    stream.send(`<enable xmlns='${NS_SM}' resume='true'/>`)
    const enabled = await stream.expect(({ ns, name }) => ns === NS_SM && name === 'enabled')
    this.#id = enabled.attr('id') ?? ''
  }

  #take(stream: ManagedStream): void {
    this.#stream = stream
    stream.watch((element) => {
      // What a broken stream still had in its buffers has not come.
      if (stream === this.#stream) this.#took(stream, element)
    })
  }

  #took(stream: ManagedStream, element: Element): void {
    if (element.ns === NS_SM) {
      if (element.name === 'r' && this.answers)
        stream.send(`<a xmlns='${NS_SM}' h='${this.#handled}'/>`)
      if (element.name === 'a') {
        this.#heard += 1
        this.#acknowledge(Number(element.attr('h')))
      }
    } else if (this.#counts && /^(message|presence|iq)$/.test(element.name)) {
      this.#handled = (this.#handled + 1) >>> 0
      this.received.push(element)
    }
    for (const wake of this.#wakers) wake()
    this.#wakers.clear()
  }

  #acknowledge(h: number): void {
    this.#unacknowledged.splice(0, (h - this.#acknowledged) >>> 0)
    this.#acknowledged = h
  }

  #change(): Promise<void> {
    return new Promise((wake) => this.#wakers.add(wake))
  }
}
