/** The external components of this installation (XEP-0114), and what clients send them. */
import { type Jid, parseJid } from '../../core/address.ts'
import type { Element } from '../../xml/element.ts'
import { type Refusing, requireNotBlocked } from '../blocking/blocked.ts'
import { StanzaError } from '../errors.ts'
import type { Neighbours } from '../outside.ts'
import type { XmppSession } from '../session.ts'
import { Component, type ComponentConfig } from './component.ts'

export class Components implements Neighbours {
  readonly #components = new Map<string, Component>()
  readonly #directory: { isLocal(domain: string): boolean }

  constructor(
    configs: readonly ComponentConfig[],
    directory: { isLocal(domain: string): boolean },
  ) {
    this.#directory = directory
    for (const config of configs) {
      const host = parseJid(config.host)?.domain
      if (host !== undefined) this.#components.set(host, new Component(config))
    }
  }

  /** `host` is prepared, as in a parsed JID. A domain of ours stays ours. */
  find(host: string): Component | undefined {
    const component = this.#components.get(host)
    return component && !this.#directory.isLocal(host) ? component : undefined
  }

  /** Presence, where it is for a component that is there: later it would not be true any more. */
  show(presence: Element | string, to: Jid): void {
    const component = this.find(to.domain)
    if (component?.isConnected) component.send(presence)
  }

  /** Of a stanza of a client that is for one of them. */
  addressee(stanza: Element): { component: Component; to: Jid } | undefined {
    const address = stanza.attr('to')
    if (this.#components.size === 0 || address === undefined) return undefined
    const to = parseJid(address)
    const component = to && this.find(to.domain)
    return component && { component, to }
  }
}

export interface Outgoing {
  readonly access: Refusing
  readonly session: XmppSession
  readonly component: Component
  readonly to: Jid
}

/** A message or an iq. Throws `StanzaError`. */
export function sendToComponent(
  stanza: Element,
  { access, session, component, to }: Outgoing,
): void {
  requireNotBlocked(access, session.account, to)
  if (!access.mayExchangeMessages(session.account, to.bare)) {
    throw new StanzaError('cancel', 'not-acceptable')
  }
  component.acquaintances.add(session)
  const type = stanza.attr('type')
  const isAnswer = type === 'error' || (stanza.name === 'iq' && type === 'result')
  // An answer that nobody can take is lost: RFC 6120 §8.3.1 has no answer to it (`errorReply`).
  if (isAnswer && !component.isConnected) return
  component.send(stanza)
}
