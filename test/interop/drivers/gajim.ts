import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as pause } from 'node:timers/promises'

const POLL_MS = 200
/** Long, for a machine that does much else; nothing waits for it that goes well. */
const DEADLINE_MS = 30_000
const ACCOUNT = 'account'
/** Gajim refuses to run as root, who runs the tests in a container; then it runs as nobody. */
const NOBODY = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}

export interface GajimOptions {
  /** Where it keeps everything; empty, and removed by whoever made it. */
  home: string
  user: string
  domain: string
  password: string
  /** Of 127.0.0.1, with STARTTLS. */
  port: number
  /** PEM, trusted like one that its user has accepted. */
  certificate: string
}

/** Gajim, a client with windows, on a display of its own that nobody sees; steered over a message bus of its own. */
export class Gajim implements AsyncDisposable {
  readonly #children: ChildProcess[] = []
  readonly #env: Record<string, string | undefined>
  #noise = ''

  private constructor(home: string) {
    this.#env = { ...process.env, HOME: home, LANG: 'C.UTF-8', NO_AT_BRIDGE: '1' }
    for (const kind of ['CONFIG', 'DATA', 'CACHE']) {
      this.#env[`XDG_${kind}_HOME`] = join(home, kind.toLowerCase())
    }
  }

  /** Starts it; that it has signed in its contacts see. */
  static async start(options: GajimOptions): Promise<Gajim> {
    const gajim = new Gajim(options.home)
    try {
      prepareProfile(options)
      const display = ['-displayfd', '1', '-screen', '0', '1000x500x24', '-nolisten', 'tcp', '-ac']
      gajim.#env.DISPLAY = `:${await gajim.#firstLine('Xvfb', display)}`
      const bus = ['--session', '--nofork', '--nosyslog', '--print-address=1']
      gajim.#env.DBUS_SESSION_BUS_ADDRESS = await gajim.#firstLine('dbus-daemon', bus)
      gajim.#spawn('gajim', [])
      return gajim
    } catch (error) {
      await gajim[Symbol.asyncDispose]()
      throw error
    }
  }

  /** Resolves when it can be steered, which is some seconds after its start. */
  async listens(): Promise<void> {
    const deadline = performance.now() + DEADLINE_MS
    const asks = () => spawnSync('gajim-remote', ['list_accounts'], this.#surroundings)
    for (let { status, stderr } = asks(); status !== 0; { status, stderr } = asks()) {
      if (performance.now() > deadline) throw new Error(`gajim-remote: ${stderr}`)
      await pause(POLL_MS)
    }
  }

  say(to: string, words: string): void {
    this.#run('gajim-remote', 'send_chat_message', to, words, ACCOUNT)
  }

  /** Shows the conversation with a contact, which has begun. */
  open(jid: string): void {
    this.#run('gajim', `xmpp:${jid}?message`)
  }

  /** All that is on its display, as a PNG of few colours. */
  photograph(file: string): void {
    const { status, stderr } = spawnSync(
      'import',
      ['-window', 'root', '+dither', '-colors', '200', `png8:${file}`],
      { env: this.#env },
    )
    if (status !== 0) throw new Error(`no picture: ${stderr}`)
  }

  /** What it has written so far, for reports. */
  get noise(): string {
    return this.#noise
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#children.toReversed()) {
      if (child.exitCode !== null || child.signalCode !== null) continue
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
  }

  get #surroundings(): { env: NodeJS.ProcessEnv; cwd: string } {
    return { env: this.#env, cwd: '/', ...NOBODY }
  }

  #spawn(command: string, args: readonly string[]): ChildProcess {
    const who = command === 'Xvfb' ? {} : NOBODY // who may make no sockets for displays
    const stdio: ['ignore', 'pipe', 'pipe'] = ['ignore', 'pipe', 'pipe']
    const child = spawn(command, args, { env: this.#env, cwd: '/', stdio, ...who })
    this.#children.push(child)
    child.stderr.on('data', (chunk: Buffer) => {
      this.#noise += chunk.toString()
    })
    return child
  }

  async #firstLine(command: string, args: readonly string[]): Promise<string> {
    const { stdout } = this.#spawn(command, args)
    if (!stdout) throw new Error(`${command} says nothing`)
    for await (const line of createInterface({ input: stdout })) return line.trim()
    throw new Error(`${command} ended: ${this.#noise}`)
  }

  #run(command: string, ...args: string[]): string {
    const { status, stdout, stderr } = spawnSync(command, args, this.#surroundings)
    if (status !== 0) throw new Error(`${command}: ${status} ${stderr}\n${this.#noise}`)
    return stdout.toString()
  }
}

/** As Gajim 1.7 keeps it. */
function prepareProfile({ home, user, domain, password, port, certificate }: GajimOptions): void {
  const config = join(home, 'config/gajim')
  const trusted = join(home, 'data/gajim/cert_store')
  for (const folder of [config, trusted]) mkdirSync(folder, { recursive: true, mode: 0o700 })
  writeFileSync(join(trusted, 'server'), certificate)
  using settings = new DatabaseSync(join(config, 'settings.sqlite'))
  settings.exec(`CREATE TABLE settings (name TEXT UNIQUE, settings TEXT);
    CREATE TABLE account_settings (account TEXT UNIQUE, settings TEXT);
    PRAGMA user_version = 5`)
  const put = settings.prepare('INSERT INTO settings VALUES (?, ?)')
  const app = {
    remote_control: true,
    use_keyring: false,
    check_for_update: false,
    show_notifications: false,
    sounds_on: false,
  }
  put.run('app', JSON.stringify(app))
  put.run('workspaces', JSON.stringify({ '6f9e1d3c-0000-4000-8000-000000000000': {} }))
  for (const name of ['soundevents', 'status_presets', 'proxies', 'plugins']) put.run(name, '{}')
  const account = {
    name: user,
    hostname: domain,
    password,
    resource: 'gajim',
    account_label: `${user}@${domain}`,
    active: true,
    use_custom_host: true,
    custom_host: '127.0.0.1',
    custom_port: port,
  }
  settings
    .prepare('INSERT INTO account_settings VALUES (?, ?)')
    .run(ACCOUNT, JSON.stringify({ account, contact: {}, group_chat: {} }))
  if (NOBODY.uid === undefined) return
  for (const path of ['.', ...readdirSync(home, { recursive: true, encoding: 'utf8' })]) {
    chownSync(join(home, path), NOBODY.uid, NOBODY.gid)
  }
}
