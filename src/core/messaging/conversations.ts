/**
 * Which client of a person a conversation lives at.
 *
 * A first message goes to all his clients; once one of them answers, the rest of that conversation
 * goes to the one that answered (the manual's appendix B; RFC 6121 §8.5.2.1.1 leaves "most
 * available" to the server). A conversation is a thread between two accounts; messages without a
 * thread are one conversation for each pair.
 */
import type { Clock } from '../../util/clock.ts'
import type { BareJid } from '../address.ts'

/** A conversation nobody continued for this long is over: the next message goes to all clients again. */
const IDLE_MS = 30 * 60_000
const MAX_CONVERSATIONS = 50_000

interface Place {
  resource: string
  lastUsed: number
}

export class Conversations {
  readonly #clock: Clock
  /** Oldest first: using an entry moves it to the end, so the first is the one to forget. */
  readonly #places = new Map<string, Place>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** `account` wrote to `peer` from `resource`: there he reads what comes back. */
  answered(account: BareJid, peer: BareJid, thread: string | undefined, resource: string): void {
    const key = conversationKey(account, peer, thread)
    this.#places.delete(key)
    this.#places.set(key, { resource, lastUsed: this.#clock.now() })
    if (this.#places.size > MAX_CONVERSATIONS) this.#forgetOldest()
  }

  /** The resource at which `account` holds this conversation with `peer`, if it is a live one. */
  placeOf(account: BareJid, peer: BareJid, thread: string | undefined): string | undefined {
    if (this.#places.size === 0) return undefined
    const key = conversationKey(account, peer, thread)
    const place = this.#places.get(key)
    if (!place) return undefined
    this.#places.delete(key)
    if (this.#clock.now() - place.lastUsed > IDLE_MS) return undefined
    this.#places.set(key, { ...place, lastUsed: this.#clock.now() })
    return place.resource
  }

  forget(account: BareJid, peer: BareJid, thread: string | undefined): void {
    this.#places.delete(conversationKey(account, peer, thread))
  }

  #forgetOldest(): void {
    for (const key of this.#places.keys()) {
      this.#places.delete(key)
      return
    }
  }
}

function conversationKey(account: BareJid, peer: BareJid, thread: string | undefined): string {
  return `${account} ${peer} ${thread ?? ''}`
}
