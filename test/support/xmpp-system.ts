/** The whole XMPP part on real sockets, with a real directory and core, for dialogues between people. */
import type { TestContext } from 'node:test'
import { type BareJid, domainOf, requireJid } from '../../src/core/address.ts'
import { Messaging } from '../../src/core/messaging/messaging.ts'
import type { AccessControl } from '../../src/core/presence/access/access-control.ts'
import type { Fallback } from '../../src/core/presence/access/rule-index.ts'
import type { Activity, SourceClass } from '../../src/core/presence/observation.ts'
import { PresenceService } from '../../src/core/presence/presence.ts'
import type { RosterItem } from '../../src/core/presence/roster-item.ts'
import { newRosterItem } from '../../src/core/presence/roster-item.ts'
import { Subscriptions } from '../../src/core/presence/subscriptions.ts'
import { Watchers } from '../../src/core/presence/watchers.ts'
import { Sessions } from '../../src/core/sessions.ts'
import { type Directory, openDirectory } from '../../src/directory/directory.ts'
import type { HttpPart } from '../../src/net/http-part.ts'
import { invitationStore } from '../../src/server/invitation-store.ts'
import { noticeStore } from '../../src/server/notice-store.ts'
import { pushStore } from '../../src/server/push-store.ts'
import {
  accounts,
  grants,
  offlineStore,
  subscriptionPeople,
  subscriptionStore,
} from '../../src/server/stores.ts'
import { fastTokenStore } from '../../src/server/token-store.ts'
import { openDatabase } from '../../src/storage/database.ts'
import { type Clock, SystemClock } from '../../src/util/clock.ts'
import { type Log, silentLog } from '../../src/util/log.ts'
import type { Element } from '../../src/xml/element.ts'
import type { CommandAudit } from '../../src/xmpp/commands/administration-task.ts'
import type { HttpConfig } from '../../src/xmpp/http/http-config.ts'
import { type OpenUploadsDeps, openUploads } from '../../src/xmpp/upload/open-uploads.ts'
import type { UploadConfig } from '../../src/xmpp/upload/upload-config.ts'
import type { Uploads } from '../../src/xmpp/upload/uploads.ts'
import { type StartXmppConfig, startXmpp } from '../../src/xmpp/xmpp.ts'
import { testAccess } from './access.ts'
import { disposeAfter } from './databases.ts'
import { QUICK_ITERATIONS } from './directory.ts'
import { testLinks } from './links.ts'
import { temporaryDirectory } from './temporary.ts'
import { XmppClient } from './xmpp-client.ts'

export const PASSWORD = 'pencil'
export const DOMAIN = 'corp.example'
export const OTHER_DOMAIN = 'west.example'

const NO_CONTACTS = {
  abuse: [],
  admin: [],
  feedback: [],
  sales: [],
  security: [],
  status: [],
  support: [],
}

export const CONFIG: StartXmppConfig['xmpp'] = {
  plaintextAuth: true,
  maxStanzaBytesBeforeAuth: 10_000,
  maxStanzaBytes: 262_144,
  authTimeoutMs: 60_000,
  idleTimeoutMs: 840_000,
  idleGraceMs: 60_000,
  resourceConflict: 'replace',
  maxConnections: 1000,
  maxConnectionsPerAddress: 1000,
  maxResourcesPerUser: 10,
  maxQueuedBytes: 4_194_304,
  maxUnacknowledged: 1000,
  maxBytesPerSecond: 0,
  maxStanzasPerSecond: 0,
  maxBytesPerSecondPerAddress: 0,
  maxStanzasPerSecondPerAddress: 0,
  resumeForMs: 300_000,
  tokenLifetimeMs: 86_400_000,
  registration: 'off',
  registrationsPerHour: 5,
  maxDirectedPresence: 500,
  push: 'count',
  busyShow: 'dnd',
  admins: [],
  privacyLists: false,
  maxVcardSize: 131_072,
  maxPrivateData: 1_048_576,
  contactAddresses: NO_CONTACTS,
  outageUrls: [],
  externalServices: [],
  passwordChange: true,
}

const HERE = { host: '127.0.0.1', port: 0 }

export const HTTP_CONFIG: HttpConfig = {
  publicUrl: undefined,
  trustedProxies: [],
  allowedOrigins: ['*'],
  websocketPaths: ['/xmpp-websocket', '/ws'],
  websocketPing: 45_000,
  websocketChannelBinding: false,
  boshPaths: ['/http-bind', '/httpbinding'],
  boshWait: 60_000,
  boshInactivity: 90_000,
  boshMaxPause: 120_000,
  boshPolling: 5_000,
  boshRequests: 2,
  pollingPaths: [],
  pollingInactivity: 300_000,
}

export interface XmppSystemOptions {
  http?: Partial<HttpConfig>
  config?: Partial<StartXmppConfig['xmpp']>
  clock?: Clock
  log?: Log
  /** Where no rule speaks about a user of the system. */
  sameSystem?: Fallback
  maxContacts?: number
  offlineLimit?: number
  /** Without it users do not share files. */
  upload?: UploadConfig
  /** Where it is written down what administrators did. */
  audit?: CommandAudit
}

/** Users alice, bob, carol and dave of corp.example, erin of west.example. */
export async function startXmppSystem(
  t: TestContext,
  options: XmppSystemOptions = {},
): Promise<XmppSystem> {
  const { clock = new SystemClock(), log = silentLog, sameSystem = 'confirm' } = options
  const database = disposeAfter(t, await openDatabase('sqlite::memory:', { clock }))
  const directory = await openDirectory(
    { database, clock, log },
    {
      scramIterations: QUICK_ITERATIONS,
      contactLists: { maxContacts: options.maxContacts ?? 1000 },
    },
  )
  disposeAfter(t, directory.lastActivity)
  await directory.addDomain(DOMAIN)
  await directory.addDomain(OTHER_DOMAIN)
  for (const user of ['alice', 'bob', 'carol', 'dave']) {
    await directory.addUser({ account: `${user}@${DOMAIN}`, password: PASSWORD })
  }
  await directory.addUser({ account: `erin@${OTHER_DOMAIN}`, password: PASSWORD })
  const access = testAccess({ clock, log, sameSystem, grants: grants(directory.contacts) })
  const subscriptions = new Subscriptions({
    store: subscriptionStore(directory.contacts),
    people: subscriptionPeople(directory),
    access,
    log,
  })
  const watchers = new Watchers()
  const presence = new PresenceService({ clock })
  const sessions = new Sessions()
  const offline = await offlineStore(database.kysely, options.offlineLimit ?? 100)
  const deps = { clock, log, directory, sessions, presence, access, subscriptions, watchers }
  const messaging = new Messaging({ ...deps, accounts: accounts(directory), offline })
  const uploads = options.upload && (await sharedFiles(t, { ...deps, database }, options.upload))
  const xmpp = disposeAfter(
    t,
    await startXmpp(
      {
        listen: { xmpp: HERE, xmppTls: undefined, components: HERE },
        listeners: [],
        http: { ...HTTP_CONFIG, ...options.http },
        xmpp: { ...CONFIG, ...options.config },
      },
      {
        ...deps,
        messaging,
        uploads,
        key: Buffer.alloc(32, 1),
        tokenStore: fastTokenStore(database),
        noticeStore: noticeStore(database),
        invitationStore: invitationStore(database),
        pushStore: pushStore(database, clock),
        audit: options.audit,
        software: { name: 'Heliograph', version: '0.0.0-test' },
        links: await testLinks(t, { clock, log }),
      },
    ),
  )
  return new XmppSystem({
    directory,
    presence,
    access,
    subscriptions,
    watchers,
    sessions,
    messaging,
    clock,
    port: xmpp.listeners[0]?.address.port ?? 0,
    componentPort: xmpp.listeners.find(({ kind }) => kind === 'components')?.address.port ?? 0,
    httpParts: xmpp.httpParts,
  })
}

async function sharedFiles(
  t: TestContext,
  deps: Pick<OpenUploadsDeps, 'clock' | 'log' | 'directory' | 'database'>,
  config: UploadConfig,
): Promise<Uploads> {
  const folder = temporaryDirectory()
  t.after(() => folder[Symbol.dispose]())
  const baseUrl = (domain: string) => `https://${domain}:7300/upload`
  return disposeAfter(t, await openUploads({ ...deps, config, path: folder.path, baseUrl }))
}

interface Parts {
  directory: Directory
  presence: PresenceService
  access: AccessControl
  subscriptions: Subscriptions
  watchers: Watchers
  sessions: Sessions
  messaging: Messaging
  clock: Clock
  port: number
  componentPort: number
  httpParts: readonly HttpPart[]
}

export class XmppSystem {
  readonly directory: Directory
  readonly presence: PresenceService
  readonly access: AccessControl
  readonly subscriptions: Subscriptions
  readonly watchers: Watchers
  readonly sessions: Sessions
  readonly messaging: Messaging
  readonly port: number
  readonly componentPort: number
  readonly httpParts: readonly HttpPart[]
  readonly #clock: Clock

  constructor(parts: Parts) {
    this.directory = parts.directory
    this.presence = parts.presence
    this.access = parts.access
    this.subscriptions = parts.subscriptions
    this.watchers = parts.watchers
    this.sessions = parts.sessions
    this.messaging = parts.messaging
    this.port = parts.port
    this.componentPort = parts.componentPort
    this.httpParts = parts.httpParts
    this.#clock = parts.clock
  }

  /** A client that has signed in and bound a resource, and done nothing else. */
  connect(user: string, resource = 'desk'): Promise<XmppClient> {
    const jid = jidOf(user)
    return XmppClient.signIn(
      { port: this.port },
      { jid, password: PASSWORD, mechanism: 'PLAIN', resource },
    )
  }

  /** A client that has signed in, and may bind a resource or go on with a session (XEP-0198). */
  authenticated(user: string): Promise<XmppClient> {
    const jid = jidOf(user)
    return XmppClient.authenticated(
      { port: this.port },
      { jid, password: PASSWORD, mechanism: 'PLAIN' },
    )
  }

  /** What the stream offers to the user once he has signed in. */
  async features(user: string): Promise<Element> {
    await using client = await XmppClient.connect({ port: this.port })
    const jid = jidOf(user)
    await client.open(domainOf(jid))
    await client.authenticate({ jid, password: PASSWORD, mechanism: 'PLAIN' })
    return await client.open(domainOf(jid))
  }

  /** As clients do: asks for the roster, then sends initial presence. What came of it is read. */
  async online(user: string, resource = 'desk', presence = ''): Promise<XmppClient> {
    const client = await this.connect(user, resource)
    await client.iq('get', ROSTER)
    client.send(`<presence>${presence}</presence>`)
    await client.settle()
    return client
  }

  jid(user: string): BareJid {
    return jidOf(user)
  }

  /** Two who see each other, without the dialogue that leads there. */
  async befriend(one: string, other: string): Promise<void> {
    await this.put(one, { contact: jidOf(other), subscription: 'both' })
    await this.put(other, { contact: jidOf(one), subscription: 'both' })
  }

  async put(user: string, item: Partial<RosterItem> & { contact: BareJid }): Promise<void> {
    const { contacts } = this.directory
    await contacts.put(jidOf(user), { ...newRosterItem(item.contact), ...item })
    // In memory, so that a change of presence is broadcast at once and a test need not wait for it.
    await contacts.get(jidOf(user))
  }

  async item(user: string, contact: string): Promise<RosterItem | undefined> {
    return await this.directory.contacts.item(jidOf(user), jidOf(contact))
  }

  /** A phone, a calendar or the like says what the user does. */
  report(user: string, activity: Activity, note?: string, kind: SourceClass = 'phone'): void {
    this.presence.report({
      presentity: jidOf(user),
      source: SOURCE,
      until: undefined,
      observations: [
        {
          id: 'p1',
          class: kind,
          basic: activity === 'offline' ? 'closed' : 'open',
          activity,
          manual: kind === 'manual',
          note,
          since: this.#clock.now(),
        },
      ],
    })
  }

  withdraw(user: string): void {
    this.presence.withdraw(jidOf(user), SOURCE)
  }
}

const SOURCE = 'sip/phone'
export const ROSTER = `<query xmlns='jabber:iq:roster'/>`

/** `alice` is alice@corp.example; an address is itself. */
export function jidOf(user: string): BareJid {
  return requireJid(user.includes('@') ? user : `${user}@${DOMAIN}`).bare
}

/** A presence stanza in a few words: type, sender, show and status, priority. */
export function told(stanza: Element): string {
  const type = stanza.attr('type') ?? 'available'
  const words = ['show', 'status', 'priority'].map((name) => stanza.child(name)?.text())
  return [type, stanza.attr('from'), ...words].filter((word) => word !== undefined).join(' ')
}

/** Those of the stanzas that are presence, in a few words each. */
export function presences(stanzas: readonly Element[]): string[] {
  return stanzas.filter(({ name }) => name === 'presence').map(told)
}

/** The condition of a stanza error. */
export function condition(stanza: Element): string {
  const error = stanza.child('error')
  const name = error?.child(undefined, 'urn:ietf:params:xml:ns:xmpp-stanzas')?.name
  return `${error?.attr('type')} ${name}`
}

/** The items of roster pushes and results, in a few words each. */
export function items(stanzas: readonly Element[]): string[] {
  return stanzas.flatMap((stanza) => {
    const query = stanza.child('query', 'jabber:iq:roster')
    return [...(query?.elements() ?? [])].map((item) =>
      [
        item.attr('jid'),
        item.attr('subscription'),
        item.attr('ask') && `ask=${item.attr('ask')}`,
        item.attr('approved') && `approved=${item.attr('approved')}`,
        item.attr('name') && `name=${item.attr('name')}`,
        ...[...item.elements()].map((group) => `group=${group.text()}`),
      ]
        .filter(Boolean)
        .join(' '),
    )
  })
}
