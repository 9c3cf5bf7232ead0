/** Instant messaging and presence over XMPP, put together: everything above the streams. */
import type { BareJid } from '../core/address.ts'
import type { Messaging } from '../core/messaging/messaging.ts'
import type { AccessControl } from '../core/presence/access/access-control.ts'
import type { PresenceService } from '../core/presence/presence.ts'
import type { Subscriptions } from '../core/presence/subscriptions.ts'
import type { Watchers } from '../core/presence/watchers.ts'
import type { Sessions } from '../core/sessions.ts'
import type { Directory } from '../directory/directory.ts'
import type { Clock } from '../util/clock.ts'
import type { Log } from '../util/log.ts'
import { watchAccounts } from './account-changes.ts'
import type { CommandAudit } from './commands/administration-task.ts'
import { Components } from './components/components.ts'
import { FromComponents } from './components/from-components.ts'
import { type InvitationStore, Invitations } from './invitations/invitations.ts'
import { DiscoNodes } from './iq/disco-nodes.ts'
import { type IqHandlers, newIqHandlers } from './iq/iq-handlers.ts'
import { IqRouter } from './iq/iq-router.ts'
import { LocalSessions } from './local-sessions.ts'
import { Amp } from './messages/amp/amp.ts'
import { MessageHandler } from './messages/message-handler.ts'
import { Redelivery } from './messages/redelivery.ts'
import type { ServerIdentity, XmppModule } from './module.ts'
import { xmppModules } from './modules/index.ts'
import { NewAccounts } from './modules/registration.ts'
import type { Notices } from './notices/notices.ts'
import { Outside } from './outside.ts'
import { Avatars } from './presence/avatars.ts'
import { Broadcaster } from './presence/broadcaster.ts'
import { DirectedPresence } from './presence/directed-presence.ts'
import { PresenceHandler } from './presence/presence-handler.ts'
import { PresenceSource } from './presence/presence-source.ts'
import { Probes } from './presence/probes.ts'
import { RosterWatchers } from './presence/roster-watchers.ts'
import { Sight } from './presence/sight.ts'
import { XmppSubscriptions } from './presence/subscriptions.ts'
import type { PushStore } from './push/push-service.ts'
import { Pushes } from './push/pushes.ts'
import { Questions } from './questions.ts'
import { Rosters } from './roster/rosters.ts'
import { Router } from './router.ts'
import { ServiceHosts } from './service-hosts.ts'
import type { StanzaHandler } from './session.ts'
import type { Uploads } from './upload/uploads.ts'
import type { XmppConfig } from './xmpp-config.ts'

export interface ImDeps {
  readonly clock: Clock
  readonly log: Log
  readonly directory: Directory
  readonly sessions: Sessions
  readonly presence: PresenceService
  readonly access: AccessControl
  readonly subscriptions: Subscriptions
  readonly watchers: Watchers
  readonly messaging: Messaging
  /** Files that users share; absent where they do not. */
  readonly uploads?: Uploads | undefined
  /** Who is invited; absent where nobody is. */
  readonly invitationStore?: InvitationStore | undefined
  /** What users are told by administrators; absent where nothing is. */
  readonly notices?: Notices | undefined
  /** Devices to wake; absent where none are. */
  readonly pushStore?: PushStore | undefined
  /** Where it is written down what administrators did. */
  readonly audit?: CommandAudit | undefined
  /** The software's name and version (XEP-0092). */
  readonly software: { readonly name: string; readonly version: string }
}

/** The handler of all client streams. Disposing of it stops watching presence and the directory. */
export interface InstantMessaging extends Disposable {
  readonly handler: StanzaHandler
  readonly components: Components
  /** What those send. */
  readonly fromComponents: FromComponents
}

export function openInstantMessaging(config: XmppConfig, deps: ImDeps): InstantMessaging {
  const { directory } = deps
  const sessions = new LocalSessions(deps.sessions)
  const rosters = new Rosters({ contacts: directory.contacts, sessions })
  const sight = new Sight({ rosters, access: deps.access })
  const services = new ServiceHosts()
  const outside = new Outside(directory)
  const components = new Components(config.components ?? [], directory)
  const questions = new Questions({ ...deps, sessions, outside })
  const shared = {
    ...deps,
    uploads: deps.uploads,
    audit: deps.audit,
    notices: deps.notices,
    everybody: deps.sessions,
    sessions,
    rosters,
    sight,
    services,
    components,
    outside,
    questions,
    pushes: openPushes(config, deps, questions),
    invitations: openInvitations(config, deps),
  }
  const avatars = new Avatars(shared)
  const broadcaster = new Broadcaster({ ...shared, avatars, busyShow: config.busyShow })
  const subscriptions = new XmppSubscriptions({ ...shared, broadcaster })
  const probes = new Probes({ ...shared, broadcaster, subscriptions })
  const source = new PresenceSource(deps)
  const directed = new DirectedPresence({
    ...shared,
    broadcaster,
    limit: config.maxDirectedPresence,
  })
  const handlers = newIqHandlers()
  const nodes = new DiscoNodes()
  const modules = xmppModules.filter((module) => module.enabled?.(config) ?? true)
  const server = identity(deps.software, modules, config)
  using starting = new DisposableStack()
  starting.use(questions)
  starting.use(shared.pushes)
  starting.use(outside.add(components))
  for (const module of modules) {
    starting.use(module.setup?.({ ...shared, iq: handlers, nodes, subscriptions, config, server }))
  }
  const amp = starting.use(new Amp(shared))
  const parts = { ...shared, broadcaster, subscriptions, probes, source, directed, amp }
  const handling = new PresenceHandler(parts)
  const handler = router(parts, { handlers, modules, server, config, presence: handling })
  starting.use(watchCore(deps, { rosters, broadcaster, directed }))
  starting.use(watchAvatars(deps, { avatars, broadcaster, presence: handling }))
  starting.use(deps.subscriptions.addAudience(subscriptions))
  starting.use(deps.watchers.add(new RosterWatchers(shared)))
  starting.use(watchAccounts({ ...shared, broadcaster }))
  const watching = starting.move()
  const fromComponents = new FromComponents(shared)
  return { handler, components, fromComponents, [Symbol.dispose]: () => watching.dispose() }
}

interface RouterParts {
  clock: Clock
  log: Log
  directory: Directory
  messaging: Messaging
  access: AccessControl
  sessions: LocalSessions
  rosters: Rosters
  sight: Sight
  services: ServiceHosts
  components: Components
  outside: Outside
  questions: Questions
  pushes: Pushes | undefined
  invitations: Invitations | undefined
  broadcaster: Broadcaster
  subscriptions: XmppSubscriptions
  probes: Probes
  source: PresenceSource
  directed: DirectedPresence
  amp: Amp
}

interface RouterSetup {
  handlers: IqHandlers
  modules: readonly XmppModule[]
  server: ServerIdentity
  config: XmppConfig
  presence: PresenceHandler
}

function router(parts: RouterParts, setup: RouterSetup): Router {
  const { handlers, modules, server, config, presence } = setup
  return new Router({
    ...parts,
    iq: new IqRouter({ ...parts, handlers }),
    messages: new MessageHandler(parts),
    presence,
    redelivery: new Redelivery(parts),
    features: modules.flatMap((module) => module.streamFeatures?.(server) ?? []),
    bindFeatures: modules.flatMap((module) => module.bindFeatures ?? []),
    guests:
      config.registration === 'off'
        ? undefined
        : new NewAccounts({
            ...parts,
            perHour: config.registrationsPerHour,
            isOpen: config.registration === 'open',
          }),
  })
}

const WEEK_MS = 604_800_000

function openInvitations(config: XmppConfig, deps: ImDeps): Invitations | undefined {
  const { invitations = 'off', invitationLifetime: lifetimeMs = WEEK_MS, registration } = config
  const { invitationStore: store } = deps
  if (!store || invitations === 'off') return undefined
  return new Invitations({ ...deps, store, lifetimeMs, makesAccounts: registration !== 'off' })
}

function openPushes(
  { push: content = 'off' }: XmppConfig,
  { pushStore: store, ...deps }: ImDeps,
  questions: Questions,
): Pushes | undefined {
  return store && content !== 'off' ? new Pushes({ ...deps, store, content, questions }) : undefined
}

function identity(
  software: ImDeps['software'],
  modules: readonly XmppModule[],
  config: XmppConfig,
): ServerIdentity {
  const features = {
    server: modules.flatMap((module) => module.features ?? []).sort(),
    account: modules.flatMap((module) => module.accountFeatures ?? []).sort(),
  }
  const forms = modules.flatMap((module) => module.forms?.(config) ?? [])
  return { ...software, features: (of) => features[of], forms }
}

interface AvatarWatching {
  avatars: Avatars
  broadcaster: Broadcaster
  presence: PresenceHandler
}

/** New pictures, and those of people without a client here (XEP-0153). */
function watchAvatars(
  { directory, log }: ImDeps,
  { avatars, broadcaster, presence }: AvatarWatching,
): Disposable {
  const report = (account: BareJid, told: void | Promise<void>) => {
    told?.catch((err: unknown) => log.error({ what: 'xmpp_avatar_not_told', account, err }))
  }
  avatars.learned = (account) => report(account, broadcaster.update(account))
  return directory.personal.onAvatarChanged((account) =>
    report(account, presence.avatarChanged(account)),
  )
}

interface Watching {
  rosters: Rosters
  broadcaster: Broadcaster
  directed: DirectedPresence
}

/** XMPP's watchers as an audience of the core: presence, who may see it, and contact lists. */
function watchCore(
  { presence, access, directory, log }: ImDeps,
  { rosters, broadcaster, directed }: Watching,
): Disposable {
  const report = (told: void | Promise<void>, presentity: BareJid | undefined) => {
    told?.catch((err: unknown) => {
      log.error({ what: 'xmpp_presence_change_failed', presentity, err })
    })
  }
  const watching = new DisposableStack()
  watching.use(
    presence.subscribe({
      name: 'xmpp',
      presenceChanged: ({ presentity }) => report(broadcaster.update(presentity), presentity),
    }),
  )
  watching.use(
    access.onChange((change) => {
      report(broadcaster.accessChanged(change), change.presentity)
      directed.accessChanged(change)
    }),
  )
  watching.use(
    directory.contacts.onChange((event) => {
      broadcaster.contactChanged(event)
      rosters.changed(event)
    }),
  )
  return watching
}
