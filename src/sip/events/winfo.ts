/**
 * Watcher information (RFC 3857) about the other packages: whoever has calls, registrations or mailboxes
 * that are watched learns by whom. Only subscriptions count there: no contact list says anything of them.
 */
import { renderWatcherInfo } from '../../formats/watcherinfo.ts'
import { dialogPackage } from './dialog.ts'
import { defineEventPackage, type EventPackage, type Rendered } from './event-package.ts'
import { messageSummaryPackage } from './message-summary.ts'
import { entryOf, presenceWinfoPackage } from './presence-winfo.ts'
import { regPackage } from './reg.ts'

/** RFC 3857 §3: the template, put on a package. */
function winfoOf(watched: EventPackage): EventPackage {
  return defineEventPackage({
    ...presenceWinfoPackage,
    event: `${watched.event}.winfo`,

    async render(deps, { presentity, entity }, { version, since }): Promise<Rendered> {
      const { watcherStates } = deps
      const live = watcherStates.of(presentity, watched)
      const ended = since === 0 ? [] : watcherStates.endedSince(presentity, since, watched)
      const watchers = await Promise.all([...live, ...ended].map((state) => entryOf(deps, state)))
      const list = { resource: entity, package: watched.event, watchers }
      return {
        body: Buffer.from(renderWatcherInfo({ version, state: 'full', lists: [list] })),
        state: live.map(({ id, status, event }) => `${id} ${status} ${event}`).join('\n'),
      }
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
