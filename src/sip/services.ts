/** What the SIP part does once it can speak: presence events, registrations and messages. */
import { randomBytes } from 'node:crypto'
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
import { sipPublications } from '../storage/stores/sip-publications.ts'
import { sipSubscriptions } from '../storage/stores/sip-subscriptions.ts'
import type { Clock } from '../util/clock.ts'
import type { Log } from '../util/log.ts'
import type { OverloadGuard } from '../util/overload.ts'
import { ApplicationServers } from './applications/application-servers.ts'
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
import { startUnsolicited } from './events/message-summaries/start-unsolicited.ts'
import { Notifier } from './events/notifier.ts'
import { type PackageStates, packageStates } from './events/package-states.ts'
import { presencePackage } from './events/presence.ts'
import { presenceWauthPackage } from './events/presence-wauth.ts'
import { presenceWinfoPackage } from './events/presence-winfo.ts'
import { Publications, type PublishablePackage } from './events/publications.ts'
import { PublishHandler } from './events/publish.ts'
import { referPackage } from './events/refer.ts'
import { regPackage } from './events/reg.ts'
import { type Identify, type ResolveResource, resourceResolver } from './events/resources.ts'
import { SubscriptionKeeper } from './events/subscription-keeper.ts'
import { SubscriptionTable } from './events/subscription-table.ts'
import { WatcherStates } from './events/watcher-states.ts'
import { WATCHED_PACKAGES, WINFO_PACKAGES } from './events/winfo.ts'
import { type XcapDiffSource, xcapDiffPackage } from './events/xcap-diff.ts'
import type { SipUris } from './messaging/outgoing.ts'
import { openMessaging } from './messaging/start.ts'
import { startProxy } from './proxy/start-proxy.ts'
import { Refers } from './refer/refers.ts'
import { startEndpointRefers } from './refer/start-endpoint-refers.ts'
import { startRefer } from './refer/start-refer.ts'
import { RegistrationPresence } from './registrar/registration-presence.ts'
import { startRegistrar } from './registrar/start-registrar.ts'
import type { SipTransports } from './transport/transports.ts'
import type { SipUserAgent, UserAgentDeps } from './user-agent.ts'

/** The event packages that are served; their order is that of Allow-Events. */
const PACKAGES: readonly EventPackage[] = [
  presencePackage,
  presenceWinfoPackage,
  ...WATCHED_PACKAGES,
  ...WINFO_PACKAGES,
  referPackage,
]

/** Those of this server: not all keep XCAP documents. */
function packagesOf({ xcapDiffs }: SipDeps): readonly EventPackage[] {
  return xcapDiffs ? [...PACKAGES, xcapDiffPackage] : PACKAGES
}

/** What PUBLISH takes besides. */
const COMMANDS: readonly CommandPackage[] = [presenceWauthPackage]

const SECRET_BYTES = 32

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
  /** Of XCAP documents; without it nobody watches them. */
  readonly xcapDiffs?: XcapDiffSource | undefined
  /** Without it nothing is refused for overload. */
  readonly overload?: OverloadGuard | undefined
  /** For User-Agent and Server headers. */
  readonly product?: string
  /** What only this system knows, and keeps over restarts: GRUUs and routes of calls stand on it. */
  readonly secret?: Buffer
  /** For tests: shorter transaction timers, other name servers. */
  readonly userAgent?: Pick<UserAgentDeps, 'timers' | 'resolver' | 'limits'>
}

export type SipConfig = Pick<Config, 'sip'> & {
  readonly listen: Pick<Config['listen'], 'sipUdp' | 'sipTcp' | 'sipTls'>
  readonly http: Pick<Config['http'], 'allowedOrigins' | 'publicUrl' | 'trustedProxies'>
  /** Who may write to many is the same by whatever protocol. Without it nobody may. */
  readonly xmpp?: Pick<Config['xmpp'], 'multicast' | 'admins'>
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
  const applications = new ApplicationServers(config.sip.applicationServers)
  const secret = deps.secret ?? randomBytes(SECRET_BYTES)
  const table = new SubscriptionTable({
    total: config.sip.maxSubscriptions,
    perWatcher: config.sip.maxSubscriptionsPerWatcher,
    perPeer: config.sip.peers.maxSubscriptions,
    perTrustedPeer: config.sip.peers.maxSubscriptionsTrusted,
  })
  starting.use(deps.watchers.add(liveWatches(table)))
  const shared: Shared = {
    table,
    events: {
      ...deps,
      people: directory,
      watcherStates: new WatcherStates({ clock, table }, presencePackage, ...WATCHED_PACKAGES),
      ...statesOf(config, deps, table),
    },
    applications,
    identify: applications.identify(
      (tx) => authenticator.identify(tx),
      async (uri) => {
        const found = await directory.resolve(uri)
        return found.kind === 'user' ? found.account : undefined
      },
    ),
    resolve: resourceResolver(directory),
    registrations: new RegistrationPresence(deps),
    refers: new Refers(clock),
    keeper: keeperOf(config, deps),
  }
  const publications = await startPublications(config, deps, stack, shared)
  const messaging = openMessaging(config, deps, { userAgent, ...shared })
  const registrar = await startRegistrar(config, deps, stack, {
    ...shared,
    ...messaging,
    secret,
    expires: boundsOf(config.sip.register),
  })
  const { bindings } = registrar
  const notifier = await startNotifier(config, deps, stack, shared)
  const sendAs = messaging.serve((account, source) => bindings.at(account, source))
  const referable = new Map([['MESSAGE', sendAs]])
  startRefer({ ...deps, ...shared, userAgent, notifier, referable })
  const endpoints = { ...deps, ...shared, userAgent, bindings }
  starting.use(await startEndpointRefers(config.sip.refer, endpoints))
  if (config.sip.unsolicitedSummaries) starting.use(startUnsolicited(endpoints))

  startProxy(config, deps, stack, { ...shared, ...registrar, secret, authenticator })

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

function statesOf({ sip }: SipConfig, deps: SipDeps, table: SubscriptionTable): PackageStates {
  const isWatched = (account: BareJid) =>
    !table.inPackage(regPackage, account)[Symbol.iterator]().next().done
  return packageStates({ ...deps, mailbox: deps.messaging.mailbox, isWatched }, sip)
}

function keeperOf({ sip }: SipConfig, { database, log }: SipDeps): SubscriptionKeeper {
  return new SubscriptionKeeper(sipSubscriptions(database), log, sip.refer.atStart !== 'off')
}

interface Shared {
  readonly table: SubscriptionTable
  readonly events: EventDeps
  readonly applications: ApplicationServers
  readonly identify: Identify
  readonly resolve: ResolveResource
  readonly registrations: RegistrationPresence
  readonly refers: Refers
  readonly keeper: SubscriptionKeeper
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
    packages: packagesOf(deps),
    services: [startLists({ sip }, { ...deps, ...shared }, stack), shared.refers],
    expires: boundsOf(sip.subscribe),
    pacing: { intervalMs: sip.notifyInterval, maxFailures: sip.notifyFailures },
    pendingTimeoutMs: sip.pendingTimeout,
  })
  starting.defer(() => within(deps.clock, DRAIN_MS, notifier.stop()))
  await notifier.restore()
  userAgent.handle('SUBSCRIBE', (tx) => notifier.handle(tx))
  userAgent.contribute({ allowEvents: packagesOf(deps).map(({ event }) => event) })
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
