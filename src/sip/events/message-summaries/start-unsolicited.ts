/** Tells phones that messages wait though they have not subscribed (`sip.unsolicitedSummaries`). */
import type { BareJid } from '../../../core/address.ts'
import type { Clock } from '../../../util/clock.ts'
import type { Log } from '../../../util/log.ts'
import { sipUriOf } from '../../messaging/outgoing.ts'
import type { SipUserAgent } from '../../user-agent.ts'
import type { EventDeps, People } from '../event-package.ts'
import { messageSummaryPackage } from '../message-summary.ts'
import { Subscription } from '../subscription.ts'
import type { SubscriptionTable } from '../subscription-table.ts'
import { type UnsolicitedDeps, UnsolicitedSummaries } from './unsolicited.ts'

export interface UnsolicitedParts {
  readonly clock: Clock
  readonly log: Log
  readonly directory: Pick<People, 'primaryUri'>
  readonly userAgent: SipUserAgent
  readonly bindings: UnsolicitedDeps['bindings']
  readonly table: SubscriptionTable
  readonly events: Pick<EventDeps, 'mailboxes'>
}

export function startUnsolicited(parts: UnsolicitedParts): UnsolicitedSummaries {
  const { directory, table, events } = parts
  const isSubscribed = (account: BareJid, contact: string) =>
    [...table.inPackage(messageSummaryPackage, account)].some(
      (watch) => watch instanceof Subscription && watch.target === contact,
    )
  return new UnsolicitedSummaries({
    ...parts,
    ...events,
    isSubscribed,
    entityOf: async (account) => (await directory.primaryUri(account, 'sip')) ?? sipUriOf(account),
  })
}
