/** Orders a server that runs on Node to collect its garbage: what it holds is then what it needs. */
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { BenchError, type Collector, type ServerTool } from './scenario.ts'

/** An environment variable that names the file which is there when it has been done. */
export const COLLECTED_FILE = 'BENCH_COLLECTED'

const POLL_MS = 20
const DEADLINE_MS = 30_000

export class NodeCollector implements Collector, ServerTool {
  readonly #done: string
  #pid = 0

  /** `directory` is where the server writes. */
  constructor(directory: string) {
    this.#done = join(directory, 'garbage.collected')
  }

  get environment(): { readonly NODE_OPTIONS: string } & Record<string, string> {
    const preload = pathToFileURL(join(import.meta.dirname, 'collect-preload.ts'))
    return { NODE_OPTIONS: `--import ${preload}`, [COLLECTED_FILE]: this.#done }
  }

  attach(pid: number): void {
    this.#pid = pid
  }

  async collect(): Promise<void> {
    rmSync(this.#done, { force: true })
    process.kill(this.#pid, 'SIGUSR2')
    for (let waited = 0; !existsSync(this.#done); waited += POLL_MS) {
      if (waited > DEADLINE_MS) throw new BenchError('the server did not collect its garbage')
      await wait(POLL_MS)
    }
  }
}
