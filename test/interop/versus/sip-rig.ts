/**
 * Debian's Kamailio with its presence modules and Heliograph, with the same domain and the same users, both of which
 * believe whoever comes from this machine: what each makes of the same scenario of SIPp.
 */
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { text } from 'node:stream/consumers'
import { PeerProcess } from '../../../bench/peers/start.ts'
import { startTestServer } from '../../support/server.ts'
import { temporaryDirectory } from '../../support/temporary.ts'
import { freePort } from '../drivers/free-port.ts'
import { Sipp, type SippOptions } from '../drivers/sipp.ts'
import { heliograph, PASSWORD } from '../people.ts'

export const DOMAIN = 'example.com'
const USERS = ['alice', 'bob', 'carol'] as const
const SCHEMAS = '/usr/share/kamailio/db_sqlite'

export type ScenarioOptions = Pick<SippOptions, 'scenario'> & Partial<SippOptions>

interface Ports {
  readonly udp: number
  readonly tcp: number
}

/** One of the two servers. */
export class SipSubject implements AsyncDisposable {
  readonly name: 'Kamailio' | 'Heliograph'
  /** Where XCAP is served (RFC 4825 §6). */
  readonly xcapRoot: string
  readonly #ports: Ports
  readonly #server: AsyncDisposable
  readonly #running = new Set<Sipp>()

  constructor(
    name: SipSubject['name'],
    server: AsyncDisposable,
    at: Ports & { readonly xcapRoot: string },
  ) {
    this.name = name
    this.#server = server
    this.#ports = at
    this.xcapRoot = at.xcapRoot
  }

  /** Bob does something about alice, over UDP, unless it says otherwise. */
  async start(options: ScenarioOptions): Promise<Sipp> {
    const { transport = 'udp' } = options
    const sipp = await Sipp.start({
      ...{ transport: 'udp', to: 'alice', user: 'bob', password: PASSWORD },
      port: this.#ports[transport],
      keys: { domain: DOMAIN },
      deadlineMs: 5_000,
      ...options,
    })
    this.#running.add(sipp)
    return sipp
  }

  async outcome(options: ScenarioOptions): Promise<string> {
    return (await this.start(options)).outcome()
  }

  /** What is answered to a request of Bob’s over XCAP, and the entity-tag. `path` is below the root. */
  async xcap(
    method: string,
    path: string,
    { headers = {}, body = '' }: { headers?: Readonly<Record<string, string>>; body?: string } = {},
  ): Promise<{ status: number; etag: string | undefined; body: string }> {
    const url = new URL(`${this.xcapRoot}/${path}`)
    const ask = url.protocol === 'https:' ? httpsRequest : httpRequest
    const all = { ...headers, 'Content-Length': String(Buffer.byteLength(body)) }
    const auth = `bob:${PASSWORD}`
    const sent = ask(url, { method, headers: all, auth, rejectUnauthorized: false })
    sent.end(body)
    const response: IncomingMessage = (await once(sent, 'response'))[0]
    const { statusCode = 0, headers: said } = response
    return { status: statusCode, etag: said.etag, body: await text(response) }
  }

  /** All scenarios, between one case and the next. */
  async hangUp(): Promise<void> {
    for (const sipp of this.#running) await sipp[Symbol.asyncDispose]()
    this.#running.clear()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.hangUp()
    await this.#server[Symbol.asyncDispose]()
  }
}

export async function startHeliograph(): Promise<SipSubject> {
  const options = [
    ...['sip.notifyInterval=0s', 'sip.trustedPeers=127.0.0.1'],
    ...['sip.maxMessageBytes=1024'],
  ]
  const server = await startTestServer({ args: options.flatMap((one) => ['--set', one]) })
  heliograph(server, 'domain', 'add', DOMAIN, '--sip-digest', 'md5')
  for (const user of USERS) {
    heliograph(server, 'user', 'add', `${user}@${DOMAIN}`, '--password', PASSWORD)
  }
  const xcapRoot = `https://127.0.0.1:${server.port('https')}/xcap`
  return new SipSubject('Heliograph', server, {
    udp: server.port('sipUdp'),
    tcp: server.port('sipTcp'),
    xcapRoot,
  })
}

export async function startKamailio(): Promise<SipSubject> {
  const opened = new AsyncDisposableStack()
  const { path } = opened.use(temporaryDirectory())
  const port = await freePort()
  const database = join(path, 'kamailio.db')
  makeDatabase(database)
  const template = new URL('kamailio.cfg', import.meta.url)
  const filled = readFileSync(template, 'utf8')
    .replaceAll(':@PORT@', `:${port}`)
    .replaceAll('@DATABASE@', database)
  const file = join(path, 'kamailio.cfg')
  writeFileSync(file, filled)
  const runtime = join(path, 'run')
  mkdirSync(runtime)
  // -DD: the main process stays, its workers are children of it.
  const args = ['-DD', '-E', '-f', file, '-Y', runtime, '-m', '64', '-M', '8']
  const process = opened.use(new PeerProcess('kamailio', args))
  await process.ready(port)
  return new SipSubject('Kamailio', opened, {
    udp: port,
    tcp: port,
    xcapRoot: `http://127.0.0.1:${port}/xcap-root`,
  })
}

function makeDatabase(file: string): void {
  const database = new DatabaseSync(file)
  for (const schema of ['standard', 'presence', 'rls', 'usrloc']) {
    database.exec(readFileSync(join(SCHEMAS, `${schema}-create.sql`), 'utf8'))
  }
  // Who reads does not lock out who writes.
  database.exec('PRAGMA journal_mode = WAL')
  database.close()
}
