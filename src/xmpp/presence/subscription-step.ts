import type { BareJid } from '../../core/address.ts'
import { newRosterItem, type RosterItem } from '../../core/presence/roster-item.ts'
import { type SubscriptionState, subscriptionFlags } from '../../core/presence/subscription.ts'

export interface Step {
  readonly state: SubscriptionState
  /** Where not given, as before. */
  readonly approved?: boolean
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
  // §3.1.3, security warning: a request alone puts nobody on the roster.
  const inRoster = before.inRoster || approved || flags.pendingOut || flags.subscription !== 'none'
  if (!inRoster && !flags.pendingIn) return undefined
  if (
    item?.inRoster === inRoster &&
    item.approved === approved &&
    item.subscription === flags.subscription &&
    item.pendingIn === flags.pendingIn &&
    item.pendingOut === flags.pendingOut
  ) {
    return item
  }
  const pendingInStanza = flags.pendingIn ? (before.pendingInStanza ?? request) : undefined
  return { ...before, ...flags, approved, inRoster, pendingInStanza }
}
