/** The servers of a run: their directories, accounts and processes. */
import { cpSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { startEjabberd } from '../peers/ejabberd.ts'
import { startHeliograph } from '../peers/heliograph.ts'
import { startKamailio } from '../peers/kamailio.ts'
import { startProsody } from '../peers/prosody.ts'
import { xmppGenerator } from '../scenarios/xmpp.ts'
import type { RunningServer, ServerName } from './scenario.ts'

const START: Readonly<Record<ServerName, (directory: string) => Promise<RunningServer>>> = {
  heliograph: startHeliograph,
  prosody: startProsody,
  ejabberd: startEjabberd,
  kamailio: startKamailio,
}

/** Accounts being made at a time. */
const CONCURRENCY = 20

export class Fleet {
  readonly #directory: string
  readonly #accounts: number
  readonly #ready = new Set<ServerName>()
  #copies = 0

  constructor(directory: string, accounts: number) {
    this.#directory = directory
    this.#accounts = accounts
  }

  /** What it keeps is there again at the next start. The first makes the accounts. */
  async start(name: ServerName): Promise<RunningServer> {
    const directory = join(this.#directory, name)
    if (!this.#ready.has(name)) {
      mkdirSync(directory, { recursive: true })
      await this.#provision(name, directory)
      this.#ready.add(name)
    }
    return START[name](directory)
  }

  /** Beside the one that `start` started; what it changes is lost. */
  async startCopy(name: ServerName): Promise<RunningServer> {
    if (!this.#ready.has(name)) await (await this.start(name))[Symbol.asyncDispose]()
    this.#copies += 1
    const copy = join(this.#directory, `${name}-${this.#copies}`)
    cpSync(join(this.#directory, name), copy, { recursive: true, filter: isKept })
    return START[name](copy)
  }

  /** A start of its own: what making accounts leaves in memory is not measured. */
  async #provision(name: ServerName, directory: string): Promise<void> {
    await using server = await START[name](directory)
    if (server.ports.xmpp === undefined) return
    using generator = xmppGenerator()
    const target = { port: server.ports.xmpp, tls: false }
    const crowd = { ...target, first: 0, count: this.#accounts, concurrency: CONCURRENCY }
    await generator.call('register', crowd)
  }
}

/** A lock or a socket belongs to the one who has it. */
function isKept(path: string): boolean {
  return !/\.(sock|lock|pid)$/.test(path)
}
