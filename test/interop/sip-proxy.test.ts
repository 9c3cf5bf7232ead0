/** SIPp, baresip and linphonec on both sides of the proxy (RFC 3261 §16), and SIPp at the registrar (RFC 5626, RFC 5627). */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { describe, it } from 'node:test'
import type { TestServer } from '../support/server.ts'
import { Baresip } from './drivers/baresip.ts'
import { freePort } from './drivers/free-port.ts'
import { Linphone } from './drivers/linphone.ts'
import { Sipp } from './drivers/sipp.ts'
import { PASSWORD, startWithPeople } from './people.ts'

const LISTENERS = { udp: 'sipUdp', tcp: 'sipTcp' } as const
const TRUSTING = ['--set', 'sip.trustedPeers=127.0.0.1']

interface Run {
  scenario: string
  transport?: 'udp' | 'tcp'
  user?: string
  to?: string
  localPort?: number
  keys?: Record<string, string>
}

async function run(t: TestContext, server: TestServer, options: Run): Promise<Sipp> {
  const { transport = 'udp', user = 'alice', to = 'bob', keys = {}, ...more } = options
  const port = server.port(LISTENERS[transport])
  const domain = 'example.com'
  const sipp = await Sipp.start({
    ...{ transport, user, to, port, password: PASSWORD, ...more },
    keys: { domain, ...keys },
  })
  t.after(() => sipp[Symbol.asyncDispose]())
  return sipp
}

/** All calls, messages and subscriptions go to a peer that we are. */
function rulesFor(port: number, transport: 'udp' | 'tcp'): string[] {
  const rules = [
    {
      methods: 'INVITE,MESSAGE,SUBSCRIBE',
      action: 'destination',
      destinations: 'peer',
      recordRoute: 'on',
    },
  ]
  const destinations = [{ name: 'peer', host: '127.0.0.1', port, transport }]
  return [
    ...['--set', `sip.proxy.rules=${JSON.stringify(rules)}`],
    ...['--set', `sip.proxy.destinations=${JSON.stringify(destinations)}`],
  ]
}

describe('SIPp registers (RFC 3261 §10)', () => {
  for (const transport of ['udp', 'tcp'] as const) {
    it(`over ${transport}: with digest, as a flow, and gets its GRUUs`, async (t) => {
      const server = await startWithPeople(t, ['alice'])
      await (await run(t, server, { scenario: 'register-flow', transport })).done()
    })

    it(`over ${transport}: and is refused in each way that there is`, async (t) => {
      const server = await startWithPeople(t, ['alice'], TRUSTING)
      await (await run(t, server, { scenario: 'register-errors', transport })).done()
    })
  }
})

describe('SIPp calls SIPp (RFC 3261 §16)', () => {
  it('who has registered: 407, and then a call through the server', async (t) => {
    const server = await startWithPeople(
      t,
      ['alice', 'bob'],
      ['--set', 'sip.proxy.recordRoute=true'],
    )
    const localPort = await freePort()
    await (await run(t, server, { scenario: 'register-flow', user: 'bob', localPort })).done()
    const callee = await run(t, server, { scenario: 'answer-call', user: 'bob', localPort })
    await callee.listening()
    const caller = await run(t, server, { scenario: 'call' })
    await caller.done()
    await callee.done()
  })

  for (const from of ['udp', 'tcp'] as const) {
    for (const to of ['udp', 'tcp'] as const) {
      it(`from ${from} to ${to}, by a rule`, async (t) => {
        const localPort = await freePort()
        const server = await startWithPeople(t, [], [...TRUSTING, ...rulesFor(localPort, to)])
        const callee = await run(t, server, { scenario: 'answer-call', transport: to, localPort })
        await callee.listening()
        const caller = await run(t, server, { scenario: 'call-trusted', transport: from })
        await caller.done()
        await callee.done()
      })
    }
  }

  it('to subscribe to its device, and the NOTIFY comes back through the server', async (t) => {
    const localPort = await freePort()
    const server = await startWithPeople(t, [], [...TRUSTING, ...rulesFor(localPort, 'udp')])
    const device = await run(t, server, { scenario: 'notify-watcher', localPort })
    await device.listening()
    const watcher = await run(t, server, { scenario: 'watch-device' })
    await watcher.done()
    await device.done()
  })
})

it('linphonec registers as a device, and gets its GRUU (RFC 5627 §5.2)', async (t) => {
  const server = await startWithPeople(t, ['bob'])
  const bob = new Linphone({
    ...{ user: 'bob', domain: 'example.com', password: PASSWORD, transport: 'tcp' as const },
    port: server.port('sipTcp'),
  })
  t.after(() => bob[Symbol.asyncDispose]())
  await bob.saw(/LinphoneRegistrationOk/)
  await bob.saw(/pub-gruu="sip:bob@example\.com;gr=urn:uuid:/)
})

describe('baresip calls baresip', () => {
  it('through the server, with outbound and GRUU', async (t) => {
    const server = await startWithPeople(t, ['alice', 'bob'])
    const phone = (user: string) =>
      Baresip.start({
        ...{ user, domain: 'example.com', password: PASSWORD, transport: 'tcp' as const },
        port: server.port('sipTcp'),
        outbound: true,
      })
    const [alice, bob] = [await phone('alice'), await phone('bob')]
    t.after(() => alice[Symbol.asyncDispose]())
    t.after(() => bob[Symbol.asyncDispose]())
    const [, gruu = ''] = await alice.saw(/pub-gruu="([^"]+)"/)
    await bob.saw(/200 OK/)
    alice.command('dial', 'sip:bob@example.com')
    // His client shows the device that calls, and the server stays in the route.
    assert.match(gruu, /^sip:alice@example\.com;gr=urn:uuid:[\da-f-]+$/)
    await bob.saw(new RegExp(`^Contact: <${gruu.replaceAll('.', '\\.')}>`, 'm'))
    await bob.saw(/^Record-Route: <sip:.*;lr>/m)
    await bob.saw(/Incoming call/)
    bob.command('accept')
    await bob.saw(/Call established/)
    await alice.saw(/Call established/)
    bob.command('hangup')
    await alice.saw(/session closed/)
  })
})
