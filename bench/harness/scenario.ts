/** What the harness runs: scenarios, on servers, and what each answers. */

export const SERVERS = ['heliograph', 'prosody', 'ejabberd', 'kamailio'] as const
export type ServerName = (typeof SERVERS)[number]

/** The domain that every server serves. */
export const DOMAIN = 'bench.example'

/** Of the users of `userName`. */
export const PASSWORD = 'a pencil for the bench'

/** XMPP accounts that every XMPP server has: enough for the largest scenario. */
export const XMPP_USERS = 5_020

export const userName = (n: number) => `user${n}`

/** A server that runs on loopback, with every process that belongs to it. */
/** Something that is started with a server. */
export interface ServerTool {
  readonly environment: { readonly NODE_OPTIONS: string } & Readonly<Record<string, string>>
  attach(pid: number): void
}

/** Where the server's language has garbage, and a way to have it collected. */
export interface Collector {
  collect(): Promise<void>
}

export interface RunningServer extends AsyncDisposable {
  readonly name: ServerName
  readonly version: string
  /** The root process; its descendants count, too. */
  readonly pid: number
  /** `xmpp`: plain, and TLS after STARTTLS. */
  readonly ports: { readonly xmpp?: number; readonly sipUdp?: number; readonly sipTcp?: number }
  /** Where it was started with one. */
  readonly profiler?: Profiler | undefined
  readonly collector?: Collector | undefined
}

/** Keeps the profile of what happens between the two; the last one counts. */
export interface Profiler {
  start(): Promise<void>
  stop(): Promise<void>
  /** Writes it, and what can be read of it, to files called `name`. */
  keep(directory: string, name: string): void
}

export interface Figures {
  /** For one operation: microseconds of the server's CPU (user and system), or bytes. */
  readonly cost: number
  readonly operations: number
  /** Operations a second of wall time. */
  readonly perSecond?: number
  readonly p50Ms?: number
  readonly p99Ms?: number
  /** CPU in parts of one core: 2 is two cores. */
  readonly serverShare?: number
  /** The load generators' CPU: microseconds an operation, and parts of one core of the busiest of them. */
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

/** Servers take turns, all started, the others idle. */
export interface TurnScenario extends About {
  /** Once for each server before its first round: what the server keeps. */
  prepare?(server: RunningServer): Promise<void>
  run(server: RunningServer, scale: Scale): Promise<Figures>
}

/**
 * Memory: each server is started for it alone and held with a few of the crowd, filled after one wait,
 * and measured after another: for what waits long, and costs no CPU while it waits.
 */
export interface HeldScenario extends About {
  /** Its crowd comes so slowly that it disturbs nobody, and may come beside another. */
  readonly isSlow?: boolean
  /**
   * A server whose language has garbage is told to collect it before each look, and to close the holes: what a
   * crowd left behind when it came is used again by the next, and is not what each of them needs.
   */
  readonly isCollected?: boolean
  hold(server: RunningServer, scale: Scale): Promise<Held>
}

export interface Held extends Disposable {
  /** All the others come. Resolves with how many. */
  fill(): Promise<number>
  /** Rejects where one of all does not answer any more. */
  verify(): Promise<void>
}

export type Scenario = TurnScenario | HeldScenario

/** What `script/bench` says without a stack: a peer is missing, an argument is wrong. */
export class BenchError extends Error {}

/** Rejects with a `BenchError` that says where it failed. */
export async function blame<T>(
  scenario: Scenario,
  server: RunningServer,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw new BenchError(`${scenario.name}, ${server.name}: ${String(error)}`, { cause: error })
  }
}
