/**
 * The ways out of this server, to domains that are neither ours nor those of its services: external components
 * (XEP-0114), and other servers when there are any.
 */
import type { Jid } from '../core/address.ts'
import type { Element } from '../xml/element.ts'
import type { Asker } from './asker.ts'
import { remoteServerNotFound, remoteServerTimeout, resourceConstraint } from './errors.ts'
import { NS_CLIENT } from './namespaces.ts'

/** What became of a stanza: it has left, it waits to leave, or it is not taken, since too much waits or nobody is there. */
export type Passage = 'sent' | 'waits' | 'full' | 'down'

/** One way out. */
export interface Neighbour {
  /** Takes a stanza with both addresses, serialised for a client. One that waited in vain comes back to its sender as an error. */
  pass(stanza: string): Passage
}

export interface Neighbours {
  /** `domain` is prepared, and none of ours. */
  find(domain: string): Neighbour | undefined
}

export class Outside {
  readonly #directory: { isLocal(domain: string): boolean }
  readonly #neighbours = new Set<Neighbours>()

  constructor(directory: { isLocal(domain: string): boolean }) {
    this.#directory = directory
  }

  add(neighbours: Neighbours): Disposable {
    this.#neighbours.add(neighbours)
    return { [Symbol.dispose]: () => void this.#neighbours.delete(neighbours) }
  }

  /** Whether there is a way to the domain, which may be closed for a while. */
  reaches(domain: string): boolean {
    return this.#find(domain) !== undefined
  }

  /** `undefined` where there is no way to the domain. */
  pass(stanza: Element | string, domain: string): Passage | undefined {
    const neighbour = this.#find(domain)
    if (!neighbour) return undefined
    return neighbour.pass(typeof stanza === 'string' ? stanza : stanza.toString(NS_CLIENT))
  }

  /** Throws `StanzaError` where it is not taken. */
  require(stanza: Element, domain: string): void {
    requirePassed(this.pass(stanza, domain))
  }

  #find(domain: string): Neighbour | undefined {
    if (this.#neighbours.size === 0 || this.#directory.isLocal(domain)) return undefined
    for (const neighbours of this.#neighbours) {
      const found = neighbours.find(domain)
      if (found) return found
    }
    return undefined
  }
}

function requirePassed(passage: Passage | undefined): void {
  if (passage === undefined) throw remoteServerNotFound()
  if (passage === 'full') throw resourceConstraint('too much waits for it')
  if (passage === 'down') throw remoteServerTimeout()
}

/** Somebody outside. */
export class Stranger implements Asker {
  readonly jid: Jid
  readonly #outside: Outside

  constructor(jid: Jid, outside: Outside) {
    this.jid = jid
    this.#outside = outside
  }

  send(stanza: Element | string): boolean {
    return this.#outside.pass(stanza, this.jid.domain) !== undefined
  }
}
