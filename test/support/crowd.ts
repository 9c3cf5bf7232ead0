/** Many watchers of one person, over XMPP and over SIP, and what each of them sees last. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type IncomingMessage, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { runCli } from '../../src/cli/cli.ts'
import { parsePidf } from '../../src/formats/pidf.ts'
import { SipHeaders } from '../../src/sip/message/headers.ts'
import { SipRequest } from '../../src/sip/message/message.ts'
import { createResponse, newTag } from '../../src/sip/message/respond.ts'
import { SipTransports } from '../../src/sip/transport/transports.ts'
import { SipUserAgent } from '../../src/sip/user-agent.ts'
import { SystemClock } from '../../src/util/clock.ts'
import { silentLog } from '../../src/util/log.ts'
import type { TestServer } from './server.ts'
import { XmppClient } from './xmpp-client.ts'

export const CROWD_DOMAIN = 'crowd.example'
export const PRESENTITY = `star@${CROWD_DOMAIN}`
/** With it the server takes a SIP watcher's word for who he is, and tells him every change. */
export const CROWD_OPTIONS = [
  `domains=${CROWD_DOMAIN}`,
  'sip.trustedPeers=127.0.0.1',
  'sip.notifyInterval=0s',
  'presence.damping=0s',
  'passwords.scramSha256Iterations=10000',
].flatMap((option) => ['--set', option])
const PASSWORD = 'a pencil for the crowd'
/** What he sees of somebody who is not there. */
export const OFFLINE = 'offline'

/** One of them; `seen` is the note of the person, or `OFFLINE`, each time that he is told. */
export interface CrowdWatcher {
  readonly address: string
  readonly protocol: 'xmpp' | 'sip'
  readonly seen: string[]
}

/** Calls the API as the command line does. Throws where it refuses. */
export async function callApi(
  server: TestServer,
  method: string,
  path: string,
  body?: object,
): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const headers = body && { 'content-type': 'application/json' }
  const socketPath = join(server.data, 'heliograph.sock')
  const sent = request({ socketPath, method, path, ...(headers && { headers }) }, resolve)
  sent.on('error', reject)
  sent.end(body && JSON.stringify(body))
  const response = await promise
  const answer = await text(response)
  if ((response.statusCode ?? 500) < 300) return answer
  throw new Error(`${method} ${path}: ${answer}`)
}

export class Crowd implements AsyncDisposable {
  readonly watchers: CrowdWatcher[] = []
  readonly #server: TestServer
  readonly #opened = new AsyncDisposableStack()
  readonly #waiting = new Set<() => void>()
  readonly #byCallId = new Map<string, CrowdWatcher>()

  private constructor(server: TestServer) {
    this.#server = server
  }

  /** Signs all of them in; each sees the person as he is now. The server runs with `CROWD_OPTIONS`. */
  static async open(server: TestServer, size: { xmpp: number; sip: number }): Promise<Crowd> {
    const crowd = new Crowd(server)
    const names = Array.from({ length: Math.max(size.xmpp, size.sip) }, (_, n) => `fan${n}`)
    await importUsers(server, ['star', ...names])
    await crowd.#openSip(names.slice(0, size.sip))
    for (let at = 0; at < size.xmpp; at += 20) {
      await Promise.all(
        names.slice(at, Math.min(at + 20, size.xmpp)).map((name) => crowd.#openXmpp(name)),
      )
    }
    return crowd
  }

  /** Resolves when `wanted` holds of what everybody saw last. */
  async until(wanted: (watcher: CrowdWatcher) => boolean): Promise<void> {
    while (!this.watchers.every(wanted)) {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#waiting.add(resolve)
      await promise
      this.#waiting.delete(resolve)
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#opened.disposeAsync()
  }

  #saw(watcher: CrowdWatcher, what: string): void {
    watcher.seen.push(what)
    for (const wake of this.#waiting) wake()
  }

  async #openXmpp(name: string): Promise<void> {
    const connect = { port: this.#server.port('xmppTls'), direct: true }
    const jid = `${name}@${CROWD_DOMAIN}`
    const client = this.#opened.use(
      await XmppClient.online(connect, { jid, password: PASSWORD, resource: 'desk' }),
    )
    const watcher: CrowdWatcher = { address: jid, protocol: 'xmpp', seen: [] }
    this.watchers.push(watcher)
    client.watch((el) => {
      if (el.name !== 'presence' || !el.attr('from')?.startsWith(`${PRESENTITY}/`)) return
      const gone = el.attr('type') === 'unavailable'
      this.#saw(watcher, gone ? OFFLINE : (el.child('status')?.text() ?? ''))
    })
    client.send(`<presence type='subscribe' to='${PRESENTITY}'/>`)
    await client.settle()
  }

  async #openSip(names: readonly string[]): Promise<void> {
    const clock = new SystemClock()
    const tlsClient = { context: () => undefined as never, verify: false }
    const transports = new SipTransports({ clock, log: silentLog, tlsClient })
    this.#opened.defer(() => transports.close())
    const { port } = await transports.listenUdp({ host: '127.0.0.1', port: 0 })
    const agent = new SipUserAgent({ clock, log: silentLog, transports })
    this.#opened.defer(() => agent.close())
    agent.handle('NOTIFY', (tx) => {
      tx.respond(createResponse(tx.request, 200))
      const watcher = this.#byCallId.get(tx.request.headers.get('Call-ID') ?? '')
      if (watcher) this.#saw(watcher, noteOf(tx.request.body))
    })
    const peer = { transport: 'udp', host: '127.0.0.1', port: this.#server.port('sipUdp') } as const
    for (let at = 0; at < names.length; at += 20) {
      const some = names.slice(at, at + 20).map(async (name) => {
        const answer = await agent.request(this.#subscribe(name, port), peer)
        if (answer.status !== 200) throw new Error(`SUBSCRIBE of ${name}: ${answer.status}`)
      })
      await Promise.all(some)
    }
  }

  #subscribe(name: string, port: number): SipRequest {
    const callId = `crowd-${name}`
    const watcher: CrowdWatcher = { address: `${name}@${CROWD_DOMAIN}`, protocol: 'sip', seen: [] }
    this.watchers.push(watcher)
    this.#byCallId.set(callId, watcher)
    return new SipRequest({
      method: 'SUBSCRIBE',
      uri: `sip:${PRESENTITY}`,
      headers: new SipHeaders([
        ['From', `<sip:${watcher.address}>;tag=${newTag()}`],
        ['To', `<sip:${PRESENTITY}>`],
        ['Call-ID', callId],
        ['CSeq', '1 SUBSCRIBE'],
        ['Event', 'presence'],
        ['Expires', '3600'],
        ['Contact', `<sip:${name}@127.0.0.1:${port}>`],
      ]),
      body: undefined,
    })
  }
}

function noteOf(body: Buffer): string {
  const { person, tuples } = parsePidf(body)
  if (person?.note !== undefined) return person.note
  return tuples.every(({ basic }) => basic === 'closed') ? OFFLINE : ''
}

async function importUsers(server: TestServer, names: readonly string[]): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'heliograph-crowd-'))
  try {
    const file = join(directory, 'users.csv')
    writeFileSync(file, names.map((name) => `${name}@${CROWD_DOMAIN},${PASSWORD}\n`).join(''))
    let said = ''
    const output = {
      out: () => undefined,
      err: (line: string) => {
        said += line
      },
    }
    const code = await runCli(['--data', server.data, 'user', 'import', file], {}, output)
    if (code !== 0) throw new Error(`users were not imported: ${said}`)
  } finally {
    rmSync(directory, { recursive: true })
  }
}
