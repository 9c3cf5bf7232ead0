/** The real server as a process of its own, started by the command that operators use. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { formatAddress, type ListenAddress, parseAddress } from '../../src/config/values.ts'
import { WORKERS } from './links.ts'
import { temporaryDirectory } from './temporary.ts'

const COMMAND = join(import.meta.dirname, '../../script/server')
const LISTENERS = ['xmpp', 'xmppTls', 'sipUdp', 'sipTcp', 'sipTls', 'https'] as const
export type ListenerName = (typeof LISTENERS)[number]

/** Long, for a machine that does much else; nothing waits for it that goes well. */
const READY_DEADLINE_MS = 60_000

export interface ServerOptions {
  /** More arguments, after those that give every listener a free port of the loopback address. */
  args?: readonly string[]
  env?: Readonly<Record<string, string>>
  /** A data directory to keep; otherwise one that is removed with the server. */
  data?: string
  cwd?: string
}

export interface Ended {
  /** As a shell tells it: 128 and its number for a signal that nobody handled. */
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** Runs the server until it ends by itself: for what is refused. Throws where it starts after all. */
export async function runServer(
  args: readonly string[],
  options: ServerOptions = {},
): Promise<Ended> {
  const process = new ServerProcess(args, options)
  process.ready.then(
    () => process.child.kill('SIGKILL'),
    () => undefined,
  )
  const ended = await process.ended
  if (process.lines.includes('ready')) throw new Error(`the server started\n${ended.stderr}`)
  return ended
}

/** Starts the server and waits for `ready`. Throws with all its output where it ends instead. */
export async function startTestServer(options: ServerOptions = {}): Promise<TestServer> {
  const own = options.data === undefined ? temporaryDirectory() : undefined
  const data = options.data ?? own?.path ?? ''
  const free = LISTENERS.flatMap((name) => ['--set', `listen.${name}=127.0.0.1:0`])
  if (WORKERS > 0) free.push('--set', `workers=${WORKERS}`)
  const process = new ServerProcess(['--data', data, ...free, ...(options.args ?? [])], options)
  try {
    await process.ready
    return new TestServer(process, { data, own, options })
  } catch (error) {
    own?.[Symbol.dispose]()
    throw error
  }
}

interface Origin {
  data: string
  own: Disposable | undefined
  options: ServerOptions
}

export class TestServer implements AsyncDisposable {
  readonly data: string
  readonly #process: ServerProcess
  readonly #origin: Origin

  constructor(process: ServerProcess, origin: Origin) {
    this.#process = process
    this.#origin = origin
    this.data = origin.data
  }

  /** Lines of standard output so far. */
  get lines(): readonly string[] {
    return this.#process.lines
  }

  /** Standard error so far: the log, a JSON object a line. */
  get log(): string {
    return this.#process.stderr
  }

  get pid(): number {
    return this.#process.child.pid ?? 0
  }

  /** Where a listener accepts. */
  address(name: ListenerName): ListenAddress {
    const address = parseAddress(this.word(name)?.split(' ')[0] ?? '')?.value
    if (!address) throw new Error(`the server did not say where ${name} listens`)
    return address
  }

  port(name: ListenerName): number {
    return this.address(name).port
  }

  /** What follows a first word of standard output: `word('api')` is the API's URL. */
  word(first: string): string | undefined {
    const line = this.lines.find((candidate) => candidate.startsWith(`${first} `))
    return line?.slice(first.length).trim()
  }

  /** The password of `--demo`'s users; only at the first start with a data directory. */
  get demoPassword(): string {
    return this.#password('demo')
  }

  get adminPassword(): string {
    return this.#password('admin')
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.child.kill(signal)
  }

  /** Resolves when the process has gone. */
  get ended(): Promise<Ended> {
    return this.#process.ended
  }

  /** Asks it to stop, and answers how it ended. */
  stop(): Promise<Ended> {
    this.signal('SIGTERM')
    return this.ended
  }

  /** Without a chance to put anything in order. */
  async kill(): Promise<void> {
    this.signal('SIGKILL')
    await this.ended
  }

  /** Another process on the same data directory and the same addresses; this one must have ended. */
  async restart(): Promise<TestServer> {
    await this.ended
    const { options, own } = this.#origin
    const same = LISTENERS.filter((name) => this.word(name) !== undefined).flatMap((name) => [
      '--set',
      `listen.${name}=${formatAddress(this.address(name))}`,
    ])
    const args = [...(options.args ?? []), ...same]
    const next = await startTestServer({ ...options, args, data: this.data })
    // The directory goes with the last of them.
    next.#origin.own = own
    this.#origin.own = undefined
    return next
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.signal('SIGKILL')
    await this.ended
    this.#origin.own?.[Symbol.dispose]()
  }

  #password(word: string): string {
    const [, password] = /password (\S+)/.exec(this.word(word) ?? '') ?? []
    if (!password) throw new Error(`the server showed no password for ${word}`)
    return password
  }
}

class ServerProcess {
  readonly child: ChildProcess
  readonly lines: string[] = []
  stderr = ''
  readonly ended: Promise<Ended>
  readonly ready: Promise<void>

  constructor(args: readonly string[], { env = {}, cwd }: ServerOptions) {
    const child = spawn(COMMAND, args, {
      env: { ...withoutOptions(process.env), ...env },
      cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.child = child
    running.add(child)
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text
    })
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const late = setTimeout(() => child.kill('SIGKILL'), READY_DEADLINE_MS)
    createInterface({ input: child.stdout }).on('line', (line) => {
      this.lines.push(line)
      if (line === 'ready') resolve()
    })
    promise.catch(() => undefined).finally(() => clearTimeout(late))
    this.ready = promise
    this.ended = this.#end().then((ended) => {
      reject(new Error(`the server ended (${ended.code})\n${ended.stdout}\n${ended.stderr}`))
      return ended
    })
  }

  async #end(): Promise<Ended> {
    await once(this.child, 'close')
    running.delete(this.child)
    const { exitCode, signalCode } = this.child
    const code = exitCode ?? (signalCode === 'SIGKILL' ? 137 : 1)
    return { code, stdout: this.lines.join('\n'), stderr: this.stderr }
  }
}

/** What the tester has set for his own server is not for this one. */
function withoutOptions(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(env).filter(
    ([name]) => !name.startsWith('HELIOGRAPH_') || name.startsWith('HELIOGRAPH_TEST_'),
  )
  return Object.fromEntries(kept)
}
