/** CPU profiles of a server that runs on Node, from the first operation measured until it is idle again. */
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { flameGraph, fold, parseCpuProfile, selfTimes } from './flame-graph.ts'
import { BenchError, type Profiler, type ServerTool } from './scenario.ts'

/** Environment variables that name files: one that is there when the profile has begun, and the profile. */
export const STARTED_FILE = 'BENCH_PROFILE_STARTED'
export const PROFILE_FILE = 'BENCH_PROFILE'

const POLL_MS = 20
/** A long profile is many megabytes of JSON. */
const DEADLINE_MS = 30_000

export class ServerProfiler implements Profiler, ServerTool {
  readonly #started: string
  readonly #file: string
  #pid = 0

  /** `directory` is where the server writes. */
  constructor(directory: string) {
    this.#started = join(directory, 'profile.started')
    this.#file = join(directory, 'profile.cpuprofile')
  }

  /** What the server has to be started with. */
  get environment(): { readonly NODE_OPTIONS: string } & Record<string, string> {
    const preload = pathToFileURL(join(import.meta.dirname, 'profile-preload.ts'))
    return {
      NODE_OPTIONS: `--import ${preload}`,
      [STARTED_FILE]: this.#started,
      [PROFILE_FILE]: this.#file,
    }
  }

  /** To be called before the first `start`. */
  attach(pid: number): void {
    this.#pid = pid
  }

  async start(): Promise<void> {
    rmSync(this.#started, { force: true })
    rmSync(this.#file, { force: true })
    process.kill(this.#pid, 'SIGUSR2')
    await appears(this.#started)
  }

  async stop(): Promise<void> {
    process.kill(this.#pid, 'SIGUSR2')
    await appears(this.#file)
  }

  keep(directory: string, name: string): void {
    if (!existsSync(this.#file)) return
    mkdirSync(directory, { recursive: true })
    copyFileSync(this.#file, join(directory, `${name}.cpuprofile`))
    const root = fold(parseCpuProfile(readFileSync(this.#file, 'utf8')))
    writeFileSync(join(directory, `${name}.svg`), flameGraph(root, name))
    writeFileSync(join(directory, `${name}.txt`), selfTimes(root, name))
    // The next scenario may not be profiled.
    rmSync(this.#file)
  }
}

async function appears(file: string): Promise<void> {
  const deadline = performance.now() + DEADLINE_MS
  while (!existsSync(file)) {
    if (performance.now() > deadline) throw new BenchError(`the server did not write ${file}`)
    await wait(POLL_MS)
  }
}
