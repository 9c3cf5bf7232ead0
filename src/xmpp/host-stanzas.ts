/** Messages and presence for a host itself, a domain of ours or a service: who takes them, by what they carry. */
import type { Element } from '../xml/element.ts'
import type { Asker } from './asker.ts'

/** The way of the asker's own stanzas, for more of them. Throws `StanzaError`, or rejects with it. */
export type Route = (stanza: Element) => void | Promise<void>

/** Throws `StanzaError` to refuse. */
export type HostStanzaHandler = (
  asker: Asker,
  stanza: Element,
  route: Route,
) => void | Promise<void>

export class HostStanzas {
  readonly #handlers = new Map<string, HostStanzaHandler>()
  #unavailable: HostStanzaHandler | undefined

  /** Those with such a child. Throws where somebody takes them already. */
  add(ns: string, name: string, handler: HostStanzaHandler): void {
    const place = `${ns} ${name}`
    if (this.#handlers.has(place)) throw new Error(`two handlers for stanzas with ${place}`)
    this.#handlers.set(place, handler)
  }

  /** Presence of type `unavailable` that nobody else takes. There is one at most. */
  onUnavailable(handler: HostStanzaHandler): void {
    if (this.#unavailable) throw new Error('two handlers for unavailable presence')
    this.#unavailable = handler
  }

  find(stanza: Element): HostStanzaHandler | undefined {
    if (this.#handlers.size === 0) return undefined
    for (const child of stanza.elements()) {
      const handler = this.#handlers.get(`${child.ns} ${child.name}`)
      if (handler) return handler
    }
    const isGoodbye = stanza.name === 'presence' && stanza.attr('type') === 'unavailable'
    return isGoodbye ? this.#unavailable : undefined
  }
}
