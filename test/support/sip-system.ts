/** The whole SIP part on real sockets, with a real directory and core, and phones that talk to it. */
import { randomBytes } from 'node:crypto'
import type { TestContext } from 'node:test'
import { createSecureContext } from 'node:tls'
import { loadConfig } from '../../src/config/load-config.ts'
import { Messaging } from '../../src/core/messaging/messaging.ts'
import { AccessControl } from '../../src/core/presence/access/access-control.ts'
import type { Fallback } from '../../src/core/presence/access/rule-index.ts'
import { SOURCE_CLASSES } from '../../src/core/presence/observation.ts'
import { PresenceService } from '../../src/core/presence/presence.ts'
import { Subscriptions } from '../../src/core/presence/subscriptions.ts'
import { Watchers } from '../../src/core/presence/watchers.ts'
import { Sessions } from '../../src/core/sessions.ts'
import { type Directory, openDirectory } from '../../src/directory/directory.ts'
import { digestHash, digestResponse } from '../../src/net/digest/digest-response.ts'
import {
  accessStore,
  accounts,
  grants,
  offlineStore,
  subscriptionPeople,
  subscriptionStore,
} from '../../src/server/stores.ts'
import { SipHeaders, SipRequest, type SipResponse } from '../../src/sip/message/message.ts'
import { createResponse, newCallId, newTag } from '../../src/sip/message/respond.ts'
import { parseAuthParams } from '../../src/sip/message/values.ts'
import { type SipConfig, type SipServer, startSip, type TlsSource } from '../../src/sip/sip.ts'
import type { Peer, TransportName } from '../../src/sip/transport/transport.ts'
import { SipTransports } from '../../src/sip/transport/transports.ts'
import { SipUserAgent } from '../../src/sip/user-agent.ts'
import { type Database, openDatabase } from '../../src/storage/database.ts'
import { SystemClock } from '../../src/util/clock.ts'
import { silentLog } from '../../src/util/log.ts'
import type { OverloadGuard } from '../../src/util/overload.ts'
import { testIdentity } from './certificate.ts'
import { QUICK_ITERATIONS } from './directory.ts'

export const DOMAIN = 'example.com'
export const PASSWORD = 'pencil'

export interface SipSystem {
  readonly database: Database
  readonly directory: Directory
  readonly presence: PresenceService
  readonly access: AccessControl
  readonly subscriptions: Subscriptions
  readonly watchers: Watchers
  readonly sessions: Sessions
  readonly messaging: Messaging
  readonly sip: SipServer
  port(transport: TransportName): number
  /** Ends SIP and the core, and starts them anew on the same database. */
  restart(ports?: { tcpPort: number }): Promise<SipSystem>
}

export type SipOptions = Partial<SipConfig['sip']>

/** Users alice, bob and carol of example.com, everything at 127.0.0.1 on free ports, NOTIFYs without pacing. */
export async function startSipSystem(
  t: TestContext,
  options: SipOptions = {},
  sameSystem: Fallback = 'allow',
  overload?: OverloadGuard,
): Promise<SipSystem> {
  const clock = new SystemClock()
  const database = await openDatabase('sqlite::memory:', { clock })
  const directory = await openDirectory(
    { database, clock, log: silentLog },
    { scramIterations: QUICK_ITERATIONS },
  )
  await directory.addDomain(DOMAIN, { sipDigest: 'both' })
  for (const name of ['alice', 'bob', 'carol']) {
    await directory.addUser({ account: `${name}@${DOMAIN}`, password: PASSWORD })
  }
  const tls = await tlsSource()
  return startOn(t, { database, directory, options, sameSystem, overload, tls })
}

interface Base {
  /** Any free one, where it is not given. */
  tcpPort?: number
  database: Database
  directory: Directory
  options: SipOptions
  sameSystem: Fallback
  overload: OverloadGuard | undefined
  tls: TlsSource
}

async function tlsSource(): Promise<TlsSource> {
  const identity = { ...(await testIdentity([DOMAIN])), minVersion: 'TLSv1.2' as const }
  return {
    identity,
    clientCa: undefined,
    secureContext: () => createSecureContext(identity),
    onChange: () => ({ [Symbol.dispose]: () => undefined }),
  }
}

async function startOn(t: TestContext, base: Base): Promise<SipSystem> {
  const { database, directory, options, overload, tls } = base
  const clock = new SystemClock()
  const deps = { clock, log: silentLog }
  const access = await AccessControl.open({
    ...deps,
    store: accessStore(database, clock),
    grants: grants(directory.contacts),
    people: directory,
    classes: SOURCE_CLASSES,
    sameSystem: base.sameSystem,
    crossDomain: true,
  })
  const subscriptions = new Subscriptions({
    store: subscriptionStore(directory.contacts),
    people: subscriptionPeople(directory),
    access,
    log: silentLog,
  })
  const watchers = new Watchers()
  const presence = new PresenceService({ clock })
  const sessions = new Sessions()
  const offline = await offlineStore(database.kysely, 100)
  const messaging = new Messaging({
    ...deps,
    access,
    sessions,
    accounts: accounts(directory),
    offline,
  })
  const presenceCore = { presence, access, subscriptions, watchers }
  const core = { database, directory, sessions, messaging, ...presenceCore }
  const sip = await startSip(configOf(options, base.tcpPort), { ...deps, ...core, overload, tls })
  let open = true
  const close = async () => {
    if (open) await sip[Symbol.asyncDispose]()
    open = false
  }
  t.after(close)
  return {
    ...core,
    sip,
    port: (transport) =>
      sip.listeners.find((listener) => listener.transport === transport)?.address.port ?? 0,
    async restart({ tcpPort } = { tcpPort: 0 }) {
      await close()
      return startOn(t, { ...base, tcpPort })
    },
  }
}

function configOf(options: SipOptions, tcpPort = 0): SipConfig {
  const free = { host: '127.0.0.1', port: 0 }
  const loaded = loadConfig([], {})
  if (loaded.kind !== 'config') throw new Error('there is no configuration')
  return {
    listen: { sipUdp: free, sipTcp: { ...free, port: tcpPort }, sipTls: free },
    http: loaded.config.http,
    sip: {
      ...loaded.config.sip,
      notifyInterval: 0,
      maxSubscriptions: 1000,
      maxSubscriptionsPerWatcher: 100,
      ...options,
    },
    xmpp: {
      multicast: { enabled: true, name: 'multicast', maxAddresses: 50, senders: 'users' },
      admins: [],
    },
  }
}

export interface PhoneRequest {
  readonly to?: string
  readonly uri?: string
  readonly headers?: readonly (readonly [string, string])[]
  readonly body?: string | Buffer
  readonly callId?: string
  readonly fromTag?: string
  readonly cseq?: number
  /** With its brackets and parameters; its own where not given. */
  readonly contact?: string
}

/** One user's SIP client: answers what it gets with 200, and keeps it. */
export class Phone implements AsyncDisposable {
  readonly name: string
  readonly received: SipRequest[] = []
  /** What it answers, by method. */
  readonly answers = new Map<string, number>()
  readonly #transports: SipTransports
  readonly #agent: SipUserAgent
  #server: Peer
  readonly #contact: string
  readonly #waiting = new Set<() => void>()
  #cseq = 0

  constructor(name: string, parts: { transports: SipTransports; server: Peer; port: number }) {
    this.name = name
    this.#transports = parts.transports
    this.#server = parts.server
    const { transport } = parts.server
    this.#contact = `<sip:${name}@127.0.0.1:${parts.port};transport=${transport}>`
    this.#agent = new SipUserAgent({
      clock: new SystemClock(),
      log: silentLog,
      transports: parts.transports,
    })
    this.#agent.contribute({ supported: ['eventlist'] })
    for (const method of ['NOTIFY', 'MESSAGE', 'REFER']) {
      this.#agent.handle(method, (tx) => {
        tx.respond(createResponse(tx.request, this.answers.get(method) ?? 200))
        this.received.push(tx.request)
        for (const wake of this.#waiting) wake()
      })
    }
  }

  static async open(
    t: TestContext,
    system: Pick<SipSystem, 'port'>,
    name: string,
    transport: TransportName = 'udp',
  ): Promise<Phone> {
    const transports = new SipTransports({
      clock: new SystemClock(),
      log: silentLog,
      tlsClient: { context: () => createSecureContext(), verify: false },
    })
    const at = { host: '127.0.0.1', port: 0 }
    // A TLS phone listens nowhere: it can be reached by its connection alone.
    const { port } =
      transport === 'udp' ? await transports.listenUdp(at) : await transports.listenTcp(at)
    const server = { transport, host: '127.0.0.1', port: system.port(transport) }
    const phone = new Phone(name, { transports, server, port })
    t.after(() => phone[Symbol.asyncDispose]())
    return phone
  }

  /** The Contact that it shows unless told otherwise. */
  get contact(): string {
    return this.#contact
  }

  /** Sends a request, and again with a digest where it is challenged. */
  async send(method: string, init: PhoneRequest = {}): Promise<SipResponse> {
    const identity = { callId: init.callId ?? newCallId(), fromTag: init.fromTag ?? newTag() }
    const first = await this.#agent.request(this.#build(method, init, identity), this.#server)
    const challenge = first.status === 401 ? first.headers.get('WWW-Authenticate') : undefined
    if (challenge === undefined) return first
    const request = this.#build(method, init, identity)
    request.headers.append('Authorization', this.#authorize(challenge, request))
    return this.#agent.request(request, this.#server)
  }

  /** The server was started anew, at another port. */
  turnTo(system: SipSystem): void {
    this.#server = { ...this.#server, port: system.port(this.#server.transport) }
  }

  /** Closes its connections without a word. */
  hangUp(): Promise<void> {
    return this.#transports.close()
  }

  register(...headers: [string, string][]): Promise<SipResponse> {
    const to = `<sip:${this.name}@${DOMAIN}>`
    return this.send('REGISTER', { uri: `sip:${DOMAIN}`, to, callId: `reg-${this.name}`, headers })
  }

  subscribe(whom: string, ...headers: [string, string][]): Promise<SipResponse> {
    return this.send('SUBSCRIBE', { uri: whom, headers: [['Event', 'presence'], ...headers] })
  }

  message(whom: string, text: string): Promise<SipResponse> {
    return this.send('MESSAGE', {
      uri: whom,
      headers: [['Content-Type', 'text/plain']],
      body: text,
    })
  }

  /** The first request, come already or still to come, that is as wanted. */
  async got(method: string, wanted: (request: SipRequest) => boolean = () => true) {
    for (;;) {
      const found = this.received.find((one) => one.method === method && wanted(one))
      if (found) return found
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#waiting.add(resolve)
      await promise
      this.#waiting.delete(resolve)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#agent.close()
    await this.#transports.close()
  }

  #build(method: string, init: PhoneRequest, { callId, fromTag }: Identity): SipRequest {
    this.#cseq += 1
    const { uri = `sip:${this.name}@${DOMAIN}`, headers = [] } = init
    return new SipRequest({
      method,
      uri,
      headers: new SipHeaders([
        ['From', `<sip:${this.name}@${DOMAIN}>;tag=${fromTag}`],
        ['To', init.to ?? `<${uri}>`],
        ['Call-ID', callId],
        ['CSeq', `${this.#cseq} ${method}`],
        ...(method === 'MESSAGE' ? [] : [['Contact', init.contact ?? this.#contact] as const]),
        ...headers,
      ]),
      body: init.body,
    })
  }

  #authorize(challenge: string, { method, uri }: SipRequest): string {
    const params = parseAuthParams(challenge)?.params
    const [realm, nonce] = [params?.get('realm') ?? '', params?.get('nonce') ?? '']
    const algorithm = params?.get('algorithm') === 'MD5' ? 'MD5' : 'SHA-256'
    const cnonce = randomBytes(8).toString('hex')
    const ha1 = digestHash(algorithm, `${this.name}:${realm}:${PASSWORD}`)
    const nc = '00000001'
    const response = digestResponse({ algorithm, ha1, method, uri, nonce, nc, cnonce })
    return (
      `Digest username="${this.name}", realm="${realm}", nonce="${nonce}", uri="${uri}", ` +
      `algorithm=${algorithm}, qop=auth, nc=${nc}, cnonce="${cnonce}", response="${response}"`
    )
  }
}

interface Identity {
  readonly callId: string
  readonly fromTag: string
}
