import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { formatAddress } from '../../../src/config/values.ts'
import { temporaryDirectory } from '../../support/temporary.ts'
import { freePort } from './free-port.ts'

export interface SippOptions {
  /** A scenario of test/interop/sipp, without `.xml`. */
  scenario: string
  port: number
  transport: 'udp' | 'tcp'
  /** Where the server and SIPp are; 127.0.0.1 where not given. */
  host?: string
  /** The user part of the request-URI. */
  to: string
  user: string
  password: string
  keys: Readonly<Record<string, string>>
  /** What each call takes for `[field0]` and so on, a line a call. */
  lines?: readonly (readonly string[])[]
  /** For one that others send to; any free one without it. */
  localPort?: number
  /** What stands for `@NAME@` in the scenario. */
  fill?: Readonly<Record<string, string>>
  deadlineMs?: number
  /** Calls that it makes, or takes where the scenario begins with a request to it. One, where not given. */
  calls?: number
}

const MODES = { udp: 'u1', tcp: 't1' } as const
/** For a scenario that waits for what never comes. */
const DEADLINE_MS = 20_000
const POLL_MS = 20

/** One call of Debian’s SIPp, running a scenario against the server. */
export class Sipp implements AsyncDisposable {
  readonly #directory = temporaryDirectory()
  readonly localPort: number
  readonly #child
  readonly #closed: Promise<unknown>
  readonly #transport: 'udp' | 'tcp'
  #noise = ''

  /** With a port of its own: SIPp would share one with another SIPp, and lose its datagrams to it. */
  static async start(options: SippOptions): Promise<Sipp> {
    return new Sipp(options, options.localPort ?? (await freePort()))
  }

  private constructor(options: SippOptions, localPort: number) {
    const { scenario, port, transport, to, user, password, keys, lines } = options
    const { deadlineMs = DEADLINE_MS, calls = lines?.length ?? 1, host = '127.0.0.1' } = options
    this.localPort = localPort
    this.#transport = transport
    const file = this.#scenarioFile(scenario, options.fill)
    const pairs = Object.entries({ ...keys, user }).flatMap(([name, value]) => [
      '-key',
      name,
      value,
    ])
    this.#child = spawn(
      'sipp',
      [
        ...[
          '-sf',
          file,
          '-m',
          String(calls),
          '-s',
          to,
          '-t',
          MODES[transport],
          '-i',
          host,
          '-p',
          String(localPort),
          '-nostdin',
        ],
        ...['-timeout', String(deadlineMs / 1000), '-timeout_error'],
        ...[
          '-trace_msg',
          '-message_file',
          this.#messages,
          '-trace_err',
          '-error_file',
          this.#errors,
        ],
        ...['-au', user, '-ap', password],
        ...this.#callsFrom(lines),
        ...pairs,
        formatAddress({ host, port }),
      ],
      { cwd: this.#directory.path, stdio: ['ignore', 'pipe', 'pipe'] },
    )
    const keep = (chunk: Buffer) => {
      this.#noise = (this.#noise + chunk).slice(-4000)
    }
    this.#child.stdout.on('data', keep)
    this.#child.stderr.on('data', keep)
    this.#closed = once(this.#child, 'close')
  }

  #callsFrom(lines: SippOptions['lines']): string[] {
    if (!lines) return []
    const file = join(this.#directory.path, 'calls.csv')
    writeFileSync(file, ['SEQUENTIAL', ...lines.map((line) => line.join(';')), ''].join('\n'))
    return ['-inf', file]
  }

  #scenarioFile(scenario: string, fill: SippOptions['fill']): string {
    const file = new URL(`../sipp/${scenario}.xml`, import.meta.url).pathname
    if (!fill) return file
    const filled = join(this.#directory.path, `${scenario}.xml`)
    const value = (whole: string, name: string) => fill[name] ?? whole
    writeFileSync(filled, readFileSync(file, 'utf8').replace(/@([A-Z]+)@/g, value))
    return filled
  }

  get #messages(): string {
    return join(this.#directory.path, 'messages.log')
  }

  get #errors(): string {
    return join(this.#directory.path, 'errors.log')
  }

  /** Resolves when it can be called: SIPp says nothing of it, the kernel does (proc(5): /proc/net/udp). */
  async listening(): Promise<void> {
    const row = new RegExp(
      `^ *\\d+: 0100007F:${this.localPort.toString(16).toUpperCase().padStart(4, '0')} `,
      'm',
    )
    while (!row.test(await readFile(`/proc/net/${this.#transport}`, 'utf8'))) {
      if (this.#child.exitCode !== null) throw new Error(await this.#report())
      await pause(POLL_MS)
    }
  }

  /** Every message so far, in the order of the wire, as SIPp logs them. */
  async trace(): Promise<string> {
    return await readFile(this.#messages, 'utf8').catch(() => '')
  }

  /** Resolves when the trace holds this; rejects when the scenario ends without it. */
  async saw(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const ended = this.#child.exitCode !== null
      const match = pattern.exec(await this.trace())
      if (match) return match
      if (ended) throw new Error(`SIPp ended without ${pattern}\n${await this.#report()}`)
      await pause(POLL_MS)
    }
  }

  /** Resolves when the scenario went as it is written; rejects with what happened instead. */
  async done(): Promise<void> {
    await this.#closed
    if (this.#child.exitCode !== 0) throw new Error(await this.#report())
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#closed
    this.#directory[Symbol.dispose]()
  }

  /** Resolves with `passes`, or with what came instead of what the scenario waits for. */
  async outcome(): Promise<string> {
    await this.#closed
    if (this.#child.exitCode === 0) return 'passes'
    const errors = await this.#errorLog()
    const [, wanted, got] =
      /while expecting '([^']*)'[^,]*, received '(?:SIP\/2\.0 )?(\S+)/.exec(errors) ?? []
    if (wanted !== undefined && got !== undefined) return `${got} instead of ${wanted}`
    const failed = /Failed regexp match: looking in '[^']*', with regexp '([^']*)'/.exec(errors)
    return failed ? `no ${failed[1]}` : 'no answer'
  }

  #errorLog(): Promise<string> {
    return readFile(this.#errors, 'utf8').catch(() => '')
  }

  async #report(): Promise<string> {
    const errors = await this.#errorLog()
    return `exit code ${this.#child.exitCode}\n${errors}\n${await this.trace()}\n${this.#noise}`
  }
}
