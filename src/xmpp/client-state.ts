/**
 * XEP-0352: Client State Indication. While nobody looks at the client, what can wait is held back, the last
 * presence of each sender only; it goes with the first stanza that cannot wait, or when the client is active.
 */
import type { StreamError } from './errors.ts'
import type { Wire } from './session.ts'

export const NS_CSI = 'urn:xmpp:csi:0'

/** Held stanzas cost memory: above it all of them go. */
const MAX_HELD = 250

interface Held {
  readonly stanza: string
  readonly isCopy: boolean
}

export class HoldBack implements Wire {
  readonly #wire: Wire
  #held = new Map<string, Held>()
  #next = 0

  constructor(wire: Wire) {
    this.#wire = wire
  }

  get wire(): Wire {
    return this.#wire
  }

  get acknowledges(): boolean | undefined {
    return this.#wire.acknowledges
  }

  write(stanza: string, isCopy = false): boolean {
    const key = this.#keyOf(stanza)
    if (key === undefined) {
      this.release()
      return this.#wire.write(stanza, isCopy)
    }
    // Deleted first: the newest goes last, as it would have.
    this.#held.delete(key)
    this.#held.set(key, { stanza, isCopy })
    if (this.#held.size > MAX_HELD) this.release()
    return true
  }

  flushed(): Promise<boolean> {
    this.release()
    return this.#wire.flushed()
  }

  close(error?: StreamError): void {
    this.#wire.close(error)
  }

  /** All that was held goes, oldest first. */
  release(): void {
    const held = this.#held
    this.#held = new Map()
    for (const { stanza, isCopy } of held.values()) this.#wire.write(stanza, isCopy)
  }

  /** Under what it is held; `undefined` where it cannot wait. */
  #keyOf(stanza: string): string | undefined {
    const head = stanza.slice(0, stanza.indexOf('>') + 1)
    if (head.startsWith('<presence')) {
      // Requests, and answers to them, are for the person.
      const type = attribute(head, 'type')
      if (type !== undefined && type !== 'unavailable') return undefined
      return `presence ${attribute(head, 'from')}`
    }
    if (head.startsWith('<message') && canWait(head, stanza)) {
      this.#next += 1
      return `message ${this.#next}`
    }
    return undefined
  }
}

/** Chat states, receipts, markers (XEP-0085, XEP-0184, XEP-0333). */
const PASSING = [
  'http://jabber.org/protocol/chatstates',
  'urn:xmpp:receipts',
  'urn:xmpp:chat-markers:0',
]

/** Chat states and receipts without a text, say (XEP-0085, XEP-0184, XEP-0333). */
function canWait(head: string, stanza: string): boolean {
  const type = attribute(head, 'type')
  if (type === 'error' || type === 'groupchat') return false
  return (
    !stanza.includes('<body') &&
    !stanza.includes('<subject') &&
    PASSING.some((ns) => stanza.includes(ns))
  )
}

function attribute(head: string, name: string): string | undefined {
  return new RegExp(`\\s${name}=(?:'([^']*)'|"([^"]*)")`).exec(head)?.slice(1).find(Boolean)
}
