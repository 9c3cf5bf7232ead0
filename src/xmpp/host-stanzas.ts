/** Messages and presence for a host itself, a domain of ours or a service: who takes them, by what they carry. */
import type { Element } from '../xml/element.ts'
import type { Asker } from './asker.ts'

/** Throws `StanzaError` to refuse. */
export type HostStanzaHandler = (asker: Asker, stanza: Element) => void | Promise<void>

export class HostStanzas {
  readonly #handlers = new Map<string, HostStanzaHandler>()

  /** Those with such a child. Throws where somebody takes them already. */
  add(ns: string, name: string, handler: HostStanzaHandler): void {
    const place = `${ns} ${name}`
    if (this.#handlers.has(place)) throw new Error(`two handlers for stanzas with ${place}`)
    this.#handlers.set(place, handler)
  }

  find(stanza: Element): HostStanzaHandler | undefined {
    if (this.#handlers.size === 0) return undefined
    for (const child of stanza.elements()) {
      const handler = this.#handlers.get(`${child.ns} ${child.name}`)
      if (handler) return handler
    }
    return undefined
  }
}
