/** Calls the API of the running server over the Unix socket in its data directory. */
import { type IncomingMessage, request } from 'node:http'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { CliError } from './exit-codes.ts'

/** Importing a hundred thousand users takes its time; a server that is silent this long is stuck. */
const TIMEOUT_MS = 30 * 60_000

export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly path: string
  readonly body?: unknown
  /** Sent as it is, with this media type. */
  readonly file?: { readonly bytes: Buffer | Readable; readonly type: string }
}

export class ApiClient {
  readonly #socketPath: string

  constructor(dataDirectory: string) {
    this.#socketPath = join(dataDirectory, 'heliograph.sock')
  }

  /** The parsed body of a success, `undefined` where there is none. Throws `CliError`. */
  async call(call: Call): Promise<unknown> {
    const { status, body } = await this.#exchange(call)
    const parsed: unknown = body === '' ? undefined : JSON.parse(body)
    if (status < 300) return parsed
    const { code, message } = parseRefusal(parsed, status)
    throw new CliError('refused', code, message)
  }

  /** The body of a success, as it comes. Throws `CliError`. */
  async download(call: Call): Promise<Readable> {
    const incoming = await this.#send(call)
    const status = incoming.statusCode ?? 0
    if (status < 300) return incoming
    const body = await readAll(incoming)
    const { code, message } = parseRefusal(body === '' ? undefined : JSON.parse(body), status)
    throw new CliError('refused', code, message)
  }

  async #exchange(call: Call): Promise<{ status: number; body: string }> {
    const incoming = await this.#send(call)
    return { status: incoming.statusCode ?? 0, body: await readAll(incoming) }
  }

  #send({ method, path, body, file }: Call): Promise<IncomingMessage> {
    const content = file?.bytes ?? (body === undefined ? undefined : JSON.stringify(body))
    const type = file?.type ?? 'application/json'
    return new Promise((resolve, reject) => {
      const outgoing = request({
        socketPath: this.#socketPath,
        method,
        path,
        timeout: TIMEOUT_MS,
        headers: content === undefined ? {} : { 'content-type': type },
      })
      outgoing.on('response', resolve)
      outgoing.on('timeout', () => outgoing.destroy(new Error('no answer')))
      outgoing.on('error', (error) => reject(unreachable(this.#socketPath, error)))
      if (!(content instanceof Readable)) outgoing.end(content)
      else content.once('error', (error) => outgoing.destroy(error)).pipe(outgoing)
    })
  }
}

function unreachable(socketPath: string, error: Error): CliError {
  const reason = 'code' in error && error.code === 'EACCES' ? 'not allowed' : error.message
  return new CliError(
    'unreachable',
    'CLI_NO_SERVER',
    `no server answers at ${socketPath} (${reason}): start it, or name its data directory with --data`,
  )
}

async function readAll(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks).toString('utf8')
}

function parseRefusal(body: unknown, status: number): { code: string; message: string } {
  if (isRecord(body) && isRecord(body.error)) {
    const { code, message } = body.error
    if (typeof code === 'string' && typeof message === 'string') return { code, message }
  }
  return { code: 'INTERNAL', message: `the server answered with status ${status}` }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

/** A path with its parts escaped: `path`/users/${address}``. */
export function path(parts: TemplateStringsArray, ...values: string[]): string {
  return parts.reduce(
    (text, part, at) => `${text}${encodeURIComponent(values[at - 1] ?? '')}${part}`,
  )
}

/** `?a=1&b=2` of what is set. */
export function query(values: Record<string, string | number | boolean | undefined>): string {
  const set = new URLSearchParams()
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined) set.set(name, String(value))
  }
  return set.size === 0 ? '' : `?${set}`
}
