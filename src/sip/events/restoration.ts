/**
 * Takes up the subscriptions of before a restart. NOTIFYs that tell how things are now wait for the
 * listeners, and do not leave all at once.
 */
import { randomInt } from 'node:crypto'
import type { AccessReviews } from './access-reviews.ts'
import { endedPackage } from './ended-package.ts'
import type { NotifierDeps } from './notifier-deps.ts'
import type { TerminationReason } from './notify.ts'
import type { WatchRegister } from './subscribe-service.ts'
import type { Subscription } from './subscription.ts'
import type { SubscriptionInit } from './subscription-deps.ts'

export const RESTORE_DELAY_MS = 500
/** At least, and at most: within a minute all of them have been told. */
export const RESTORE_SPREAD_MS = 5_000
const MAX_SPREAD_MS = 30_000
/** More NOTIFYs at once than the server and its watchers get done come to be sent twice. */
const RESTORED_PER_MS = 1.5

export interface RestorationDeps
  extends Pick<NotifierDeps, 'clock' | 'keeper' | 'packages' | 'services' | 'table'> {
  readonly reviews: AccessReviews
  readonly register: WatchRegister
  create(init: SubscriptionInit): Subscription
}

/** Resolves when all of them can be found. */
export async function restoreSubscriptions(deps: RestorationDeps): Promise<void> {
  const { keeper, packages, clock } = deps
  const found = await keeper.load(packages, clock.now())
  const all: Restoring = { ...deps, spreadMs: spreadOf(found.length) }
  for (const { init, service } of found) {
    if (service === undefined) takeUp(all, deps.create(init))
    else await restoreServed(all, init, service)
  }
}

/** Over how long their NOTIFYs are spread, where they are so many. */
export function spreadOf(subscriptions: number): number {
  const wanted = Math.ceil(subscriptions / RESTORED_PER_MS)
  return Math.min(MAX_SPREAD_MS, Math.max(RESTORE_SPREAD_MS, wanted))
}

interface Restoring extends RestorationDeps {
  readonly spreadMs: number
}

async function restoreServed(deps: Restoring, init: SubscriptionInit, name: string): Promise<void> {
  const { package: pkg, subject, asked } = init
  const { entity, watcher } = subject
  const service = deps.services?.find((one) => one.name === name)
  const served = await service?.restore({ package: pkg, entity, watcher, asked })
  if (!served) {
    takeUp(deps, deps.create({ ...init, package: endedPackage(pkg) }), 'noresource')
    return
  }
  const own = { ...subject, presentity: served.presentity }
  const subscription = deps.create({ ...init, package: served.package, subject: own })
  takeUp(deps, subscription)
  served.begin(subscription, deps.register)
}

/** With `reason`, only for it to end; so does what there is no room for (RFC 6665 §4.1.3). */
function takeUp(deps: Restoring, subscription: Subscription, reason?: TerminationReason): void {
  const { clock, table, spreadMs } = deps
  const ends = reason ?? (table.isFull ? 'probation' : undefined)
  table.add(subscription)
  clock.after(RESTORE_DELAY_MS + randomInt(spreadMs), () => {
    if (ends) subscription.terminate(ends)
    else resume(deps, subscription)
  })
}

function resume({ reviews }: RestorationDeps, subscription: Subscription): void {
  const reconsidered = subscription.reconsider()
  subscription.changed()
  void reconsidered.then(() => reviews.ask(subscription))
}
