import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { Inbox } from './inbox.ts'

export type Event = Readonly<Record<string, unknown>> & { readonly event: string }

/**
 * A client program that talks JSON lines. Events are kept, so that a test may ask for one that has
 * already come; each is handed out once.
 */
export class DrivenClient implements AsyncDisposable {
  readonly #child: ChildProcessWithoutNullStreams
  readonly #events = new Inbox<Event>(() => this.#noise)
  #noise = ''

  constructor(command: string, args: readonly string[]) {
    this.#child = spawn(command, args)
    this.#child.stderr.on('data', (chunk: Buffer) => {
      this.#noise += chunk.toString()
    })
    createInterface(this.#child.stdout).on('line', (line) => this.#events.push(JSON.parse(line)))
    this.#child.on('close', () => this.#events.end())
  }

  tell(command: string, more: Readonly<Record<string, unknown>> = {}): void {
    this.#child.stdin.write(`${JSON.stringify({ command, ...more })}\n`)
  }

  /** The first event of this name that matches, past or to come; rejects when it does not come. */
  expect(event: string, matches: (event: Event) => boolean = () => true): Promise<Event> {
    return this.#events.expect((one) => one.event === event && matches(one), event)
  }

  /** What has come of this name so far and was not handed out. */
  seen(event: string): readonly Event[] {
    return this.#events.unread.filter((one) => one.event === event)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#events.hasEnded) return
    this.#child.kill('SIGKILL')
    await once(this.#child, 'close')
  }
}

export interface SlixmppOptions {
  jid: string
  password: string
  port: number
  /** PEM file of the certificate authority to trust. */
  ca: string
  direct_tls?: boolean
  mechanism?: string
  /** Of slixmpp_people.py: makes the account first (XEP-0077). */
  register?: boolean
  /** Of slixmpp_people.py: comes back where its connection breaks (XEP-0198). */
  resume?: boolean
}

/** A client of Debian’s `python3-slixmpp`; `program` is one of the files here. */
export function slixmpp(
  options: SlixmppOptions,
  program: 'slixmpp_client.py' | 'slixmpp_people.py' = 'slixmpp_client.py',
): DrivenClient {
  const script = new URL(program, import.meta.url).pathname
  return new DrivenClient('/usr/bin/python3', [script, JSON.stringify(options)])
}

export interface SmtpServerOptions {
  port?: number
  /** PEM files. */
  cert?: string
  key?: string
  /** TLS from the first byte. */
  implicit?: boolean
  require_starttls?: boolean
  /** A user and his password. */
  auth?: readonly [string, string]
}

/** A mail server: Debian’s `python3-aiosmtpd`. */
export function smtpServer(options: SmtpServerOptions = {}): DrivenClient {
  const script = new URL('./smtp_server.py', import.meta.url).pathname
  return new DrivenClient('/usr/bin/python3', [script, JSON.stringify(options)])
}
