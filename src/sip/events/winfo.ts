/**
 * Watcher information (RFC 3857) about the other packages: whoever has calls, registrations or mailboxes
 * that are watched learns by whom. Only subscriptions count there: no contact list says anything of them.
 */
import { dialogPackage } from './dialog.ts'
import { defineEventPackage, type EventPackage } from './event-package.ts'
import { messageSummaryPackage } from './message-summary.ts'
import { entryOf, presenceWinfoPackage } from './presence-winfo.ts'
import { regPackage } from './reg.ts'
import { renderWatched } from './winfo-rendering.ts'

/** RFC 3857 §3: the template, put on a package. */
function winfoOf(watched: EventPackage): EventPackage {
  const { contentTypes, expires, minNotifyIntervalMs, authorize } = presenceWinfoPackage
  return defineEventPackage({
    ...{ contentTypes, expires, minNotifyIntervalMs, authorize },
    event: `${watched.event}.winfo`,
    specs: ['RFC 3857', 'RFC 3858'],

    async render(deps, { presentity, entity }, viewing) {
      const { since } = viewing
      const { watcherStates } = deps
      const states = watcherStates.of(presentity, watched)
      const over = since === 0 ? [] : watcherStates.endedSince(presentity, since, watched)
      const live = await Promise.all(states.map((state) => entryOf(deps, state)))
      const ended = await Promise.all(over.map((state) => entryOf(deps, state)))
      return renderWatched({ resource: entity, package: watched.event, live, ended }, viewing)
    },

    watch: ({ watcherStates }, changed) => watcherStates.onChange(changed),
  })
}

/** Those that are told of besides presence. */
export const WATCHED_PACKAGES: readonly EventPackage[] = [
  dialogPackage,
  regPackage,
  messageSummaryPackage,
]

export const WINFO_PACKAGES: readonly EventPackage[] = WATCHED_PACKAGES.map(winfoOf)
