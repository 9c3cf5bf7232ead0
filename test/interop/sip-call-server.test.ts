/**
 * A call server publishes presence for its lines (the manual's Appendix D, RFC 3903), trusted and without
 * credentials, through a session manager; and an endpoint is asked by REFER to come back (RFC 3515).
 */
import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import type { TestServer } from '../support/server.ts'
import { freePort } from './drivers/free-port.ts'
import { Sipp, type SippOptions } from './drivers/sipp.ts'
import { heliograph, PASSWORD, signedIn, startWithPeople } from './people.ts'

const LISTENERS = { udp: 'sipUdp', tcp: 'sipTcp' } as const
const TRUSTED = ['--set', 'sip.trustedPeers=127.0.0.1']
/** As a call server calls its lines. */
const LINES = [
  ['anna', 'sip:anna@example.com'],
  ['bert', 'sip:+390112000002@example.com'],
  ['carla', 'tel:+390112000003'],
  ['dino', 'sip:7004@example.com'],
] as const

type Asked = Pick<SippOptions, 'scenario' | 'transport'> & Partial<SippOptions>

async function sipp(t: TestContext, server: TestServer, options: Asked): Promise<Sipp> {
  const port = server.port(LISTENERS[options.transport])
  const keys = { domain: 'example.com', ...options.keys }
  const one = await Sipp.start({
    port,
    to: 'bob',
    user: 'alice',
    password: PASSWORD,
    ...options,
    keys,
  })
  t.after(() => one[Symbol.asyncDispose]())
  return one
}

async function startWithLines(t: TestContext, args: readonly string[]): Promise<TestServer> {
  const server = await startWithPeople(t, ['boss', ...LINES.map(([name]) => name)], args)
  heliograph(server, 'user', 'address', 'add', 'bert@example.com', 'e164', '+390112000002')
  heliograph(server, 'user', 'address', 'add', 'carla@example.com', 'e164', '+390112000003')
  heliograph(server, 'user', 'address', 'add', 'dino@example.com', 'sip', 'sip:7004@example.com')
  return server
}

for (const transport of ['udp', 'tcp'] as const) {
  describe(`a call server over ${transport}`, () => {
    it('publishes for all of its lines, whatever it calls them, and XMPP watchers see it', async (t) => {
      const server = await startWithLines(t, TRUSTED)
      for (const [name] of LINES) {
        heliograph(server, 'contact', 'add', 'boss@example.com', `${name}@example.com`)
      }
      const boss = await signedIn(t, server, 'boss')
      boss.tell('presence')
      const lines = LINES.map(([, uri]) => [uri, 'on-the-phone'])
      await (await sipp(t, server, { scenario: 'call-server', transport, lines })).done()
      const seen = new Set<string>()
      while (seen.size < LINES.length) {
        const { sender, show, status } = await boss.expect('presence_available')
        if (show === 'dnd' && status === 'On a call') seen.add(String(sender).replace(/@.*$/, ''))
      }
      assert.deepEqual(
        [...seen].sort(),
        LINES.map(([name]) => name),
      )
    })

    it('is refused for lines that nobody has (404), and where it is not trusted (401)', async (t) => {
      const server = await startWithLines(t, TRUSTED)
      const lines = [['sip:7999@example.com', 'on-the-phone']]
      const scenario = 'call-server-refused'
      const unknown = await sipp(t, server, { scenario, transport, lines })
      await unknown.done()
      await unknown.saw(/^SIP\/2\.0 404 /m)
      const other = await startWithLines(t, [])
      const known = [['sip:anna@example.com', 'on-the-phone']]
      const stranger = await sipp(t, other, { scenario, transport, lines: known })
      await stranger.done()
      await stranger.saw(/^SIP\/2\.0 401 /m)
    })
  })
}

it('an endpoint is asked by REFER to subscribe again when the server is back (RFC 3515)', async (t) => {
  const server = await startWithPeople(t, ['alice', 'bob'], ['--set', 'sip.refer.atStart=lost'])
  const localPort = await freePort()
  const contact = `sip:alice@127.0.0.1:${localPort}`
  const watch = { scenario: 'subscribe-elsewhere', transport: 'tcp', keys: { contact } } as const
  await (await sipp(t, server, watch)).done()
  const endpoint = await sipp(t, server, { scenario: 'endpoint', transport: 'udp', localPort })
  await server.kill()
  const again = await server.restart()
  t.after(() => again[Symbol.asyncDispose]())
  await endpoint.done()
  await endpoint.saw(/^Refer-To: <sip:bob@example\.com;method=SUBSCRIBE\?Event=presence>\r?$/m)
})
