/** Debian’s BIND 9 on the loopback address, with zones of a test’s own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { Resolver } from 'node:dns/promises'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { temporaryDirectory } from '../../support/temporary.ts'
import { freePort } from './free-port.ts'

/** Records as in a zone file, names relative to the zone. */
export type Zones = Readonly<Record<string, readonly string[]>>

const POLL_MS = 20
const HEAD = `$TTL 300
@ IN SOA ns hostmaster 1 3600 600 86400 60
@ IN NS ns
ns IN A 127.0.0.1
`

export class Bind implements AsyncDisposable {
  /** As `sip.dns.servers` takes it. */
  readonly address: string
  readonly #child: ChildProcess
  readonly #directory: ReturnType<typeof temporaryDirectory>
  readonly #log: () => string

  private constructor(
    child: ChildProcess,
    facts: { address: string; directory: ReturnType<typeof temporaryDirectory> },
  ) {
    this.#child = child
    this.address = facts.address
    this.#directory = facts.directory
    let log = ''
    child.stderr?.on('data', (chunk) => {
      log += chunk
    })
    this.#log = () => log
  }

  /** Resolves when it answers. */
  static async start(zones: Zones): Promise<Bind> {
    const directory = temporaryDirectory()
    const port = await freePort()
    writeFileSync(join(directory.path, 'named.conf'), configuration(directory.path, port, zones))
    for (const [zone, records] of Object.entries(zones)) {
      writeFileSync(join(directory.path, zone), `${HEAD}${records.join('\n')}\n`)
    }
    const child = spawn('named', ['-g', '-4', '-c', join(directory.path, 'named.conf')], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    const bind = new Bind(child, { address: `127.0.0.1:${port}`, directory })
    await bind.#answers(Object.keys(zones)[0] ?? '')
    return bind
  }

  /** How often it was asked for this. */
  queries(name: string, type: string): number {
    return this.#log().split(`query: ${name} IN ${type} `).length - 1
  }

  async #answers(zone: string): Promise<void> {
    const resolver = new Resolver({ timeout: 500, tries: 1 })
    resolver.setServers([this.address])
    for (;;) {
      if (this.#child.exitCode !== null) throw new Error(`named ended\n${this.#log()}`)
      const found = await resolver.resolveSoa(zone).catch(() => undefined)
      if (found) return
      await pause(POLL_MS)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const gone = once(this.#child, 'close')
    this.#child.kill('SIGTERM')
    await gone
    this.#directory[Symbol.dispose]()
  }
}

function configuration(directory: string, port: number, zones: Zones): string {
  const statements = Object.keys(zones).map(
    (zone) => `zone "${zone}" { type primary; file "${join(directory, zone)}"; };`,
  )
  return `options {
  directory "${directory}";
  listen-on port ${port} { 127.0.0.1; };
  listen-on-v6 { none; };
  pid-file none;
  session-keyfile "${join(directory, 'session.key')}";
  recursion no;
  querylog yes;
  check-names primary ignore;
};
controls { };
${statements.join('\n')}
`
}
