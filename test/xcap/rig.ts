/** XCAP on a real database, by requests that go through everything but a socket. */
import type { TestContext } from 'node:test'
import Fastify, { type LightMyRequestResponse } from 'fastify'
import { type BareJid, requireJid } from '../../src/core/address.ts'
import { AccessControl } from '../../src/core/presence/access/access-control.ts'
import { Contacts } from '../../src/core/presence/contacts.ts'
import { SOURCE_CLASSES } from '../../src/core/presence/observation.ts'
import { PresenceService } from '../../src/core/presence/presence.ts'
import { Subscriptions } from '../../src/core/presence/subscriptions.ts'
import { type Directory, openDirectory } from '../../src/directory/directory.ts'
import { addParts } from '../../src/net/http-part.ts'
import {
  accessStore,
  audit,
  contactPeople,
  grants,
  subscriptionPeople,
  subscriptionStore,
} from '../../src/server/stores.ts'
import { type Database, openDatabase } from '../../src/storage/database.ts'
import { silentLog } from '../../src/util/log.ts'
import type { ApplicationUsage } from '../../src/xcap/application-usage.ts'
import { startXcap, type Xcap, type XcapConfig } from '../../src/xcap/xcap.ts'
import { XcapRefusal } from '../../src/xcap/xcap-refusal.ts'
import type { OpenDatabase } from '../support/databases.ts'
import { QUICK_ITERATIONS } from '../support/directory.ts'
import { FakeClock } from '../support/fake-clock.ts'

export interface XcapRig {
  readonly clock: FakeClock
  readonly database: Database
  readonly directory: Directory
  readonly access: AccessControl
  readonly presence: PresenceService
  readonly contacts: Contacts
  readonly subscriptions: Subscriptions
  readonly xcap: Xcap
  /** As alice, below the root, unless `as` says otherwise. */
  call(method: Method, path: string, call?: Call): Promise<Answer>
}

type Method = 'GET' | 'HEAD' | 'PUT' | 'DELETE' | 'POST'

export interface Call {
  readonly body?: string | Buffer
  readonly type?: string
  readonly ifMatch?: string
  readonly ifNoneMatch?: string
  /** The Authorization header; none where it is ''. */
  readonly as?: string
}

export interface Answer {
  readonly status: number
  readonly text: string
  readonly type: string | undefined
  /** Without its quotes. */
  readonly etag: string | undefined
  readonly headers: LightMyRequestResponse['headers']
}

export const EL = 'application/xcap-el+xml'
export const ATT = 'application/xcap-att+xml'

export function jid(local: string): BareJid {
  return requireJid(`${local}@corp.example`).bare
}

/** Whose password is his name, in tests of all but passwords. */
export function basic(name: string, password = name): string {
  return `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`
}

const XCAP = {
  enabled: true,
  root: '/xcap',
  maxDocument: 20_000,
  maxDocuments: 5,
  quota: 40_000,
  requestsPerMinute: 10_000,
}

export interface RigOptions {
  readonly xcap?: Partial<XcapConfig['xcap']>
  /** Besides those of the server. */
  readonly usages?: readonly ApplicationUsage[]
  readonly open?: OpenDatabase
  readonly encrypted?: boolean
}

/** Alice, Bob, Carol and Dave are users of corp.example. */
export async function openRig(t: TestContext, options: RigOptions = {}): Promise<XcapRig> {
  const clock = new FakeClock()
  const log = silentLog
  const database = options.open
    ? await options.open(t, { clock })
    : await openDatabase('sqlite::memory:', { clock })
  if (!options.open) t.after(() => database[Symbol.asyncDispose]())
  const directory = await openDirectory(
    { database, clock, log },
    { scramIterations: QUICK_ITERATIONS },
  )
  await directory.addDomain('corp.example', { sipDigest: 'both' })
  for (const name of ['alice', 'bob', 'carol', 'dave']) {
    await directory.addUser({ account: jid(name), password: name, name: `${name} corp` })
  }
  const access = await AccessControl.open({
    ...{ clock, log, people: directory, classes: SOURCE_CLASSES },
    store: accessStore(database, clock),
    grants: grants(directory.contacts),
    sameSystem: 'allow',
    crossDomain: true,
  })
  const presence = new PresenceService({ clock, dampingMs: 0, graceMs: 0 })
  const store = subscriptionStore(directory.contacts)
  const subscriptions = new Subscriptions({
    ...{ store, access, log },
    people: subscriptionPeople(directory),
  })
  const contacts = new Contacts({ store, people: contactPeople(directory), subscriptions })
  const config = { xcap: { ...XCAP, ...options.xcap }, http: { trustedProxies: ['192.0.2.1'] } }
  const deps = { clock, log, database, directory, access, presence, contacts, subscriptions }
  const httpAddress = () => 'https://xcap.corp.example'
  const trail = audit(database.kysely, clock)
  const parts = { ...deps, httpAddress, check: check(directory), audit: trail }
  const xcap = await startXcap(config, parts, options.usages)
  t.after(() => xcap[Symbol.dispose]())
  const app = Fastify()
  t.after(() => app.close())
  await addParts(app, xcap.httpParts)
  const proto = options.encrypted === false ? 'http' : 'https'
  return {
    ...{ ...deps, xcap },
    async call(method, path, { body, type, ifMatch, ifNoneMatch, as = basic('alice') } = {}) {
      const answer = await app.inject({
        method,
        url: `/xcap${path}`,
        remoteAddress: '192.0.2.1',
        headers: {
          host: 'xcap.corp.example',
          'x-forwarded-for': '198.51.100.7',
          'x-forwarded-proto': proto,
          ...(as !== '' && { authorization: as }),
          ...(type !== undefined && { 'content-type': type }),
          ...(ifMatch !== undefined && { 'if-match': ifMatch }),
          ...(ifNoneMatch !== undefined && { 'if-none-match': ifNoneMatch }),
        },
        ...(body !== undefined && { payload: body }),
      })
      const { statusCode: status, body: text, headers } = answer
      const etag = headers.etag?.replace(/^"|"$/g, '')
      return { status, text, type: headers['content-type'], etag, headers }
    },
  }
}

/** As the API would, without its throttles. */
function check(directory: Directory) {
  return async (authorization: string) => {
    const given = Buffer.from(authorization.replace(/^Basic /, ''), 'base64').toString()
    const [name = '', password = ''] = given.split(':')
    if (name === 'admin' && password === 'admin') return { role: 'administrator' as const, name }
    const account = requireJid(name).bare
    if (await directory.verifyPassword(account, password)) return { role: 'user' as const, account }
    throw new XcapRefusal(401, 'wrong')
  }
}
