/** What the harness runs: scenarios, on servers, and what each answers. */

export const SERVERS = ['heliograph', 'prosody', 'ejabberd', 'kamailio'] as const
export type ServerName = (typeof SERVERS)[number]

/** The domain that every server serves. */
export const DOMAIN = 'bench.example'

/** Of the users of `userName`. */
export const PASSWORD = 'a pencil for the bench'

/** XMPP accounts that every XMPP server has: enough for the largest scenario. */
export const XMPP_USERS = 5_000

export const userName = (n: number) => `user${n}`

/** A server that runs on loopback, with every process that belongs to it. */
export interface RunningServer extends AsyncDisposable {
  readonly name: ServerName
  readonly version: string
  /** The root process; its descendants count, too. */
  readonly pid: number
  /** `xmpp`: plain, and TLS after STARTTLS. */
  readonly ports: { readonly xmpp?: number; readonly sipUdp?: number; readonly sipTcp?: number }
}

export interface Figures {
  /** For one operation: microseconds of the server's CPU (user and system), or bytes. */
  readonly cost: number
  readonly operations: number
  /** Operations a second of wall time. */
  readonly perSecond?: number
  readonly p50Ms?: number
  readonly p99Ms?: number
  /** The load generator's CPU: microseconds an operation, and its part of one core. */
  readonly generatorCost?: number
  readonly generatorShare?: number
  /** What a reader of the row should know. */
  readonly note?: string
}

export interface Scale {
  readonly quick: boolean
}

interface About {
  readonly name: string
  /** `µs a delivered message`. */
  readonly unit: string
  readonly servers: readonly ServerName[]
  /** What the ratio to the best peer must not be above, and what it is hoped to be. */
  readonly bar?: { readonly reach: number; readonly aim: number }
}

/** One server at a time, the others idle. */
export interface TurnScenario extends About {
  run(server: RunningServer, scale: Scale): Promise<Figures>
}

/** All servers at a time, each started for it: what waits long, and costs nothing while it waits. */
export interface TogetherScenario extends About {
  runAll(servers: readonly RunningServer[], scale: Scale): Promise<ReadonlyMap<ServerName, Figures>>
}

export type Scenario = TurnScenario | TogetherScenario

/** By `script/bench --only`; a run has failed where one throws. */
export class BenchError extends Error {}
