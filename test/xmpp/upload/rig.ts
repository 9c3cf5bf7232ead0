/** Shared files over real sockets: a directory, a database, a folder, and an HTTP listener. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import Fastify from 'fastify'
import { type BareJid, requireJid } from '../../../src/core/address.ts'
import { type Directory, openDirectory } from '../../../src/directory/directory.ts'
import { addParts } from '../../../src/net/http-part.ts'
import { type Database, openDatabase } from '../../../src/storage/database.ts'
import type { Clock } from '../../../src/util/clock.ts'
import { type Log, silentLog } from '../../../src/util/log.ts'
import { UPLOAD_PATH, uploadPart } from '../../../src/xmpp/upload/http/upload-part.ts'
import { openUploads } from '../../../src/xmpp/upload/open-uploads.ts'
import type { UploadConfig } from '../../../src/xmpp/upload/upload-config.ts'
import type { SlotLinks, SlotRequest, Uploads } from '../../../src/xmpp/upload/uploads.ts'
import { disposeAfter } from '../../support/databases.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { temporaryDirectory } from '../../support/temporary.ts'

export const DAY_MS = 86_400_000
export const ALICE = requireJid('alice@corp.example').bare
export const ERIN = requireJid('erin@west.example').bare
export const BOB = requireJid('bob@corp.example').bare

export const CONFIG: UploadConfig = {
  name: 'upload',
  domains: [],
  maxSize: 1_000_000,
  types: [],
  keep: 30 * DAY_MS,
  quota: 10_000_000,
  profileQuota: 2000,
  permanentQuota: 0,
  maxProfileSize: 1000,
  bytesPerDay: 10_000_000,
  filesPerDay: 100,
  totalQuota: 0,
  slotTimeout: 300_000,
  maxUploads: 10,
  maxUploadsPerUser: 5,
  maxDownloads: 10,
  maxDownloadsPerAddress: 5,
}

export interface RigOptions {
  config?: Partial<UploadConfig>
  /** What an earlier server left. */
  left?: Left
  log?: Log
  isEncrypted?: boolean
}

export type Left = Pick<Rig, 'clock' | 'database' | 'directory' | 'path'>

export interface Rig {
  readonly clock: FakeClock
  readonly database: Database
  readonly directory: Directory
  readonly uploads: Uploads
  readonly path: string
  readonly port: number
  /** A slot for a text of so many bytes. */
  slot(account?: BareJid, request?: Partial<SlotRequest>): Promise<SlotLinks>
  /** Puts it, and answers the URL to get it from. */
  share(content: string | Uint8Array, request?: Partial<SlotRequest>): Promise<string>
  /** Names on the disk, folders left out. */
  filesOnDisk(): string[]
}

export async function startUploads(t: TestContext, options: RigOptions = {}): Promise<Rig> {
  const { clock, database, directory, path } = options.left ?? (await begin(t))
  const { config, log = silentLog } = options
  let port = 0
  const uploads = disposeAfter(
    t,
    await openUploads({
      clock,
      log,
      directory,
      database,
      config: { ...CONFIG, ...config },
      path,
      baseUrl: () => `http://127.0.0.1:${port}${UPLOAD_PATH}`,
    }),
  )
  port = await listen(t, { uploads, clock, log, isEncrypted: options.isEncrypted ?? true })
  const slot = (account = ALICE, request: Partial<SlotRequest> = {}) =>
    uploads.slot(account, { ...REQUEST, ...request })
  return {
    clock,
    database,
    directory,
    uploads,
    path,
    port,
    slot,
    async share(content, request = {}) {
      const body = typeof content === 'string' ? Buffer.from(content) : content
      const { put, get } = await slot(ALICE, { size: body.length, ...request })
      const headers = request.contentType ? { 'content-type': request.contentType } : {}
      const answer = await fetch(put, { method: 'PUT', body: new Uint8Array(body), headers })
      if (answer.status !== 201) throw new Error(`${answer.status} ${await answer.text()}`)
      return get
    },
    filesOnDisk: () =>
      readdirSync(path, { recursive: true, withFileTypes: true })
        .filter((entry) => !entry.isDirectory())
        .map(({ parentPath, name }) => join(parentPath, name).slice(path.length + 1))
        .sort(),
  }
}

async function begin(t: TestContext): Promise<Left> {
  const clock = new FakeClock()
  const database = disposeAfter(t, await openDatabase('sqlite::memory:', { clock }))
  const directory = await openDirectory({ database, clock, log: silentLog })
  for (const domain of ['corp.example', 'west.example']) await directory.addDomain(domain)
  for (const account of [ALICE, BOB, ERIN]) await directory.addUser({ account })
  const folder = temporaryDirectory()
  t.after(() => folder[Symbol.dispose]())
  return { clock, database, directory, path: join(folder.path, 'uploads') }
}

export const REQUEST: SlotRequest = {
  name: 'hello.txt',
  size: 5,
  contentType: undefined,
  purpose: 'message',
  keepUntil: undefined,
}

interface Listening {
  uploads: Uploads
  clock: Clock
  log: Log
  isEncrypted: boolean
}

async function listen(t: TestContext, { isEncrypted, ...deps }: Listening): Promise<number> {
  const app = Fastify({ routerOptions: { maxParamLength: 3100 }, requestTimeout: 0 })
  const callers = { of: () => ({ address: '127.0.0.1', isEncrypted, isDirect: true }) }
  await addParts(app, [uploadPart({ ...deps, callers })])
  const closed = async () => {
    app.server.closeAllConnections()
    await app.close()
  }
  disposeAfter(t, { [Symbol.asyncDispose]: closed })
  const address = await app.listen({ host: '127.0.0.1', port: 0 })
  return Number(new URL(address).port)
}
