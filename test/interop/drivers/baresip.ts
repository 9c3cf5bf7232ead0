import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { temporaryDirectory } from '../../support/temporary.ts'
import { Condition } from './condition.ts'
import { freePort } from './free-port.ts'

export interface BaresipOptions {
  user: string
  domain: string
  password: string
  transport: 'udp' | 'tcp' | 'tls'
  port: number
  /** Addresses to subscribe to. */
  contacts?: readonly string[]
  /** Keeps its connection as a flow (RFC 5626), asks for a GRUU (RFC 5627), and can be called. */
  outbound?: boolean
}

const MODULES = '/usr/lib/baresip/modules'

/**
 * Debian’s baresip, a SIP user agent: registers, publishes, subscribes to its contacts, and is told
 * what to do over its control socket. What it sees is read from its SIP trace.
 */
export class Baresip implements AsyncDisposable {
  readonly #directory: Disposable
  readonly #child: ChildProcessWithoutNullStreams
  readonly #control: Socket
  readonly #condition = new Condition()
  #output = ''

  private constructor(
    directory: Disposable,
    child: ChildProcessWithoutNullStreams,
    control: Socket,
  ) {
    this.#directory = directory
    this.#child = child
    this.#control = control
  }

  static async start(options: BaresipOptions): Promise<Baresip> {
    const directory = temporaryDirectory()
    const controlPort = await freePort()
    writeConfig(directory.path, controlPort, options)
    const child = spawn('baresip', ['-f', directory.path, '-v', '-s'])
    // The control socket opens when the configuration is read.
    const control = await untilConnected(controlPort, child)
    const baresip = new Baresip(directory, child, control)
    baresip.#listen()
    return baresip
  }

  /** `message`, `presence_online`, `quit`, … as listed by its `/help`. */
  command(command: string, params = ''): void {
    const text = JSON.stringify({ command, params })
    this.#control.write(`${Buffer.byteLength(text)}:${text},`)
  }

  /** Resolves when its output holds this, past or to come. */
  saw(pattern: RegExp): Promise<RegExpExecArray> {
    return this.#condition.until(
      () => pattern.exec(this.#output) ?? undefined,
      () => `${pattern}; ${this.#output}`,
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#control.destroy()
    if (!this.#condition.hasEnded) {
      this.#child.kill('SIGKILL')
      await once(this.#child, 'close')
    }
    this.#directory[Symbol.dispose]()
  }

  #listen(): void {
    const take = (chunk: Buffer) => {
      this.#output += chunk.toString()
      this.#condition.changed()
    }
    this.#child.stdout.on('data', take)
    this.#child.stderr.on('data', take)
    this.#control.on('error', () => undefined) // the process has ended
    this.#child.on('close', () => this.#condition.end())
  }
}

function writeConfig(directory: string, controlPort: number, options: BaresipOptions): void {
  const { user, domain, password, transport, port, contacts = [], outbound = false } = options
  const nat = outbound ? ';sipnat=outbound;regq=0.5' : ''
  const more = outbound ? ['uuid'] : []
  const write = (name: string, lines: readonly string[]) =>
    writeFileSync(join(directory, name), `${lines.join('\n')}\n`)
  write('config', [
    `module_path ${MODULES}`,
    ...(outbound ? ['g711', 'aubridge'].map((name) => `module ${name}.so`) : []),
    ...[...more, 'account', 'contact', 'menu', 'presence', 'mwi', 'ctrl_tcp'].map(
      (name) => `module_app ${name}.so`,
    ),
    `ctrl_tcp_listen 127.0.0.1:${controlPort}`,
    'sip_listen 127.0.0.1:0',
    ...(outbound ? ['audio_source aubridge,nobody', 'audio_player aubridge,nobody'] : []),
  ])
  write('accounts', [
    `<sip:${user}@${domain};transport=${transport}>;auth_user=${user};auth_pass=${password};outbound="sip:127.0.0.1:${port};transport=${transport}";regint=600;pubint=600${nat}`,
  ])
  write(
    'contacts',
    contacts.map((address) => `"${address}" <sip:${address}>;presence=p2p`),
  )
}

async function untilConnected(
  port: number,
  child: ChildProcessWithoutNullStreams,
): Promise<Socket> {
  for (;;) {
    const socket = connect(port, '127.0.0.1')
    const connected = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true))
      socket.once('error', () => resolve(false))
    })
    if (connected) return socket
    if (child.exitCode !== null) throw new Error('baresip did not start')
    await new Promise(setImmediate)
  }
}
