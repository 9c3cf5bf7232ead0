/** What the SIP part does once it can speak: presence events, registrations and messages. */
import type { SecureContext, SecureVersion } from 'node:tls'
import type { Config } from '../config/schema.ts'
import type { BareJid } from '../core/address.ts'
import type { Messaging } from '../core/messaging/messaging.ts'
import type { AccessControl } from '../core/presence/access/access-control.ts'
import type { PresenceService } from '../core/presence/presence.ts'
import type { Subscriptions } from '../core/presence/subscriptions.ts'
import type { Watchers } from '../core/presence/watchers.ts'
import type { Sessions } from '../core/sessions.ts'
import type { Database } from '../storage/database.ts'
import { sipBindings } from '../storage/stores/sip-bindings.ts'
import { sipPublications } from '../storage/stores/sip-publications.ts'
import { sipSubscriptions } from '../storage/stores/sip-subscriptions.ts'
import type { Clock } from '../util/clock.ts'
import type { Log } from '../util/log.ts'
import type { OverloadGuard } from '../util/overload.ts'
import { type IdentityDirectory, SipAuthenticator } from './auth/identity.ts'
import type {
  CommandPackage,
  EventDeps,
  EventPackage,
  ExpiresBounds,
  People,
} from './events/event-package.ts'
import { type ListsDeps, startLists } from './events/lists/start-lists.ts'
import { liveWatches } from './events/live-watches.ts'
import { Notifier } from './events/notifier.ts'
import { presencePackage } from './events/presence.ts'
import { presenceWauthPackage } from './events/presence-wauth.ts'
import { presenceWinfoPackage } from './events/presence-winfo.ts'
import { Publications, type PublishablePackage } from './events/publications.ts'
import { PublishHandler } from './events/publish.ts'
import { type Identify, type ResolveResource, resourceResolver } from './events/resources.ts'
import { SubscriptionKeeper } from './events/subscription-keeper.ts'
import { SubscriptionTable } from './events/subscription-table.ts'
import { WatcherStates } from './events/watcher-states.ts'
import { MESSAGE_TYPES, MessageHandler } from './messaging/incoming.ts'
import { MessageSender, type SipUris } from './messaging/outgoing.ts'
import { Bindings } from './registrar/bindings.ts'
import { Registrar } from './registrar/registrar.ts'
import { RegistrationPresence } from './registrar/registration-presence.ts'
import type { SipTransports } from './transport/transports.ts'
import type { SipUserAgent, UserAgentDeps } from './user-agent.ts'

/** The event packages that are served; their order is that of Allow-Events. */
const PACKAGES: readonly EventPackage[] = [presencePackage, presenceWinfoPackage]

/** What PUBLISH takes besides. */
const COMMANDS: readonly CommandPackage[] = [presenceWauthPackage]

/** Whoever waits longer for the last answers learns of the end by a connection that closes. */
const DRAIN_MS = 2_500

/** The certificate to show and the authorities to trust; `ops/certificates.ts` is one. */
export interface TlsSource {
  readonly identity: {
    readonly cert: string
    readonly key: string
    readonly minVersion: SecureVersion
  }
  readonly clientCa: string | undefined
  secureContext(domain?: string): SecureContext
  onChange(listener: () => void): Disposable
}

export interface SipDirectory extends IdentityDirectory, SipUris, People {
  readonly contacts: ListsDeps['directory']['contacts']
  onUserRemoved(listener: (event: { readonly account: BareJid }) => void): Disposable
  onUserDisabled(listener: (account: BareJid) => void): Disposable
  onPasswordChanged(listener: (account: BareJid) => void): Disposable
}

export interface SipDeps {
  readonly clock: Clock
  readonly log: Log
  readonly database: Pick<Database, 'kysely' | 'transaction' | 'write'>
  readonly directory: SipDirectory
  readonly sessions: Sessions
  readonly presence: PresenceService
  readonly access: AccessControl
  readonly subscriptions: Subscriptions
  readonly watchers: Watchers
  readonly messaging: Messaging
  /** Lists to watch besides contact lists. */
  readonly lists?: ListsDeps['lists']
  /** Needed where `listen.sipTls` is on. */
  readonly tls?: TlsSource | undefined
  /** Without it nothing is refused for overload. */
  readonly overload?: OverloadGuard | undefined
  /** For User-Agent and Server headers. */
  readonly product?: string
  /** For tests: shorter transaction timers, other name servers. */
  readonly userAgent?: Pick<UserAgentDeps, 'timers' | 'resolver' | 'limits'>
}

export type SipConfig = Pick<Config, 'sip'> & {
  readonly listen: Pick<Config['listen'], 'sipUdp' | 'sipTcp' | 'sipTls'>
}

/** What services stand on; `starting` closes what they open, last first. */
export interface Stack {
  readonly transports: SipTransports
  readonly userAgent: SipUserAgent
  readonly starting: AsyncDisposableStack
}

/** What was there before a restart is taken up before the first request can arrive. */
export async function startServices(config: SipConfig, deps: SipDeps, stack: Stack): Promise<void> {
  const { userAgent, starting } = stack
  const { clock, log, directory } = deps
  const authenticator = new SipAuthenticator({ clock, log, directory })
  const table = new SubscriptionTable({
    total: config.sip.maxSubscriptions,
    perWatcher: config.sip.maxSubscriptionsPerWatcher,
  })
  starting.use(deps.watchers.add(liveWatches(table)))
  const shared: Shared = {
    table,
    events: {
      ...deps,
      people: directory,
      watcherStates: new WatcherStates({ clock, table }, presencePackage),
    },
    identify: (tx) => authenticator.identify(tx),
    resolve: resourceResolver(directory),
    registrations: new RegistrationPresence(deps),
  }
  const publications = await startPublications(config, deps, stack, shared)
  const bindings = await startRegistrar(config, deps, stack, shared)
  const notifier = await startNotifier(config, deps, stack, shared)
  const messages = new MessageHandler({
    ...deps,
    ...shared,
    sessionAt: (account, source) => bindings.at(account, source),
    maxBodyBytes: config.sip.maxMessageBytes,
  })
  userAgent.handle('MESSAGE', (tx) => messages.handle(tx))
  userAgent.contribute({ accept: MESSAGE_TYPES })

  const forget = (account: BareJid) => {
    bindings.forget(account, 'rejected')
    publications.forget(account)
    notifier.forget(account)
  }
  starting.use(directory.onUserRemoved(({ account }) => forget(account)))
  starting.use(directory.onUserDisabled(forget))
  starting.use(
    directory.onPasswordChanged((account) => {
      bindings.forget(account, 'deactivated')
      notifier.passwordChanged(account)
    }),
  )
}

interface Shared {
  readonly table: SubscriptionTable
  readonly events: EventDeps
  readonly identify: Identify
  readonly resolve: ResolveResource
  readonly registrations: RegistrationPresence
}

async function startPublications(
  { sip }: SipConfig,
  deps: SipDeps,
  { userAgent, transports, starting }: Stack,
  shared: Shared,
): Promise<Publications> {
  const packages = PACKAGES.filter(isPublishable)
  const publications = new Publications({
    ...deps,
    events: shared.events,
    store: sipPublications(deps.database),
    maxPerUser: sip.maxPublicationsPerUser,
    onPublisher: (account, publishes) => shared.registrations.publishes(account, publishes),
  })
  starting.defer(() => publications.stop())
  starting.use(transports.onFlowClosed((flow) => publications.flowClosed(flow)))
  await publications.restore(packages)
  const handler = new PublishHandler({
    ...deps,
    ...shared,
    packages: [...packages, ...COMMANDS],
    publications,
    expires: boundsOf(sip.publish),
    maxBodyBytes: sip.maxMessageBytes,
  })
  userAgent.handle('PUBLISH', (tx) => handler.handle(tx))
  const accept = packages.flatMap(({ publication }) => publication.contentTypes)
  userAgent.contribute({ accept: [...accept, ...COMMANDS.flatMap((one) => one.contentTypes)] })
  return publications
}

async function startRegistrar(
  { sip }: SipConfig,
  deps: SipDeps,
  { userAgent, transports, starting }: Stack,
  shared: Shared,
): Promise<Bindings> {
  const { registrations } = shared
  const bindings = new Bindings({
    ...deps,
    store: sipBindings(deps.database),
    sender: new MessageSender({ userAgent, directory: deps.directory }),
  })
  bindings.onChange((binding) => {
    registrations.changed(binding)
    if (!binding.isBound || binding.priority === undefined) return
    deps.messaging.drainOffline(binding).catch((err: unknown) => {
      deps.log.warn({ what: 'sip_offline_messages_not_drained', account: binding.account, err })
    })
  })
  starting.defer(() => bindings.stop())
  starting.use(transports.onFlowClosed((flow) => bindings.flowClosed(flow)))
  await bindings.restore()
  const registrar = new Registrar({
    ...deps,
    ...shared,
    bindings,
    expires: boundsOf(sip.register),
    maxPerUser: sip.maxBindingsPerUser,
  })
  userAgent.handle('REGISTER', (tx) => registrar.handle(tx))
  userAgent.contribute({ supported: ['path'] })
  return bindings
}

async function startNotifier(
  { sip }: SipConfig,
  deps: SipDeps,
  stack: Stack,
  shared: Shared,
): Promise<Notifier> {
  const { userAgent, starting } = stack
  const notifier = new Notifier({
    ...deps,
    ...shared,
    userAgent,
    packages: PACKAGES,
    services: [startLists({ sip }, { ...deps, ...shared }, stack)],
    keeper: new SubscriptionKeeper(sipSubscriptions(deps.database), deps.log),
    expires: boundsOf(sip.subscribe),
    pacing: { intervalMs: sip.notifyInterval, maxFailures: sip.notifyFailures },
  })
  starting.defer(() => within(deps.clock, DRAIN_MS, notifier.stop()))
  await notifier.restore()
  userAgent.handle('SUBSCRIBE', (tx) => notifier.handle(tx))
  userAgent.contribute({ allowEvents: PACKAGES.map(({ event }) => event) })
  return notifier
}

function isPublishable(pkg: EventPackage): pkg is PublishablePackage {
  return pkg.publication !== undefined
}

/** Configured in milliseconds, said in seconds. */
function boundsOf(options: Config['sip']['subscribe']): ExpiresBounds {
  const { minExpires, expires, maxExpires } = options
  const max = Math.floor(maxExpires / 1000)
  const min = Math.min(Math.ceil(minExpires / 1000), max)
  return { min, default: Math.min(Math.max(Math.floor(expires / 1000), min), max), max }
}

/** Resolves with `work`, or when the time is over. */
async function within(clock: Clock, ms: number, work: Promise<void>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = clock.after(ms, resolve)
  await Promise.race([work, promise])
  timer.cancel()
}
