/** What a protocol's edge is told of subscriptions, and what it can do for them. */
import type { BareJid } from '../address.ts'
import type { SubscriptionStanza } from './subscription.ts'

/** One protocol's part: it shows what came, and who sees whom. Must not throw. */
export interface SubscriptionAudience {
  /** `user` is to be shown this of `contact`; `stanza` as it came, if it came as one. */
  received?(
    user: BareJid,
    type: SubscriptionStanza,
    contact: BareJid,
    stanza: string | undefined,
  ): void
  /** The watcher is subscribed from now on. */
  began?(presentity: BareJid, watcher: BareJid): void
  /** The watcher will not be subscribed any more, and is so still. */
  ending?(presentity: BareJid, watcher: BareJid): void
  /** The presentity said no to a request. */
  refused?(presentity: BareJid, watcher: BareJid): void
  /** `waiting(presentity)` may be different now; `undefined`: anybody's. */
  requestsChanged?(presentity: BareJid | undefined): void
  /** Whether it has a way to a domain that is not of this system. */
  reaches?(domain: string): boolean
  /** A contact there, whose own system keeps his contact list, is to hear this of `user`. */
  carry?(
    user: BareJid,
    type: SubscriptionStanza,
    contact: BareJid,
    stanza: string | undefined,
  ): void
}
