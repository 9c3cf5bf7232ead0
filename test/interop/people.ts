/** A server with people in it, made by the command line as an operator would. */
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { connect, setDefaultCACertificates } from 'node:tls'
import { startTestServer, type TestServer } from '../support/server.ts'
import { type DrivenClient, type SlixmppOptions, slixmpp } from './drivers/driven-client.ts'

const CLI = new URL('../../bin/heliograph', import.meta.url).pathname
/** Without spaces: baresip’s accounts file cannot hold one that has any. */
export const PASSWORD = 'correct-horse'

/** Runs `bin/heliograph` against the server; throws with its words where it refuses. */
export function heliograph(server: TestServer, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(CLI, ['--data', server.data, ...args])
  if (status !== 0) throw new Error(`heliograph ${args.join(' ')}: ${status} ${stderr}`)
  return stdout.toString()
}

/** Everybody is asked who watches him. */
export const CONFIRM = ['--set', 'authorization.sameSystem=confirm'] as const

/** The domain `example.com`, SIP digest MD5, with these users. */
export async function startWithPeople(
  t: TestContext,
  names: readonly string[],
  args: readonly string[] = [],
): Promise<TestServer> {
  const server = await startTestServer({ args: ['--set', 'sip.notifyInterval=0s', ...args] })
  t.after(() => server[Symbol.asyncDispose]())
  heliograph(server, 'domain', 'add', 'example.com', '--sip-digest', 'md5')
  for (const name of names) {
    heliograph(server, 'user', 'add', `${name}@example.com`, '--password', PASSWORD)
  }
  return server
}

/** A slixmpp client of one of them, signed in. */
export async function signedIn(
  t: TestContext,
  server: TestServer,
  name: string,
  more: Partial<SlixmppOptions> = {},
): Promise<DrivenClient> {
  const client = slixmpp({
    jid: `${name}@example.com/slix`,
    password: PASSWORD,
    port: server.port(more.direct_tls ? 'xmppTls' : 'xmpp'),
    ca: join(server.data, 'tls', 'ca.pem'),
    ...more,
  })
  t.after(() => client[Symbol.asyncDispose]())
  await client.expect('session')
  return client
}

/**
 * Has this process trust the server’s certificates, for clients that run in it. Resolves when example.com, which was
 * added to a running server, has its name in them.
 */
export async function trust(server: TestServer): Promise<void> {
  setDefaultCACertificates([readFileSync(join(server.data, 'tls', 'ca.pem'), 'utf8')])
  while (!(await isTrusted(server.port('xmppTls'), 'example.com'))) {
    // The handshake that failed has asked for a new certificate.
  }
}

async function isTrusted(port: number, servername: string): Promise<boolean> {
  const socket = connect({ port, host: '127.0.0.1', servername, ALPNProtocols: ['xmpp-client'] })
  try {
    await once(socket, 'secureConnect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
