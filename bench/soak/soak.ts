/**
 * A server that is restarted under traffic, in order and by `kill -9`, and watchers who have to be told
 * afterwards how things are: soon, nothing wrong, and in their dialogs of before.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { runCli } from '../../src/cli/cli.ts'
import type { TestServer } from '../../test/support/server.ts'
import { quantile } from '../harness/generator.ts'
import { DOMAIN, userName } from '../harness/scenario.ts'
import { each } from '../load/in-turn.ts'
import { SoakClient } from './client.ts'
import { type Presentity, Publishers } from './publishers.ts'
import { type Faults, type Watch, Watchers } from './watchers.ts'

export const SOAK_OPTIONS = [
  `domains=${DOMAIN}`,
  'log.level=warn',
  'sip.trustedPeers=127.0.0.1',
  'passwords.scramSha1Iterations=4096',
  'passwords.scramSha256Iterations=10000',
  'passwords.scramSha512Iterations=10000',
].flatMap((option) => ['--set', option])

export interface SoakScale {
  readonly subscriptions: number
  readonly presentities: number
  /** Of a hundred subscriptions, those by a connection of the client's. */
  readonly tcpPercent: number
  readonly connections: number
  /** PUBLISHes a second, all the time. */
  readonly perSecond: number
  /** Of traffic before each restart, milliseconds. */
  readonly beforeMs: number
  readonly deadlineMs: number
}

export type Ending = 'SIGTERM' | 'SIGKILL'

export interface Restarted {
  readonly ending: Ending
  /** From the signal to `ready` of the next process. */
  readonly awayMs: number
  /** From `ready` to the current document, of all live subscriptions; of those that got it in time. */
  readonly currentMs: { readonly p50: number; readonly p99: number; readonly max: number }
  /** Not told in time. */
  readonly late: number
  /** Told something, but not the latest, when the traffic had stopped. */
  readonly stale: number
  readonly deactivated: number
  readonly published: number
  readonly notifies: number
}

export interface SoakReport {
  readonly restarts: readonly Restarted[]
  readonly faults: Faults
  readonly examples: readonly string[]
  readonly shortened: number
}

const SETTLE_MS = 20_000
const LOOK_EVERY_MS = 100

export class Soak implements AsyncDisposable {
  readonly #scale: SoakScale
  readonly #client: SoakClient
  readonly #publishers: Publishers
  readonly #watchers: Watchers
  #server: TestServer

  /** `server` runs with `SOAK_OPTIONS`, and is ended with the soak. */
  static async open(server: TestServer, scale: SoakScale): Promise<Soak> {
    await importUsers(server, scale.presentities)
    let watchers: Watchers | undefined
    const client = await SoakClient.open({
      ports: { udp: server.port('sipUdp'), tcp: server.port('sipTcp') },
      connections: scale.connections,
      notified: (text) => watchers?.notified(text),
      reconnected: (connection) => watchers?.reconnected(connection),
    })
    const users = Array.from({ length: scale.presentities }, (_, n) => userName(n))
    const publishers = new Publishers(client, users)
    watchers = new Watchers(client, watches(scale, publishers.presentities))
    return new Soak(server, scale, { client, publishers, watchers })
  }

  private constructor(
    server: TestServer,
    scale: SoakScale,
    parts: { client: SoakClient; publishers: Publishers; watchers: Watchers },
  ) {
    this.#server = server
    this.#scale = scale
    this.#client = parts.client
    this.#publishers = parts.publishers
    this.#watchers = parts.watchers
  }

  async run(endings: readonly Ending[], say: (line: string) => void): Promise<SoakReport> {
    const { presentities } = this.#publishers
    await each(presentities.length, 32, async (at) => {
      const presentity = presentities[at]
      if (presentity) await this.#publishers.publish(presentity)
    })
    say(`${presentities.length} presentities have published`)
    await this.#watchers.subscribeAll()
    await this.#until(() => this.#watchers.stale === 0, SETTLE_MS)
    say(`${this.#watchers.watches.length} subscriptions, ${this.#watchers.stale} not told yet`)
    const restarts: Restarted[] = []
    for (const ending of endings) {
      restarts.push(await this.#restart(ending))
      say(sentence(restarts.at(-1)))
    }
    const { faults, examples, shortened } = this.#watchers
    return { restarts, faults, examples, shortened }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#client[Symbol.dispose]()
    await this.#server[Symbol.asyncDispose]()
  }

  async #restart(ending: Ending): Promise<Restarted> {
    const watchers = this.#watchers
    const before = { ...this.#counts() }
    const working = this.#publishers.work(this.#scale.perSecond)
    await sleep(this.#scale.beforeMs)
    const signalledAt = performance.now()
    this.#server.signal(ending)
    await this.#server.ended
    watchers.expectAnew()
    this.#server = await this.#server.restart()
    const readyAt = performance.now()
    await this.#until(() => watchers.notCurrent === 0, this.#scale.deadlineMs)
    await watchers.refresh(Math.ceil(this.#scale.subscriptions / 100))
    this.#publishers.stop()
    await working
    await this.#until(() => watchers.stale === 0, SETTLE_MS)
    const after = this.#counts()
    const took = watchers.watches.flatMap(({ currentAt }) =>
      currentAt === undefined ? [] : [Math.max(0, currentAt - readyAt)],
    )
    return {
      ending,
      awayMs: readyAt - signalledAt,
      currentMs: { p50: quantile(took, 0.5), p99: quantile(took, 0.99), max: Math.max(0, ...took) },
      late: watchers.notCurrent,
      stale: watchers.stale,
      deactivated: after.deactivated - before.deactivated,
      published: after.published - before.published,
      notifies: after.notifies - before.notifies,
    }
  }

  #counts() {
    const { deactivated, notifies } = this.#watchers
    return { deactivated, notifies, published: this.#publishers.published }
  }

  async #until(holds: () => boolean, deadlineMs: number): Promise<void> {
    const deadline = performance.now() + deadlineMs
    while (!holds() && performance.now() < deadline) await sleep(LOOK_EVERY_MS)
  }
}

export function sentence(restarted: Restarted | undefined): string {
  if (!restarted) return ''
  const { ending, awayMs, currentMs, late, stale, deactivated, published, notifies } = restarted
  const seconds = (ms: number) => (ms / 1000).toFixed(1)
  return (
    `${ending}: ready again after ${seconds(awayMs)} s; current document after ${seconds(currentMs.p50)} s (median), ` +
    `${seconds(currentMs.p99)} s (p99), ${seconds(currentMs.max)} s (last); ${late} late, ${stale} not the latest at the end; ` +
    `${deactivated} told that they are deactivated; ${published} PUBLISHes, ${notifies} NOTIFYs`
  )
}

/** The n-th of a presentity's watchers are his neighbours. */
function watches(scale: SoakScale, presentities: readonly Presentity[]): Watch[] {
  const count = presentities.length
  const found: Watch[] = []
  for (let at = 0; at < scale.subscriptions; at += 1) {
    const presentity = presentities[at % count]
    if (!presentity) continue
    const isTcp = scale.connections > 0 && (at * 37) % 100 < scale.tcpPercent
    found.push({
      watcher: userName((at + 1 + Math.floor(at / count)) % count),
      presentity,
      connection: isTcp ? at % scale.connections : undefined,
      ...{ dialog: undefined, seen: 0, wanted: 0, currentAt: undefined },
    })
  }
  return found
}

async function importUsers(server: TestServer, count: number): Promise<void> {
  const file = join(server.data, 'users.csv')
  const lines = Array.from({ length: count }, (_, n) => `${userName(n)}@${DOMAIN},pencil\n`)
  writeFileSync(file, lines.join(''))
  let said = ''
  const output = {
    out: () => undefined,
    err: (line: string) => {
      said += line
    },
  }
  const code = await runCli(['--data', server.data, 'user', 'import', file], {}, output)
  if (code !== 0) throw new Error(`users were not imported: ${said}`)
}
