/** The composition root: builds everything top to bottom, closes it bottom to top. */
import { join } from 'node:path'
import { startAdmin } from './admin/admin.ts'
import type { SharedFiles } from './admin/services.ts'
import { SignIn } from './admin/sign-in.ts'
import type { Config } from './config/schema.ts'
import { domainOf } from './core/address.ts'
import { Messaging } from './core/messaging/messaging.ts'
import { AccessControl } from './core/presence/access/access-control.ts'
import { ENTERPRISE } from './core/presence/composition/presets/enterprise.ts'
import { presetNamed } from './core/presence/composition/presets/presets.ts'
import { Contacts } from './core/presence/contacts.ts'
import { LateContacts } from './core/presence/late-contacts.ts'
import { ManualPresence } from './core/presence/manual-presence.ts'
import { sourceClasses } from './core/presence/observation.ts'
import { PresenceService } from './core/presence/presence.ts'
import { Subscriptions } from './core/presence/subscriptions.ts'
import { Watchers } from './core/presence/watchers.ts'
import { Sessions } from './core/sessions.ts'
import { type Directory, openDirectory } from './directory/directory.ts'
import { Edges } from './net/edges.ts'
import type { HttpPart } from './net/http-part.ts'
import type { LinkSource } from './net/link.ts'
import { linksHere } from './net/listen.ts'
import type { Announcement } from './ops/announcement.ts'
import { Certificates, readClientCa } from './ops/certificates.ts'
import { DEMO_DOMAIN, requireDemoUsers } from './ops/demo.ts'
import { LISTENER_PROTOCOLS, type Listener, listenError } from './ops/listeners.ts'
import { lockDataDirectory } from './ops/lock.ts'
import { collectProcessMetrics } from './ops/process-metrics.ts'
import { requireSecret } from './ops/secret-file.ts'
import { closeWithin } from './ops/stopping.ts'
import { VERSION } from './ops/version.ts'
import { fileDesk } from './server/file-desk.ts'
import { httpAddress } from './server/http-address.ts'
import { openHttpListeners } from './server/http-listeners.ts'
import { invitationStore } from './server/invitation-store.ts'
import { mailRoutes } from './server/mail-routes.ts'
import { noticeStore } from './server/notice-store.ts'
import { portableAccounts } from './server/portable/portable.ts'
import { pushStore } from './server/push-store.ts'
import { openSharedFiles } from './server/shared-files.ts'
import {
  accessStore,
  accounts,
  administratorStore,
  audit,
  contactPeople,
  grants,
  manualStateStore,
  offlineStore,
  subscriptionPeople,
  subscriptionStore,
} from './server/stores.ts'
import { fastTokenStore } from './server/token-store.ts'
import { checkAuthorization } from './server/xcap-sign-in.ts'
import { type SipDeps, startSip } from './sip/sip.ts'
import { MailForwarding } from './smtp/mail-forwarding.ts'
import { type Database, openDatabase } from './storage/database.ts'
import { OfflineMail } from './storage/stores/offline-mail.ts'
import { type Clock, SystemClock } from './util/clock.ts'
import { createLog, type Log } from './util/log.ts'
import { eventLoopBacklog, OverloadWatch } from './util/overload.ts'
import { startXcap, type Xcap } from './xcap/xcap.ts'
import type { Uploads } from './xmpp/upload/uploads.ts'
import { startXmpp } from './xmpp/xmpp.ts'

export interface Overrides {
  clock?: Clock
  log?: Log
}

/** What every part is built on; each takes what it uses. */
export interface Kernel {
  readonly clock: Clock
  readonly log: Log
  readonly database: Database
  readonly directory: Directory
  readonly certificates: Certificates
  readonly sessions: Sessions
  readonly access: AccessControl
  readonly presence: PresenceService
  readonly manual: ManualPresence
  readonly subscriptions: Subscriptions
  readonly contacts: Contacts
  readonly watchers: Watchers
  readonly messaging: Messaging
  readonly overload: OverloadWatch
}

export interface Server extends AsyncDisposable, Announcement {}

/** A peer that does not let go of its connection must not keep the database from being closed in order. */
const EDGES_CLOSE_MS = 3_500

/** The name of the administrator that the first start makes. */
const FIRST_ADMINISTRATOR = 'admin'

/**
 * Resolves when every listener accepts. Throws `OperatorError`, with nothing left open, where the
 * machine or the configuration does not allow it. One server a process: metrics are the process's.
 */
export async function startServer(config: Config, overrides: Overrides = {}): Promise<Server> {
  // A failed start closes what it opened.
  await using base = new AsyncDisposableStack()
  await using edges = new AsyncDisposableStack()
  try {
    const kernel = await openKernel(config, overrides, base)
    const listeners: Listener[] = []
    const told = { ...kernel, listeners: () => listeners }
    const uploads = edges.use(await openSharedFiles(config, told))
    const links = openLinks(config, kernel, edges)
    const signIn = openSignIn(kernel)
    const xcap = await openXcap(config, { ...told, signIn }, edges)
    const xmpp = edges.use(await openXmpp(config, links, { ...kernel, uploads }))
    const lists = xcap ? [xcap.lists] : []
    const sip = edges.use(await openSip(config, { ...kernel, lists, xcapDiffs: xcap?.diffs }))
    listeners.push(...xmpp.listeners, ...sip.listeners)
    edges.use(kernel.manual.watch())
    const httpParts = [...xmpp.httpParts, ...sip.httpParts, ...(xcap?.httpParts ?? [])]
    listeners.push(...(await openHttpListeners(config, { ...xmpp, httpParts }, kernel, edges)))
    const files = uploads && fileDesk(uploads)
    await openAdmin(config, { ...kernel, signIn, listeners, httpParts, files }, edges)
    await xcap?.showIcons()
    const people = await requirePeople(config, kernel.directory, signIn)
    kernel.overload.start()
    kernel.log.info({ what: 'started', version: VERSION, data: config.data })
    const [openBase, openEdges] = [base.move(), edges.move()]
    return {
      listeners,
      data: config.data,
      caPath: kernel.certificates.caPath,
      ...people,
      async [Symbol.asyncDispose]() {
        await closeWithin(kernel, EDGES_CLOSE_MS, openEdges.disposeAsync())
        await openBase.disposeAsync()
      },
    }
  } catch (error) {
    throw listenError(error, config)
  }
}

async function openKernel(
  config: Config,
  { clock = new SystemClock(), log = createLog(config.log.level) }: Overrides,
  base: AsyncDisposableStack,
): Promise<Kernel> {
  base.use(lockDataDirectory(config.data))
  const database = base.use(await openDatabase(config.database.url, { clock, log }))
  const directory = await openDirectory(
    { database, clock, log },
    {
      scramIterations: scramIterations(config.passwords),
      contactLists: { maxContacts: config.xmpp.maxRosterItems },
      digestRealms: config.listeners.flatMap(({ realm }) => realm ?? []),
    },
  )
  base.use(directory.lastActivity)
  await requireDomains(directory, config)
  const domainNames = () => directory.domains().map(({ name }) => name)
  const certificates = base.use(await Certificates.open({ clock, log }, config, domainNames))
  collectProcessMetrics(VERSION)
  const sessions = new Sessions()
  const access = await openAccess(config, { clock, log, database, directory })
  const presence = new PresenceService({
    clock,
    dampingMs: config.presence.damping,
    graceMs: config.presence.grace,
    presetOf: (presentity) =>
      presetNamed(directory.domain(domainOf(presentity))?.composition ?? ENTERPRISE.name) ??
      ENTERPRISE,
  })
  directory.onDomainChanged((domain) =>
    presence.recompose((presentity) => domainOf(presentity) === domain),
  )
  const store = subscriptionStore(directory.contacts)
  const people = subscriptionPeople(directory)
  const manual = new ManualPresence({
    store: manualStateStore(database.kysely),
    presence,
    sessions,
    clock,
    log,
  })
  // Before anybody can watch: what he chose is never missing.
  await manual.restore()
  const subscriptions = new Subscriptions({ store, people, access, log })
  const contacts = new Contacts({ store, people: contactPeople(directory), subscriptions })
  matchContacts(base, { contacts, directory, log })
  const mail = base.use(
    await MailForwarding.open(mailRoutes(config), {
      ...{ clock, log, sessions, access, directory },
      store: new OfflineMail(database.kysely),
    }),
  )
  const messaging = new Messaging({
    sessions,
    accounts: accounts(directory),
    offline: await offlineStore(database.kysely, config.messaging.offlinePerUser, mail),
    access,
    clock,
    log,
  })
  return {
    clock,
    log,
    database,
    directory,
    certificates,
    sessions,
    access,
    presence,
    manual,
    subscriptions,
    contacts,
    watchers: new Watchers(),
    messaging,
    overload: watchOverload(base, { clock, log }, config),
  }
}

function watchOverload(
  base: AsyncDisposableStack,
  deps: Pick<Kernel, 'clock' | 'log'>,
  { overload }: Config,
): OverloadWatch {
  const watch = base.use(new OverloadWatch({ ...deps, refuseAboveMs: overload.refuseAbove }))
  watch.watch(eventLoopBacklog())
  return watch
}

function scramIterations(passwords: Config['passwords']) {
  return {
    'SCRAM-SHA-1': passwords.scramSha1Iterations,
    'SCRAM-SHA-256': passwords.scramSha256Iterations,
    'SCRAM-SHA-512': passwords.scramSha512Iterations,
  }
}

/** Those of the configuration exist; others that an administrator added stay. */
async function requireDomains(directory: Directory, { domains, demo }: Config): Promise<void> {
  for (const name of demo ? [DEMO_DOMAIN, ...domains] : domains) {
    if (!directory.isLocal(name)) await directory.addDomain(name)
  }
}

async function openAccess(
  { authorization, presence }: Config,
  { clock, log, database, directory }: Pick<Kernel, 'clock' | 'log' | 'database' | 'directory'>,
): Promise<AccessControl> {
  const access = await AccessControl.open({
    clock,
    log,
    store: accessStore(database, clock),
    grants: grants(directory.contacts),
    people: directory,
    classes: sourceClasses(presence.classes),
    sameSystem: authorization.sameSystem,
    crossDomain: authorization.crossDomain,
  })
  directory.onUserRemoved(({ account }) => access.forget(account))
  directory.onDomainRemoved((domain) => access.forget(`@${domain}`))
  directory.onAddressesChanged((account) => {
    access.addressesChanged(account).catch((err: unknown) => {
      log.error({ what: 'access_domains_not_reloaded', account, err })
    })
  })
  return access
}

/** Who was added by an address that nobody had is matched when somebody gets it. */
function matchContacts(
  base: AsyncDisposableStack,
  { contacts, directory, log }: Pick<Kernel, 'contacts' | 'directory' | 'log'>,
): void {
  const late = base.use(new LateContacts({ contacts, store: directory.contacts, log }))
  directory.onUserAdded((account) => late.addressesChanged(account))
  directory.onAddressesChanged((account) => late.addressesChanged(account))
  late.reviewAll()
}

/** Sockets of clients: in threads of their own where the operator wants so. */
function openLinks({ workers }: Config, kernel: Kernel, edges: AsyncDisposableStack): LinkSource {
  const { certificates: tls, log } = kernel
  if (workers > 0) return edges.use(new Edges(workers, { ...kernel, tls }))
  return linksHere({
    secureContext: (...asked) => tls.secureContext(...asked),
    acceptFailed: (err) => log.warn({ what: 'accept_failed', err }),
  })
}

interface XmppExtras {
  readonly uploads: Uploads | undefined
}

function openXmpp(config: Config, links: LinkSource, kernel: Kernel & XmppExtras) {
  const { listen, listeners, components, http, xmpp } = config
  const { authTimeout: authTimeoutMs, idleTimeout: idleTimeoutMs, idleGrace: idleGraceMs } = xmpp
  const { resumeFor: resumeForMs, tokenLifetime: tokenLifetimeMs } = xmpp
  const { clientCa, clientCertificateFallback: certificateFallback } = xmpp
  if (xmpp.plaintextAuth) kernel.log.warn({ what: 'xmpp_plaintext_auth_allowed' })
  return startXmpp(
    {
      listen,
      listeners,
      http,
      xmpp: {
        ...xmpp,
        components,
        authTimeoutMs,
        idleTimeoutMs,
        idleGraceMs,
        resumeForMs,
        tokenLifetimeMs,
        certificateFallback,
      },
    },
    {
      ...kernel,
      links,
      key: requireSecret(join(config.data, 'xmpp-clients.key')),
      tokenStore: fastTokenStore(kernel.database),
      noticeStore: noticeStore(kernel.database),
      invitationStore: invitationStore(kernel.database),
      pushStore: pushStore(kernel.database, kernel.clock),
      audit: audit(kernel.database.kysely, kernel.clock),
      clientAuthorities:
        clientCa === undefined ? undefined : readClientCa('xmpp.clientCa', clientCa),
      software: { name: 'Heliograph', version: VERSION },
    },
  )
}

function openSip(
  config: Config,
  { certificates, ...kernel }: Kernel & Pick<SipDeps, 'lists' | 'xcapDiffs'>,
) {
  return startSip(config, {
    ...kernel,
    tls: certificates,
    product: `Heliograph/${VERSION}`,
    secret: requireSecret(join(config.data, 'sip.key')),
  })
}

function openSignIn({ database, directory: users, clock }: Kernel): SignIn {
  return new SignIn({ administrators: administratorStore(database.kysely, clock), users, clock })
}

interface XcapExtras {
  readonly signIn: SignIn
  /** Those that accept by now: asked when somebody is told an address. */
  readonly listeners: () => readonly Listener[]
}

async function openXcap(
  config: Config,
  { signIn, listeners, ...kernel }: Kernel & XcapExtras,
  edges: AsyncDisposableStack,
): Promise<Xcap | undefined> {
  if (!config.xcap.enabled) return undefined
  const { publicUrl } = config.http
  const xcap = await startXcap(config, {
    ...kernel,
    check: checkAuthorization(signIn),
    audit: audit(kernel.database.kysely, kernel.clock),
    httpAddress: (domain) => httpAddress(domain, publicUrl, listeners()),
  })
  return edges.use(xcap)
}

interface AdminExtras {
  readonly signIn: SignIn
  /** To which the API's is added. */
  readonly listeners: Listener[]
  readonly httpParts: readonly HttpPart[]
  readonly files: SharedFiles | undefined
}

async function openAdmin(
  config: Config,
  { listeners, httpParts, ...kernel }: Kernel & AdminExtras,
  edges: AsyncDisposableStack,
): Promise<void> {
  const { clock, database, certificates } = kernel
  const admin = await startAdmin(
    {
      https: config.listen.https,
      socketPath: join(config.data, 'heliograph.sock'),
      requestsPerMinute: config.admin.requestsPerMinute,
      tls: certificates.serverOptions(),
      parts: httpParts,
      partsConnections: config.xmpp.maxConnections,
    },
    {
      ...kernel,
      audit: audit(database.kysely, clock),
      portable: portableAccounts(kernel, config.xmpp),
      apiLifetimeMs: config.presence.apiLifetime,
      version: VERSION,
      listeners: () =>
        listeners.map(({ name, kind, address: { host, port } }) => {
          return { name, address: host, port, detail: LISTENER_PROTOCOLS[kind] }
        }),
    },
  )
  edges.use(admin)
  edges.use(certificates.onChange(({ main }) => admin.show(main)))
  if (admin.https) {
    const { address: host, port } = admin.https
    listeners.push({ name: 'https', kind: 'https', address: { host, port } })
  }
}

/** Last of all: a password that was made is lost where the start fails after it. */
async function requirePeople(config: Config, directory: Directory, signIn: SignIn) {
  const demo = config.demo ? await requireDemoUsers(directory) : undefined
  const { password: chosen } = config.admin
  const password = await signIn.createFirst(FIRST_ADMINISTRATOR)
  if (password === undefined) return { demo }
  if (chosen === undefined) {
    return { demo, firstAdministrator: { name: FIRST_ADMINISTRATOR, password } }
  }
  await signIn.setPassword(FIRST_ADMINISTRATOR, chosen)
  return { demo }
}
