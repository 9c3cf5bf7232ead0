/** Instant messaging and presence over XMPP, put together: everything above the streams. */
import type { BareJid } from '../core/address.ts'
import type { Messaging } from '../core/messaging/messaging.ts'
import type { AccessControl } from '../core/presence/access/access-control.ts'
import type { PresenceService } from '../core/presence/presence.ts'
import type { Sessions } from '../core/sessions.ts'
import type { Directory } from '../directory/directory.ts'
import type { Clock } from '../util/clock.ts'
import type { Log } from '../util/log.ts'
import { watchAccounts } from './account-changes.ts'
import { type IqHandlers, newIqHandlers } from './iq/iq-handlers.ts'
import { IqRouter } from './iq/iq-router.ts'
import { LocalSessions } from './local-sessions.ts'
import { MessageHandler } from './messages/message-handler.ts'
import type { ServerIdentity, XmppModule } from './module.ts'
import { xmppModules } from './modules/index.ts'
import { NewAccounts } from './modules/registration.ts'
import { Broadcaster } from './presence/broadcaster.ts'
import { DirectedPresence } from './presence/directed-presence.ts'
import { PresenceHandler } from './presence/presence-handler.ts'
import { PresenceSource } from './presence/presence-source.ts'
import { Probes } from './presence/probes.ts'
import { Subscriptions } from './presence/subscriptions.ts'
import { Rosters } from './roster/rosters.ts'
import { Router } from './router.ts'
import type { StanzaHandler } from './session.ts'
import type { XmppConfig } from './xmpp-config.ts'

export interface ImDeps {
  readonly clock: Clock
  readonly log: Log
  readonly directory: Directory
  readonly sessions: Sessions
  readonly presence: PresenceService
  readonly access: AccessControl
  readonly messaging: Messaging
  /** Whether the system's policy lets one user see another whom nobody can ask. */
  readonly autoApprove: (presentity: BareJid, watcher: BareJid) => boolean
  /** The software's name and version (XEP-0092). */
  readonly software: { readonly name: string; readonly version: string }
}

/** The handler of all client streams. Disposing of it stops watching presence and the directory. */
export interface InstantMessaging extends Disposable {
  readonly handler: StanzaHandler
}

export function openInstantMessaging(config: XmppConfig, deps: ImDeps): InstantMessaging {
  const { directory, presence, log } = deps
  const sessions = new LocalSessions(deps.sessions)
  const rosters = new Rosters({ contacts: directory.contacts, sessions })
  const shared = { ...deps, sessions, rosters }
  const broadcaster = new Broadcaster({ ...shared, busyShow: config.busyShow })
  const subscriptions = new Subscriptions({ ...shared, broadcaster })
  const probes = new Probes({ ...shared, broadcaster, subscriptions })
  const source = new PresenceSource(deps)
  const directed = new DirectedPresence({ ...shared, limit: config.maxDirectedPresence })
  const handlers = newIqHandlers()
  const modules = xmppModules.filter((module) => module.enabled?.(config) ?? true)
  const server = identity(deps.software, modules)
  using starting = new DisposableStack()
  for (const module of modules) {
    starting.use(module.setup?.({ ...shared, iq: handlers, subscriptions, config, server }))
  }
  const parts = { broadcaster, subscriptions, probes, source, directed }
  const handler = router({ ...shared, ...parts }, { handlers, modules, server, config })

  starting.use(watchPresence({ presence, log, broadcaster, subscriptions }))
  starting.use(watchAccounts({ ...shared, broadcaster }))
  const watching = starting.move()
  return { handler, [Symbol.dispose]: () => watching.dispose() }
}

interface RouterParts {
  clock: Clock
  log: Log
  directory: Directory
  messaging: Messaging
  access: AccessControl
  sessions: LocalSessions
  rosters: Rosters
  broadcaster: Broadcaster
  subscriptions: Subscriptions
  probes: Probes
  source: PresenceSource
  directed: DirectedPresence
}

interface RouterSetup {
  handlers: IqHandlers
  modules: readonly XmppModule[]
  server: ServerIdentity
  config: XmppConfig
}

function router(parts: RouterParts, setup: RouterSetup): Router {
  const { probes } = parts
  const { handlers, modules, server, config } = setup
  return new Router({
    ...parts,
    iq: new IqRouter({
      ...parts,
      handlers,
      isSeenBy: (user, watcher) => probes.isSeenBy(user, watcher),
    }),
    messages: new MessageHandler(parts),
    presence: new PresenceHandler(parts),
    features: modules.flatMap((module) => module.streamFeatures?.(server) ?? []),
    guests:
      config.registration === 'open'
        ? new NewAccounts({ ...parts, perHour: config.registrationsPerHour })
        : undefined,
  })
}

function identity(software: ImDeps['software'], modules: readonly XmppModule[]): ServerIdentity {
  const features = {
    server: modules.flatMap((module) => module.features ?? []).sort(),
    account: modules.flatMap((module) => module.accountFeatures ?? []).sort(),
  }
  return { ...software, features: (of) => features[of] }
}

interface Watching {
  presence: PresenceService
  log: Log
  broadcaster: Broadcaster
  subscriptions: Subscriptions
}

/** XMPP's watchers as an audience of the core. */
function watchPresence({ presence, log, broadcaster, subscriptions }: Watching): Disposable {
  const react = async (account: BareJid) => {
    await broadcaster.update(account)
    await subscriptions.answerForAbsent(account)
  }
  return presence.subscribe({
    name: 'xmpp',
    presenceChanged({ presentity }) {
      react(presentity).catch((error: unknown) => {
        log.error({ what: 'xmpp_presence_change_failed', presentity, err: error })
      })
    },
  })
}
