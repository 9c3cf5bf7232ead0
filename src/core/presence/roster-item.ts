/** One contact of one user: RFC 6121 §2.1.2 and the states of its appendix A. */
import type { BareJid } from '../address.ts'
import { type SubscriptionState, subscriptionFlags, subscriptionState } from './subscription.ts'

export const SUBSCRIPTIONS = ['none', 'to', 'from', 'both'] as const
export type Subscription = (typeof SUBSCRIPTIONS)[number]

export interface RosterItem {
  readonly contact: BareJid
  /** Possibly empty. */
  readonly name: string
  readonly groups: readonly string[]
  readonly subscription: Subscription
  /** The user asked to see the contact's presence and waits for the answer (`ask='subscribe'`). */
  readonly pendingOut: boolean
  /** The contact asked, and the user has not answered. */
  readonly pendingIn: boolean
  /** The contact's request as it came, shown to the user whenever he signs in (RFC 6121 §3.1.3). */
  readonly pendingInStanza?: string | undefined
  /** Approved before the contact asked (RFC 6121 §3.4). */
  readonly approved: boolean
  /** The access rules let the contact subscribe, not the user: it holds as long as they do. */
  readonly byPolicy: boolean
  /**
   * Nobody of the system has the address that the contact was added by, which is this: as soon as
   * somebody does, the contact is he.
   */
  readonly awaits?: string | undefined
  /** False where the item is only a request that the user has not answered, which no roster shows. */
  readonly inRoster: boolean
}

/** A contact that nothing is known about yet: the starting point of a change. */
export function newRosterItem(contact: BareJid): RosterItem {
  return {
    contact,
    name: '',
    groups: [],
    subscription: 'none',
    pendingOut: false,
    pendingIn: false,
    pendingInStanza: undefined,
    approved: false,
    byPolicy: false,
    awaits: undefined,
    inRoster: true,
  }
}

/** Whether the contact is subscribed to the user (RFC 6121 §4.2.2). */
export function watches({ subscription }: Pick<RosterItem, 'subscription'>): boolean {
  return subscription === 'from' || subscription === 'both'
}

/** Whether the user is subscribed to the contact. */
export function sees({ subscription }: Pick<RosterItem, 'subscription'>): boolean {
  return subscription === 'to' || subscription === 'both'
}

/** Whether the user himself let the contact subscribe: an Allow for this pair. */
export function isGrant(item: RosterItem | undefined): boolean {
  return item !== undefined && watches(item) && !item.byPolicy
}

export function stateOf(item: RosterItem | undefined): SubscriptionState {
  return item ? subscriptionState(item) : 'none'
}

export interface Step {
  readonly state: SubscriptionState
  /** Where not given, as before. */
  readonly approved?: boolean
  readonly byPolicy?: boolean
}

/**
 * A contact after a step of appendix A: the same object where nothing changed, `undefined` where
 * nothing is left to keep. `request` is kept while it waits for the user's answer.
 */
export function stepped(
  item: RosterItem | undefined,
  contact: BareJid,
  step: Step,
  request?: string,
): RosterItem | undefined {
  const before = item ?? { ...newRosterItem(contact), inRoster: false }
  const flags = subscriptionFlags(step.state)
  const approved = step.approved ?? before.approved
  const byPolicy = watches(flags) && (step.byPolicy ?? before.byPolicy)
  // §3.1.3, security warning: a request alone puts nobody on the roster.
  const inRoster = before.inRoster || approved || flags.pendingOut || flags.subscription !== 'none'
  if (!inRoster && !flags.pendingIn) return undefined
  if (
    item?.inRoster === inRoster &&
    item.approved === approved &&
    item.byPolicy === byPolicy &&
    item.subscription === flags.subscription &&
    item.pendingIn === flags.pendingIn &&
    item.pendingOut === flags.pendingOut
  ) {
    return item
  }
  const pendingInStanza = flags.pendingIn ? (before.pendingInStanza ?? request) : undefined
  return { ...before, ...flags, approved, byPolicy, inRoster, pendingInStanza }
}
