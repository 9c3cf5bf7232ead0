/**
 * Presence subscriptions between two people: the states and tables of RFC 6121 appendix A.
 * Each side keeps a state of its own; what one sends (outbound) the other receives (inbound).
 *
 *   in, out: a request that the user (in) or the contact (out) has not answered yet.
 */

export const SUBSCRIPTION_STATES = [
  'none',
  'none+out',
  'none+in',
  'none+out+in',
  'to',
  'to+in',
  'from',
  'from+out',
  'both',
] as const
/** Appendix A.1, from the user's point of view. */
export type SubscriptionState = (typeof SUBSCRIPTION_STATES)[number]

export const SUBSCRIPTION_STANZAS = [
  'subscribe',
  'unsubscribe',
  'subscribed',
  'unsubscribed',
] as const
export type SubscriptionStanza = (typeof SUBSCRIPTION_STANZAS)[number]

/** A state as contact lists keep it (RFC 6121 §2.1.2). */
export interface SubscriptionFlags {
  readonly subscription: 'none' | 'to' | 'from' | 'both'
  readonly pendingOut: boolean
  readonly pendingIn: boolean
}

export interface OutboundStep {
  /** Goes on to the contact. */
  readonly route: boolean
  readonly state: SubscriptionState
  readonly approved: boolean
}

export interface InboundStep {
  /** Is shown to the user. */
  readonly deliver: boolean
  readonly state: SubscriptionState
  /** What the server answers for the user. */
  readonly reply: 'subscribed' | 'unsubscribed' | undefined
}

/** `route` or `keep`, and the new state where it changes. */
type Cell = readonly ['route' | 'keep', SubscriptionState?]
type Table = Readonly<Record<SubscriptionState, Cell>>

/** Appendix A.2, tables 2 to 5. Pre-approval (§3.4) is not in them: see `outboundStep`. */
const OUTBOUND: Readonly<Record<SubscriptionStanza, Table>> = {
  subscribe: {
    none: ['route', 'none+out'],
    'none+out': ['route'],
    'none+in': ['route', 'none+out+in'],
    'none+out+in': ['route'],
    to: ['route'],
    'to+in': ['route'],
    from: ['route', 'from+out'],
    'from+out': ['route'],
    both: ['route'],
  },
  unsubscribe: {
    none: ['route'],
    'none+out': ['route', 'none'],
    'none+in': ['route'],
    'none+out+in': ['route', 'none+in'],
    to: ['route', 'none'],
    'to+in': ['route', 'none+in'],
    from: ['route'],
    'from+out': ['route', 'from'],
    both: ['route', 'from'],
  },
  subscribed: {
    none: ['keep'],
    'none+out': ['keep'],
    'none+in': ['route', 'from'],
    'none+out+in': ['route', 'from+out'],
    to: ['keep'],
    'to+in': ['route', 'both'],
    from: ['keep'],
    'from+out': ['keep'],
    both: ['keep'],
  },
  unsubscribed: {
    none: ['keep'],
    'none+out': ['keep'],
    'none+in': ['route', 'none'],
    'none+out+in': ['route', 'none+out'],
    to: ['keep'],
    'to+in': ['route', 'to'],
    from: ['route', 'none'],
    'from+out': ['route', 'none+out'],
    both: ['route', 'to'],
  },
}

/** Appendix A.3, tables 6 to 9; `route` is the table's "deliver". */
const INBOUND: Readonly<Record<SubscriptionStanza, Table>> = {
  subscribe: {
    none: ['route', 'none+in'],
    'none+out': ['route', 'none+out+in'],
    'none+in': ['keep'],
    'none+out+in': ['keep'],
    to: ['route', 'to+in'],
    'to+in': ['keep'],
    from: ['keep'],
    'from+out': ['keep'],
    both: ['keep'],
  },
  unsubscribe: {
    none: ['keep'],
    'none+out': ['keep'],
    'none+in': ['route', 'none'],
    'none+out+in': ['route', 'none+out'],
    to: ['keep'],
    'to+in': ['route', 'to'],
    from: ['route', 'none'],
    'from+out': ['route', 'none+out'],
    both: ['route', 'to'],
  },
  subscribed: {
    none: ['keep'],
    'none+out': ['route', 'to'],
    'none+in': ['keep'],
    'none+out+in': ['route', 'to+in'],
    to: ['keep'],
    'to+in': ['keep'],
    from: ['keep'],
    'from+out': ['route', 'both'],
    both: ['keep'],
  },
  unsubscribed: {
    none: ['keep'],
    'none+out': ['route', 'none'],
    'none+in': ['keep'],
    'none+out+in': ['route', 'none+in'],
    to: ['route', 'none'],
    'to+in': ['route', 'none+in'],
    from: ['keep'],
    'from+out': ['route', 'from'],
    both: ['route', 'from'],
  },
}

/** Where a request that was approved beforehand leads (§3.4.2, table 6 note 1). */
const APPROVED: Partial<Record<SubscriptionState, SubscriptionState>> = {
  none: 'from',
  'none+out': 'from+out',
  to: 'both',
}

/** The user sends `stanza` to a contact in this state. */
export function outboundStep(
  stanza: SubscriptionStanza,
  state: SubscriptionState,
  approved: boolean,
): OutboundStep {
  const [verdict, next = state] = OUTBOUND[stanza][state]
  return { route: verdict === 'route', state: next, approved: approval(stanza, state, approved) }
}

/** §3.4.2: `subscribed` without a request approves beforehand; any `unsubscribed` takes that back. */
function approval(
  stanza: SubscriptionStanza,
  state: SubscriptionState,
  approved: boolean,
): boolean {
  if (stanza === 'unsubscribed') return false
  return approved || (stanza === 'subscribed' && APPROVED[state] !== undefined)
}

/** The user, in this state, receives `stanza` from the contact. */
export function inboundStep(
  stanza: SubscriptionStanza,
  state: SubscriptionState,
  approved: boolean,
): InboundStep {
  const next = APPROVED[state]
  if (stanza === 'subscribe' && approved && next) {
    return { deliver: false, state: next, reply: 'subscribed' }
  }
  const [verdict, table = state] = INBOUND[stanza][state]
  const deliver = verdict === 'route'
  return { deliver, state: table, reply: autoReply(stanza, state, deliver) }
}

/** Table 6 note 2 and table 7 note 1. */
function autoReply(
  stanza: SubscriptionStanza,
  state: SubscriptionState,
  changed: boolean,
): InboundStep['reply'] {
  if (stanza === 'subscribe') return seesUser(state) ? 'subscribed' : undefined
  return stanza === 'unsubscribe' && changed ? 'unsubscribed' : undefined
}

/** Whether the contact is subscribed to the user's presence. */
function seesUser(state: SubscriptionState): boolean {
  return state === 'from' || state === 'from+out' || state === 'both'
}

export function subscriptionState(flags: SubscriptionFlags): SubscriptionState {
  const { subscription, pendingOut, pendingIn } = flags
  switch (subscription) {
    case 'none':
      return pendingOut ? (pendingIn ? 'none+out+in' : 'none+out') : pendingIn ? 'none+in' : 'none'
    case 'to':
      return pendingIn ? 'to+in' : 'to'
    case 'from':
      return pendingOut ? 'from+out' : 'from'
    case 'both':
      return 'both'
  }
}

const FLAGS: Readonly<Record<SubscriptionState, SubscriptionFlags>> = {
  none: { subscription: 'none', pendingOut: false, pendingIn: false },
  'none+out': { subscription: 'none', pendingOut: true, pendingIn: false },
  'none+in': { subscription: 'none', pendingOut: false, pendingIn: true },
  'none+out+in': { subscription: 'none', pendingOut: true, pendingIn: true },
  to: { subscription: 'to', pendingOut: false, pendingIn: false },
  'to+in': { subscription: 'to', pendingOut: false, pendingIn: true },
  from: { subscription: 'from', pendingOut: false, pendingIn: false },
  'from+out': { subscription: 'from', pendingOut: true, pendingIn: false },
  both: { subscription: 'both', pendingOut: false, pendingIn: false },
}

export function subscriptionFlags(state: SubscriptionState): SubscriptionFlags {
  return FLAGS[state]
}
