/**
 * The stream of one external component (XEP-0114 §3), `jabber:component:accept`.
 *
 *   opening ──header──▶ greeted ──handshake──▶ open ──error, </stream:stream>, shutdown──▶ closed
 */
import { randomBytes } from 'node:crypto'
import { parseJid } from '../../core/address.ts'
import type { Link, LinkUser } from '../../net/link.ts'
import type { Clock, Timer } from '../../util/clock.ts'
import type { Log } from '../../util/log.ts'
import { Element, escapeAttr } from '../../xml/element.ts'
import { XmlStreamParser } from '../../xml/tokenizer.ts'
import { streamErrorOf } from '../c2s/stream-limits.ts'
import { StreamError } from '../errors.ts'
import { NS_CLIENT, NS_STREAM } from '../namespaces.ts'
import type { Component, ComponentStream } from './component.ts'
import type { Components } from './components.ts'
import type { FromComponents } from './from-components.ts'
import { isAllowed, isHandshake } from './handshake.ts'

export const NS_COMPONENT = 'jabber:component:accept'

export interface ComponentConnectionDeps {
  readonly clock: Clock
  readonly log: Log
  readonly components: Components
  readonly incoming: FromComponents
  readonly maxStanzaBytes: number
  left(connection: ComponentConnection): void
}

const HANDSHAKE_TIMEOUT_MS = 20_000
const CLOSE_TIMEOUT_MS = 2_000
/** Keeps what is between us from forgetting the connection. */
const KEEP_ALIVE_MS = 60_000
const STRANGERS_BYTES = 10_000

export class ComponentConnection implements LinkUser, ComponentStream {
  readonly #deps: ComponentConnectionDeps
  readonly #link: Link
  readonly #parser: XmlStreamParser
  readonly #id = randomBytes(16).toString('hex')
  #state: 'opening' | 'greeted' | 'open' | 'closed' = 'opening'
  #component: Component | undefined
  #timer: Timer

  constructor(deps: ComponentConnectionDeps, link: Link) {
    this.#deps = deps
    this.#link = link
    this.#parser = new XmlStreamParser(this, limits(STRANGERS_BYTES))
    this.#timer = deps.clock.after(HANDSHAKE_TIMEOUT_MS, () => link.destroy())
    link.user = this
    link.read()
  }

  write(text: string): boolean {
    if (this.#state !== 'open') return false
    this.#link.write(text)
    return this.#isOpen()
  }

  close(error?: StreamError): void {
    if (this.#state === 'closed') return
    if (this.#state === 'opening') this.#sendHeader(undefined)
    this.#link.write(`${error ?? ''}</stream:stream>`)
    this.#leave()
    this.#link.end()
    this.#link.resume()
    this.#timer = this.#deps.clock.after(CLOSE_TIMEOUT_MS, () => this.#link.destroy())
  }

  // XmlHandler

  onOpen(root: Element): void {
    if (!root.is('stream', NS_STREAM)) throw new StreamError('invalid-namespace')
    const host = parseJid(root.attr('to') ?? '')?.domain ?? ''
    const component = this.#deps.components.find(host)
    if (!component) throw new StreamError('host-unknown')
    this.#component = component
    this.#sendHeader(host)
    this.#state = 'greeted'
  }

  onElement(element: Element): void {
    if (element.ns !== NS_COMPONENT) throw new StreamError('invalid-namespace')
    if (this.#state === 'greeted') this.#handshake(element)
    else if (this.#state === 'open') this.#stanza(asOfClients(element))
  }

  onClose(): void {
    this.close()
  }

  #handshake(element: Element): void {
    const component = this.#component
    const { log } = this.#deps
    const source = this.#link.remoteAddress
    const host = component?.config.host
    const isRight =
      component !== undefined &&
      element.name === 'handshake' &&
      isAllowed(component.config, source) &&
      isHandshake(element.text().trim(), this.#id, component.config.password)
    if (!isRight) {
      log.warn({ what: 'xmpp_component_refused', host, source })
      throw new StreamError('not-authorized')
    }
    if (component.isConnected) throw new StreamError('conflict')
    this.#timer.cancel()
    this.#parser.setLimits(limits(this.#deps.maxStanzaBytes))
    this.#state = 'open'
    this.#link.write('<handshake/>')
    component.connected(this)
    log.info({ what: 'xmpp_component_connected', host, source })
    this.#keepAlive()
  }

  #keepAlive(): void {
    this.#timer = this.#deps.clock.after(KEEP_ALIVE_MS, () => {
      this.write(' ')
      if (this.#isOpen()) this.#keepAlive()
    })
  }

  #stanza(stanza: Element): void {
    const component = this.#component
    const from = parseJid(stanza.attr('from') ?? '')
    if (stanza.attr('to') === undefined) throw new StreamError('improper-addressing')
    if (!component || from?.domain !== parseJid(component.config.host)?.domain || !from) {
      throw new StreamError('invalid-from')
    }
    this.#parser.pause()
    this.#link.pause() // RFC 6120 §10.1: in order
    this.#deps.incoming.take(component, stanza, from).then(
      () => this.#goOn(),
      (error: unknown) => this.#fail(error),
    )
  }

  #goOn(): void {
    if (!this.#isOpen()) return
    try {
      this.#parser.resume()
    } catch (error) {
      this.#fail(error)
    }
    if (!this.#parser.isPaused) this.#link.resume()
  }

  #isOpen(): boolean {
    return this.#state === 'open'
  }

  #sendHeader(host: string | undefined): void {
    const from = host === undefined ? '' : ` from='${escapeAttr(host)}'`
    this.#link.write(
      `<?xml version='1.0'?><stream:stream xmlns='${NS_COMPONENT}' xmlns:stream='${NS_STREAM}' id='${this.#id}'${from}>`,
    )
  }

  #fail(error: unknown): void {
    this.close(streamErrorOf(error, this.#deps.log))
  }

  #leave(): void {
    this.#timer.cancel()
    if (this.#isOpen()) {
      this.#deps.log.info({ what: 'xmpp_component_gone', host: this.#component?.config.host })
    }
    this.#state = 'closed'
    this.#component?.disconnected(this)
  }

  // LinkUser

  received(chunk: Buffer): void {
    if (this.#state === 'closed') return
    try {
      this.#parser.write(chunk)
    } catch (error) {
      this.#fail(error)
    }
  }

  secured(): void {
    // Nobody asked for TLS.
  }

  peerEnded(): void {
    this.close()
  }

  overflowed(): void {
    this.#deps.log.warn({ what: 'xmpp_component_too_slow', host: this.#component?.config.host })
    this.#leave()
    this.#link.destroy()
  }

  failed(error: unknown): void {
    this.#deps.log.debug({ what: 'xmpp_component_socket_error', err: error })
  }

  closed(): void {
    this.#leave()
    this.#deps.left(this)
  }
}

function limits(maxStanzaBytes: number) {
  return { maxDepth: 100, maxAttributes: 100, maxStanzaBytes }
}

/** What is of the stream's own namespace is of that of clients, to them. */
function asOfClients({ name, ns, attrs, children }: Element): Element {
  const inner = children.map((child) => (typeof child === 'string' ? child : asOfClients(child)))
  return new Element(name, ns === NS_COMPONENT ? NS_CLIENT : ns, attrs, inner)
}
