/**
 * Debian's Prosody and Heliograph, with the same domain, the same accounts and the same services, on plain loopback:
 * what each answers to the same dialogue.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { startTestServer } from '../../support/server.ts'
import { temporaryDirectory } from '../../support/temporary.ts'
import { XmppClient } from '../../support/xmpp-client.ts'
import { freePort } from '../drivers/free-port.ts'

export const DOMAIN = 'localhost'
export const COMPONENT = 'bot.localhost'
export const COMPONENT_PASSWORD = 'handshake'
const PASSWORD = 'pencil'
const NS_REGISTER = 'jabber:iq:register'
const NS_TLS = 'urn:ietf:params:xml:ns:xmpp-tls'

interface Ports {
  readonly xmpp: number
  readonly components: number
  /** BOSH and WebSockets, on TLS where Heliograph has them. */
  readonly web: number
}

/** One of the two servers. */
export class Subject implements AsyncDisposable {
  readonly ports: Ports
  readonly isSecure: boolean
  readonly #process: AsyncDisposable
  readonly #clients = new Set<XmppClient>()
  readonly #accounts = new Set<string>()

  constructor(ports: Ports, process: AsyncDisposable, isSecure = false) {
    this.ports = ports
    this.isSecure = isSecure
    this.#process = process
  }

  /** Both have the paths `/http-bind` and `/xmpp-websocket`. */
  url(scheme: 'http' | 'ws', path: string): string {
    return `${scheme}${this.isSecure ? 's' : ''}://127.0.0.1:${this.ports.web}${path}`
  }

  /** A connection on which nothing was said. */
  async connect(): Promise<XmppClient> {
    const client = await XmppClient.connect({ port: this.ports.xmpp })
    this.#clients.add(client)
    return client
  }

  /** With an open stream, on TLS where there is some: Heliograph makes no accounts and signs nobody in without. */
  async secured(): Promise<XmppClient> {
    const client = await this.connect()
    const features = await client.open(DOMAIN)
    if (features.child('starttls', NS_TLS)) {
      await client.startTls(DOMAIN)
      await client.open(DOMAIN)
    }
    return client
  }

  /** Made where it is new, and signed in without a resource. */
  async authenticated(user: string): Promise<XmppClient> {
    await this.register(user)
    const client = await this.secured()
    const outcome = await client.authenticate(credentials(user))
    if (outcome.name !== 'success') throw new Error(`not signed in: ${outcome}`)
    await client.open(DOMAIN)
    return client
  }

  async signIn(user: string, resource = 'desk'): Promise<XmppClient> {
    const client = await this.authenticated(user)
    await client.bind(resource)
    return client
  }

  async online(user: string, resource = 'desk', inside = ''): Promise<XmppClient> {
    const client = await this.signIn(user, resource)
    await client.available(inside)
    await client.settle()
    return client
  }

  /** Both see each other's presence from then on. */
  async befriend(...[one, other]: readonly [XmppClient, XmppClient]): Promise<void> {
    const pairs = [
      [one, other],
      [other, one],
    ] as const
    for (const [asks, grants] of pairs) {
      asks.send(`<presence type='subscribe' to='${bare(grants)}'/>`)
      await asks.settle()
      grants.send(`<presence type='subscribed' to='${bare(asks)}'/>`)
      await grants.settle()
    }
    for (const client of [one, other]) await client.settle()
  }

  async register(user: string): Promise<void> {
    if (this.#accounts.has(user)) return
    this.#accounts.add(user)
    const client = await this.secured()
    const fields = `<username>${user}</username><password>${PASSWORD}</password>`
    const answer = await client.iq('set', `<query xmlns='${NS_REGISTER}'>${fields}</query>`)
    if (answer.attr('type') !== 'result') throw new Error(`not registered: ${answer}`)
    await client[Symbol.asyncDispose]()
  }

  /** All connections, between one dialogue and the next. */
  async hangUp(): Promise<void> {
    for (const client of this.#clients) await client.cut()
    this.#clients.clear()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.hangUp()
    await this.#process[Symbol.asyncDispose]()
  }
}

export function bare(client: XmppClient): string {
  return client.jid.split('/')[0] ?? ''
}

/** SCRAM-SHA-1 is what both have. */
export function credentials(user: string) {
  return { jid: `${user}@${DOMAIN}`, password: PASSWORD, mechanism: 'SCRAM-SHA-1' }
}

export async function startHeliograph(): Promise<Subject> {
  const components = await freePort()
  const options = {
    'xmpp.registration': 'open',
    'xmpp.registrationsPerHour': '1000',
    // As in Prosody, nobody watches anybody who has not said so.
    'authorization.sameSystem': 'confirm',
    'listen.components': `127.0.0.1:${components}`,
    components: JSON.stringify([{ host: COMPONENT, password: COMPONENT_PASSWORD }]),
  }
  const set = Object.entries(options).flatMap(([name, value]) => ['--set', `${name}=${value}`])
  const server = await startTestServer({ args: ['--demo', ...set] })
  const ports = { xmpp: server.port('xmpp'), components, web: server.port('https') }
  return new Subject(ports, server, true)
}

export async function startProsody(): Promise<Subject> {
  const opened = new AsyncDisposableStack()
  const { path } = opened.use(temporaryDirectory())
  const ports = { xmpp: await freePort(), components: await freePort(), web: await freePort() }
  mkdirSync(join(path, 'data'))
  const file = join(path, 'prosody.cfg.lua')
  writeFileSync(file, prosodyConfiguration(join(path, 'data'), ports))
  const child = spawn('prosody', ['--config', file, '-F'], { stdio: 'ignore' })
  opened.defer(() => ended(child))
  for (const port of Object.values(ports)) while (!(await accepts(port))) await wait(20)
  return new Subject(ports, opened)
}

/** Everything of the Debian package that we have too. */
function prosodyConfiguration(data: string, { xmpp, components, web }: Ports): string {
  return `
data_path = "${data}"
run_as_root = true
log = { error = "*console" }
interfaces = { "127.0.0.1" }
c2s_ports = { ${xmpp} }
component_ports = { ${components} }
component_interfaces = { "127.0.0.1" }
s2s_ports = {}
http_ports = { ${web} }
http_interfaces = { "127.0.0.1" }
http_default_host = "${DOMAIN}"
consider_bosh_secure = true
consider_websocket_secure = true
https_ports = {}
modules_enabled = {
  "roster", "saslauth", "disco", "ping", "offline", "blocklist", "carbons", "smacks", "csi", "csi_simple",
  "vcard", "private", "lastactivity", "uptime", "time", "version", "register", "bosh", "websocket", "adhoc",
}
modules_disabled = { "s2s", "s2s_auth_certs", "limits" }
authentication = "internal_hashed"
default_iteration_count = 4096
allow_registration = true
registration_throttle_max = 1000
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
VirtualHost "${DOMAIN}"
Component "${COMPONENT}"
  component_secret = "${COMPONENT_PASSWORD}"
`
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  const isOpen = await once(socket, 'connect').then(
    () => true,
    () => false,
  )
  socket.destroy()
  return isOpen
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return
  const gone = once(child, 'close')
  child.kill('SIGKILL')
  await gone
}
