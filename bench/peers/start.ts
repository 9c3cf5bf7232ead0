/** What all peers have in common: a process in the foreground that is ready when its port answers. */
import { type ChildProcess, execFileSync, type SpawnOptions, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { BenchError, DOMAIN } from '../harness/scenario.ts'

const READY_DEADLINE_MS = 60_000
const STOP_DEADLINE_MS = 10_000

const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) kill(child, 'SIGKILL')
})

/** A process and, as its group, all that it starts. */
export class PeerProcess implements AsyncDisposable {
  readonly #child: ChildProcess
  #output = ''

  constructor(command: string, args: readonly string[], options: SpawnOptions = {}) {
    this.#child = spawn(command, args, {
      ...options,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    running.add(this.#child)
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (chunk) => {
        this.#output = `${this.#output}${chunk}`.slice(-10_000)
      })
    }
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  /** Resolves when a TCP port accepts. Throws with what it has said where it ends, or takes too long. */
  async ready(port: number): Promise<void> {
    const deadline = performance.now() + READY_DEADLINE_MS
    while (!(await accepts(port))) {
      if (this.#child.exitCode !== null || performance.now() > deadline) {
        throw new BenchError(`${this.#child.spawnfile} did not start: ${this.#output}`)
      }
      await wait(50)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const ended = once(this.#child, 'exit')
      kill(this.#child, 'SIGTERM')
      const late = setTimeout(() => kill(this.#child, 'SIGKILL'), STOP_DEADLINE_MS)
      await ended
      clearTimeout(late)
    }
    // Its children may outlive it.
    kill(this.#child, 'SIGKILL')
    running.delete(this.#child)
  }
}

function kill(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    process.kill(-(child.pid ?? 0), signal)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

/** One that nobody has at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address ? address.port : 0
}

/** The file beside this one, every `@NAME@` filled in, written to `target`. */
export function writeConfiguration(
  template: string,
  target: string,
  values: Readonly<Record<string, string | number>>,
): void {
  const text = readFileSync(join(import.meta.dirname, template), 'utf8')
  writeFileSync(
    target,
    text.replaceAll(/@([A-Z]+)@/g, (whole, name) =>
      name in values ? String(values[name]) : whole,
    ),
  )
}

/** ECDSA on P-256, what Heliograph makes for itself: paths of certificate and key. */
export function makeCertificate(directory: string): { certificate: string; key: string } {
  const certificate = join(directory, 'certificate.pem')
  const key = join(directory, 'key.pem')
  const name = ['-subj', `/CN=${DOMAIN}`, '-addext', `subjectAltName=DNS:${DOMAIN}`]
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  const files = ['-keyout', key, '-out', certificate]
  execFileSync('openssl', ['req', '-x509', '-days', '30', ...curve, ...name, ...files], {
    stdio: 'pipe',
  })
  return { certificate, key }
}

/** Of a Debian package; throws `BenchError` where it is not installed. */
export function packageVersion(name: string): string {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is dpkg's own.
  return execFileSync('dpkg-query', ['-W', '-f=${Version}', name], { encoding: 'utf8' })
}
