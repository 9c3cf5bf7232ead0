/** The SIP part of who watches whom now. */
import type { LiveWatch, WatcherSource } from '../../core/presence/watchers.ts'
import { presencePackage } from './presence.ts'
import type { Subscription } from './subscription.ts'
import type { SubscriptionTable } from './subscription-table.ts'

export function liveWatches(table: SubscriptionTable): WatcherSource {
  return {
    watched: (presentity) => group(table.of(presentity)),
    watching: (watcher) =>
      group([...table.all()].filter(({ subject }) => subject.watcher.address === watcher)),
  }
}

/** One entry for all dialogs of a watcher with a presentity: they see the same. */
function group(subscriptions: Iterable<Subscription>): LiveWatch[] {
  const watches = new Map<string, LiveWatch>()
  for (const { package: pkg, subject, status } of subscriptions) {
    if (pkg !== presencePackage || status === 'terminated') continue
    const { presentity, watcher } = subject
    const key = `${presentity} ${watcher.address}`
    const count = (watches.get(key)?.subscriptions ?? 0) + 1
    const who = { presentity, watcher: watcher.address, protocol: 'sip' } as const
    watches.set(key, { ...who, status, subscriptions: count, roster: false })
  }
  return [...watches.values()]
}
