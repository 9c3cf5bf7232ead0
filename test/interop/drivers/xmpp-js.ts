/** @xmpp/client of xmpp.js, with what comes kept for the test to ask for. */
import { type Client, client, type Element, type Options, xml } from '@xmpp/client'
import { Inbox } from './inbox.ts'

/** Long, for a machine that does much else. */
const STEP_TIMEOUT_MS = 30_000

export type XmppJsOptions = Omit<Options, 'domain' | 'timeout'>

export class XmppJs implements AsyncDisposable {
  readonly client: Client
  readonly stanzas = new Inbox<Element>(() => this.#log.join('\n'))
  /** All that was sent and came. */
  readonly #log: string[] = []

  constructor(options: XmppJsOptions) {
    this.client = client({ domain: 'example.com', timeout: STEP_TIMEOUT_MS, ...options })
    // It listens for the server's stream header only once its own is known to be written, which may be too late.
    const write = this.client.write.bind(this.client)
    this.client.write = async (text) => void write(text).catch(() => undefined)
    // It would connect again in a second; a test says when.
    this.client.reconnect.stop()
    this.client.on('error', (error) => this.#log.push(String(error)))
    this.client.on('send', (element) => this.#log.push(`> ${element}`))
    this.client.on('element', (element) => this.#log.push(`< ${element}`))
    this.client.on('stanza', (stanza) => this.stanzas.push(stanza))
  }

  /** Answers the full JID, once its own presence has come back. */
  async online(): Promise<string> {
    const jid = String(await this.client.start())
    await this.client.send(xml('presence'))
    await this.stanzas.expect(({ name, attrs }) => name === 'presence' && attrs.from === jid)
    return jid
  }

  async say(to: string, body: string): Promise<void> {
    await this.client.send(xml('message', { type: 'chat', to, id: body }, xml('body', {}, body)))
  }

  /** Takes a contact out of the roster. */
  async remove(jid: string): Promise<void> {
    const item = xml('item', { jid, subscription: 'remove' })
    await this.client.iqCaller.set(xml('query', { xmlns: 'jabber:iq:roster' }, item))
  }

  hears(body: string): Promise<Element> {
    return this.stanzas.expect((stanza) => stanza.getChildText('body') === body, body)
  }

  /** Resolves when the connection has gone, one way or another. */
  disconnected(): Promise<void> {
    return new Promise((gone) => this.client.once('disconnect', () => gone()))
  }

  /** What was sent of this kind so far. */
  sent(pattern: RegExp): readonly string[] {
    return this.#log.filter((line) => line.startsWith('> ') && pattern.test(line))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.stop().catch(() => undefined)
  }
}
