/** One external component (XEP-0114): its stream while it is connected, and what waits for it while it is not. */
import { counter } from '../../util/metrics.ts'
import type { Element } from '../../xml/element.ts'
import { remoteServerTimeout, StanzaError, serviceUnavailable } from '../errors.ts'
import { NS_CLIENT } from '../namespaces.ts'
import type { Neighbour, Passage } from '../outside.ts'
import type { XmppSession } from '../session.ts'

export interface ComponentConfig {
  readonly host: string
  readonly password: string | undefined
  /** Addresses and networks that it may come from; any, where it is empty. */
  readonly allowedAddresses: readonly string[]
  /** Stanzas that wait for it while it is not there. */
  readonly maxBuffered: number
}

/** What carries a component's stream. */
export interface ComponentStream {
  write(text: string): boolean
}

const MAX_BUFFERED_LENGTH = 1_048_576

const stanzas = counter({
  name: 'heliograph_xmpp_component_stanzas_total',
  help: 'Stanzas for external components, by what became of them.',
  labels: ['outcome'],
})

export class Component implements Neighbour {
  readonly config: ComponentConfig
  /** Clients that have sent it something. */
  readonly acquaintances = new WeakSet<XmppSession>()
  #stream: ComponentStream | undefined
  #buffer: string[] = []
  #buffered = 0

  constructor(config: ComponentConfig) {
    this.config = config
  }

  get isConnected(): boolean {
    return this.#stream !== undefined
  }

  /** In the order in which they came, before anything new. */
  connected(stream: ComponentStream): void {
    const waiting = this.#buffer
    this.#buffer = []
    this.#buffered = 0
    this.#stream = stream
    for (const text of waiting) this.#give(text)
  }

  disconnected(stream: ComponentStream): void {
    if (this.#stream === stream) this.#stream = undefined
  }

  /** Throws `StanzaError` where it is not there, and nothing more may wait for it. */
  send(stanza: Element | string): void {
    // Its stream's own namespace stands for that of clients.
    this.#give(typeof stanza === 'string' ? stanza : stanza.toString(NS_CLIENT))
  }

  pass(stanza: string): Passage {
    const { isConnected } = this
    try {
      this.#give(stanza)
      return isConnected ? 'sent' : 'waits'
    } catch (error) {
      if (!(error instanceof StanzaError)) throw error
      return isQuestion(stanza) || this.config.maxBuffered === 0 ? 'down' : 'full'
    }
  }

  #give(text: string): void {
    if (this.#stream?.write(text)) {
      stanzas.inc({ outcome: 'sent' })
      return
    }
    if (isQuestion(text)) {
      // Whoever asks waits for an answer, and gives up long before the component is back.
      stanzas.inc({ outcome: 'refused' })
      throw remoteServerTimeout()
    }
    const { maxBuffered } = this.config
    const isFull =
      this.#buffer.length >= maxBuffered || this.#buffered + text.length > MAX_BUFFERED_LENGTH
    stanzas.inc({ outcome: isFull ? 'refused' : 'buffered' })
    if (maxBuffered === 0) throw serviceUnavailable()
    if (isFull) throw remoteServerTimeout()
    this.#buffer.push(text)
    this.#buffered += text.length
  }
}

/** Or an answer to one, which nobody waits for any more. */
function isQuestion(stanza: string): boolean {
  return stanza.startsWith('<iq')
}
