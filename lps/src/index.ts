/** Presence for application servers (`README.md`). What is exported here is the library; the rest is how it works. */
export type { ConnectionStatus, LinkOptions } from './link.ts'
export {
  type Decision,
  LocalPresence,
  type LocalPresenceOptions,
  type Watch,
} from './local-presence.ts'
export type { Publication, PublishedPresence } from './publication.ts'
export { RequestFailed } from './request-failed.ts'
export type { View, ViewState } from './views.ts'
export type { WatcherList } from './watcher-list.ts'
