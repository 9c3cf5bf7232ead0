/** The servers of a run: their directories, accounts and processes. */
import { cpSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { startEjabberd } from '../peers/ejabberd.ts'
import { startHeliograph } from '../peers/heliograph.ts'
import { startKamailio } from '../peers/kamailio.ts'
import { startProsody } from '../peers/prosody.ts'
import { xmppGenerator } from '../scenarios/xmpp.ts'
import { NodeCollector } from './collector.ts'
import type { RunningServer, ServerName, ServerTool } from './scenario.ts'
import { ServerProfiler } from './server-profiler.ts'
import { settledCpuMs } from './usage.ts'

type Start = (directory: string, tool?: ServerTool) => Promise<RunningServer>

/** Only what runs on Node makes use of a tool. */
const START: Readonly<Record<ServerName, Start>> = {
  heliograph: startHeliograph,
  prosody: startProsody,
  ejabberd: startEjabberd,
  kamailio: startKamailio,
}

/** Accounts being made at a time. */
const CONCURRENCY = 20

interface Fitting {
  /** XMPP users of each server. */
  readonly accounts: number
  readonly isProfiled: boolean
}

export class Fleet {
  readonly #directory: string
  readonly #fitting: Fitting
  readonly #ready = new Map<ServerName, Promise<void>>()
  #copies = 0

  constructor(directory: string, fitting: Fitting) {
    this.#directory = directory
    this.#fitting = fitting
  }

  /** Makes the directories and the accounts of those that have none. */
  async provision(names: Iterable<ServerName>): Promise<void> {
    for (const name of names) await this.#provisioned(name)
  }

  /** What it keeps is there again at the next start. */
  async start(name: ServerName): Promise<RunningServer> {
    await this.#provisioned(name)
    const directory = join(this.#directory, name)
    const profiler = this.#fitting.isProfiled ? new ServerProfiler(directory) : undefined
    return settled(await START[name](directory, profiler))
  }

  /** Of one that does not run at this moment; what the copy changes is lost. */
  async startCopy(name: ServerName): Promise<RunningServer> {
    await this.#provisioned(name)
    this.#copies += 1
    const copy = join(this.#directory, `${name}-${this.#copies}`)
    cpSync(join(this.#directory, name), copy, { recursive: true, filter: isKept })
    return settled(await START[name](copy, new NodeCollector(copy)))
  }

  #provisioned(name: ServerName): Promise<void> {
    const ready = this.#ready.get(name) ?? this.#provision(name)
    this.#ready.set(name, ready)
    return ready
  }

  /** A start of its own: what making accounts leaves in memory is not measured. */
  async #provision(name: ServerName): Promise<void> {
    const directory = join(this.#directory, name)
    mkdirSync(directory, { recursive: true })
    await using server = await settled(await START[name](directory))
    if (server.ports.xmpp === undefined) return
    using generator = xmppGenerator()
    const target = { port: server.ports.xmpp, tls: false }
    const crowd = { ...target, first: 0, count: this.#fitting.accounts, concurrency: CONCURRENCY }
    await generator.call('register', crowd)
  }
}

/** A server that has only just started is late for everything, and may refuse whoever comes as overloaded. */
async function settled(server: RunningServer): Promise<RunningServer> {
  await settledCpuMs(server.pid)
  return server
}

/** A lock or a socket belongs to the one who has it. */
function isKept(path: string): boolean {
  return !/\.(sock|lock|pid)$/.test(path)
}
