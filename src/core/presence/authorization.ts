/** Who may see what of a presentity. */
import type { BareJid } from '../address.ts'
import type { PresenceDocument } from './document.ts'

/** One who asks to see, or sees, a presentity. */
export interface Watcher {
  /** Bare JID, or the URI of somebody who is not a user of this system. */
  readonly address: string
  /** Set for users of this system. */
  readonly account: BareJid | undefined
  readonly protocol: 'xmpp' | 'sip' | 'api'
}

/** RFC 3856 §6.6.2: active, pending, and a block that looks like an offline user. */
export type Decision = 'allow' | 'confirm' | 'block'

/** What one watcher sees: `document` is what he may be shown whatever the decision. */
export interface View {
  readonly decision: Decision
  readonly document: PresenceDocument
}

/** The place where the access control lists come in; until then the system's policy decides. */
export interface Authorization {
  decide(presentity: BareJid, watcher: Watcher): Decision
}

/**
 * One policy for all users of the system; everybody else needs a confirmation.
 * An XMPP watcher comes with a subscription that the presentity granted in his roster
 * (RFC 6121 §3.1): for him only a block counts.
 */
export function systemPolicy(sameSystem: Decision): Authorization {
  return {
    decide(presentity, { account, protocol }) {
      if (account === presentity) return 'allow'
      if (protocol === 'xmpp') return sameSystem === 'block' ? 'block' : 'allow'
      return account === undefined ? 'confirm' : sameSystem
    },
  }
}
