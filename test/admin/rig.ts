/** The API as the server opens it, over HTTPS and its Unix socket, on a real database. */
import { type IncomingHttpHeaders, type IncomingMessage, request as plainRequest } from 'node:http'
import { request as tlsRequest } from 'node:https'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { startAdmin } from '../../src/admin/admin.ts'
import type { PortableAccounts, Services } from '../../src/admin/services.ts'
import { SignIn } from '../../src/admin/sign-in.ts'
import { type BareJid, requireJid } from '../../src/core/address.ts'
import { AccessControl } from '../../src/core/presence/access/access-control.ts'
import { Contacts } from '../../src/core/presence/contacts.ts'
import { ManualPresence } from '../../src/core/presence/manual-presence.ts'
import { SOURCE_CLASSES } from '../../src/core/presence/observation.ts'
import { PresenceService } from '../../src/core/presence/presence.ts'
import { Subscriptions } from '../../src/core/presence/subscriptions.ts'
import { Watchers } from '../../src/core/presence/watchers.ts'
import { Sessions } from '../../src/core/sessions.ts'
import { openDirectory } from '../../src/directory/directory.ts'
import {
  accessStore,
  administratorStore,
  audit,
  contactPeople,
  grants,
  manualStateStore,
  subscriptionPeople,
  subscriptionStore,
} from '../../src/server/stores.ts'
import { openDatabase } from '../../src/storage/database.ts'
import { createLog } from '../../src/util/log.ts'
import { testIdentity } from '../support/certificate.ts'
import { QUICK_ITERATIONS } from '../support/directory.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { temporaryDirectory } from '../support/temporary.ts'

export const ADMIN = 'admin'
export const PASSWORD = 'correct horse battery'

export interface Call {
  /** Sent as JSON. */
  readonly body?: unknown
  /** Sent as it is. */
  readonly text?: string | Buffer
  readonly type?: string
  /** The Authorization header; the administrator’s password where it is not given, none where it is ''. */
  readonly authorization?: string
}

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  /** `undefined` where the body is empty. */
  readonly json: Json
}

/** As far as tests look into answers; each has some of these. */
export interface Json {
  readonly error: { readonly code: string; readonly message: string }
  readonly account: string
  readonly name: string
  readonly disabled: boolean
  readonly users: readonly { readonly account: string }[]
  readonly domains: readonly { readonly name: string }[]
  readonly devices: readonly { readonly id: string }[]
  readonly failed: readonly { readonly line: number; readonly code: string }[]
  readonly failedTotal: number
  readonly token: string
  readonly expiresAt: string
  readonly entries: readonly Readonly<
    Record<'at' | 'actor' | 'action' | 'target' | 'outcome' | 'source', string> & { id: number }
  >[]
  readonly state: string
  readonly note: string | undefined
  readonly since: string
  readonly manual: boolean
  readonly rule: string & RuleJson
  readonly modalities: Readonly<Record<string, { readonly reachable: boolean }>>
  readonly winner: { readonly source: string }
  readonly levels: readonly { readonly name: string; readonly predefined: boolean }[]
  readonly rules: readonly RuleJson[]
  readonly total: number
  readonly outcome: string
  readonly deleted: number
  readonly crossDomain: boolean
  readonly requests: readonly { readonly watcher: string }[]
  readonly contacts: readonly ContactJson[]
  readonly contact: ContactJson
  readonly decision: string
  readonly visible: string
  readonly classes: readonly string[]
  readonly presence: { readonly state: string; readonly tuples: readonly unknown[] }
  readonly reasons: readonly ReasonJson[]
  readonly address: string
  readonly watches: readonly { readonly watcher: string; readonly presentity: string }[]
  readonly watchers: readonly WatchJson[]
  readonly watchersTotal: number
  readonly reports: readonly { readonly source: string; readonly until: string | undefined }[]
}

export interface RuleJson {
  readonly presentity: string
  readonly watcher: string
  readonly level: string
  readonly action: string
  readonly enforced: boolean
  readonly kind: string
  readonly updatedAt: string
}

export interface ContactJson {
  readonly contact: string
  readonly name: string
  readonly groups: readonly string[]
  readonly matched: boolean
  readonly external: boolean
  readonly presence: string
  readonly subscription: string
  readonly waitsFor: string | undefined
}

export interface ReasonJson {
  readonly class: string
  readonly action: string
  readonly because: string
  readonly rule: RuleJson | undefined
}

interface WatchJson {
  readonly watcher: string
  readonly decision: string
  readonly visible: string
  readonly hidden: readonly ReasonJson[]
}

/** A rule in one line. */
export function ruleText(rule: Omit<RuleJson, 'kind' | 'updatedAt'>): string {
  const { presentity, watcher, level, action, enforced } = rule
  return `${presentity} ${watcher} ${level} ${action}${enforced ? ' enforced' : ''}`
}

/** Lets everything else go on for a moment. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

export function jid(local: string): BareJid {
  return requireJid(`${local}@corp.example`).bare
}

export function basic(name: string, password: string): string {
  return `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`
}

export type Rig = Awaited<ReturnType<typeof openRig>>

export interface RigOptions {
  readonly requestsPerMinute?: number
  /** A data directory to keep. */
  readonly data?: string
  readonly clock?: FakeClock
  readonly portable?: PortableAccounts
}

/** Domains `corp.example` and `west.example`; closed with the test, or before by `close`. */
export async function openRig(t: TestContext, options: RigOptions = {}) {
  const { requestsPerMinute = 100_000, clock = new FakeClock(), portable } = options
  const opened = new AsyncDisposableStack()
  t.after(() => opened.disposeAsync())
  const data = options.data ?? opened.use(temporaryDirectory()).path
  const written: string[] = []
  const log = createLog('trace', { write: (line) => void written.push(line) })
  const url = `sqlite:${join(data, 'test.db')}`
  const database = opened.use(await openDatabase(url, { clock, log }))
  const kernel = await openKernel({ database, clock, log })
  const { manual, signIn } = kernel
  await manual.restore()
  if ((await signIn.createFirst(ADMIN)) !== undefined) await signIn.setPassword(ADMIN, PASSWORD)
  const services: Services = {
    ...kernel,
    ...{ log, clock, portable, version: '1.2.3', listeners: () => LISTENERS },
  }
  const socketPath = join(data, 'heliograph.sock')
  const tls = await identity
  const https = { host: '127.0.0.1', port: 0 }
  const admin = opened.use(
    await startAdmin({ https, socketPath, requestsPerMinute, tls }, services),
  )
  const port = admin.https?.port ?? 0
  const call = (method: string, path: string, given: Call = {}) =>
    exchange(tlsRequest({ port, ...TARGET, ...requestOf(method, path, given) }), given)
  const local = (method: string, path: string, given: Call = {}) => {
    const asked = { authorization: '', ...given }
    return exchange(plainRequest({ socketPath, ...requestOf(method, path, asked) }), asked)
  }
  return {
    ...services,
    database,
    clock,
    data,
    socketPath,
    port,
    call,
    local,
    /** What was logged so far. */
    logged: () => written.join(''),
    close: () => opened.disposeAsync(),
  }
}

/** One for all tests of a file: it takes long to make. */
const identity = testIdentity(['localhost'])

const TARGET = { host: '127.0.0.1', rejectUnauthorized: false, agent: false } as const
const LISTENERS = [{ name: 'xmpp', address: '127.0.0.1', port: 5222, detail: 'XMPP' }]

type KernelDeps = Parameters<typeof openDirectory>[0] & { clock: FakeClock }

async function openKernel(deps: KernelDeps) {
  const { database, clock } = deps
  const directory = await openDirectory(deps, { scramIterations: QUICK_ITERATIONS })
  for (const name of ['corp.example', 'west.example']) {
    if (!directory.isLocal(name)) await directory.addDomain(name)
  }
  const access = await AccessControl.open({
    ...deps,
    store: accessStore(database, clock),
    grants: grants(directory.contacts),
    people: directory,
    classes: SOURCE_CLASSES,
    sameSystem: 'allow',
    crossDomain: true,
  })
  directory.onUserRemoved(({ account }) => access.forget(account))
  directory.onAddressesChanged((account) => void access.addressesChanged(account))
  const presence = new PresenceService({ clock })
  const sessions = new Sessions()
  const manual = new ManualPresence({
    store: manualStateStore(database.kysely),
    presence,
    sessions,
    clock,
    log: deps.log,
  })
  manual.watch()
  const store = subscriptionStore(directory.contacts)
  const people = subscriptionPeople(directory)
  const subscriptions = new Subscriptions({ store, people, access, log: deps.log })
  return {
    directory,
    access,
    subscriptions,
    contacts: new Contacts({ store, people: contactPeople(directory), subscriptions }),
    watchers: new Watchers(),
    presence,
    sessions,
    manual,
    apiLifetimeMs: 3_600_000,
    signIn: new SignIn({
      administrators: administratorStore(database.kysely, clock),
      users: directory,
      clock,
    }),
    audit: audit(database.kysely, clock),
  }
}

export function requestOf(method: string, path: string, given: Call) {
  const { authorization = basic(ADMIN, PASSWORD), body } = given
  const type = given.type ?? (body === undefined ? undefined : 'application/json')
  return {
    method,
    path,
    headers: {
      ...(authorization !== '' && { authorization }),
      ...(type !== undefined && { 'content-type': type }),
    },
  }
}

function exchange(
  outgoing: ReturnType<typeof plainRequest>,
  { body, text }: Call,
): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  outgoing.on('error', reject)
  outgoing.on('response', (incoming) => {
    readAll(incoming).then((read) => {
      const json = read === '' || read[0] !== '{' ? undefined : JSON.parse(read)
      const { statusCode: status = 0, headers } = incoming
      resolve({ status, headers, text: read, json })
    }, reject)
  })
  outgoing.end(text ?? (body === undefined ? undefined : JSON.stringify(body)))
  return promise
}

async function readAll(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks).toString('utf8')
}

export function codeOf({ status, json }: Answer): string {
  return `${status} ${json?.error?.code}`
}
