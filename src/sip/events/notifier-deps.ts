/** What the notifier stands on. */
import type { Clock } from '../../util/clock.ts'
import type { Log } from '../../util/log.ts'
import type { SipUserAgent } from '../user-agent.ts'
import type { EventDeps, EventPackage, ExpiresBounds } from './event-package.ts'
import type { Identify, ResolveResource } from './resources.ts'
import type { SubscribeService } from './subscribe-service.ts'
import type { NotifyPacing } from './subscription-deps.ts'
import type { SubscriptionKeeper } from './subscription-keeper.ts'
import type { SubscriptionTable } from './subscription-table.ts'

export interface NotifierDeps {
  readonly clock: Clock
  readonly log: Log
  readonly userAgent: Pick<SipUserAgent, 'send'>
  readonly identify: Identify
  readonly resolve: ResolveResource
  readonly packages: readonly EventPackage[]
  /** Asked in order who serves a SUBSCRIBE; the package alone where nobody claims it. */
  readonly services?: readonly SubscribeService[]
  readonly events: EventDeps
  readonly keeper: SubscriptionKeeper
  readonly table: SubscriptionTable
  readonly expires: ExpiresBounds
  readonly pacing: NotifyPacing
  /** How long a subscription waits for the presentity's word. */
  readonly pendingTimeoutMs: number
}
