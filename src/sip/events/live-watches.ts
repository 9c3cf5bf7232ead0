/** The SIP part of who watches whom now. */
import type { LiveWatch, WatcherSource } from '../../core/presence/watchers.ts'
import { presencePackage } from './presence.ts'
import type { SubscriptionTable } from './subscription-table.ts'
import type { Watch } from './watch.ts'

export function liveWatches(table: SubscriptionTable): WatcherSource {
  return {
    watched: (presentity) => group(table.inPackage(presencePackage, presentity)),
    watching: (watcher) =>
      group(table.allInPackage(presencePackage).filter((one) => one.watcher.address === watcher)),
  }
}

/** One entry for all that a watcher has with a presentity: they see the same. */
function group(live: Iterable<Watch>): LiveWatch[] {
  const watches = new Map<string, LiveWatch>()
  for (const { presentity, watcher, status } of live) {
    if (status === 'terminated') continue
    const key = `${presentity} ${watcher.address}`
    const count = (watches.get(key)?.subscriptions ?? 0) + 1
    const who = { presentity, watcher: watcher.address, protocol: 'sip' } as const
    watches.set(key, { ...who, status, subscriptions: count, roster: false })
  }
  return [...watches.values()]
}
