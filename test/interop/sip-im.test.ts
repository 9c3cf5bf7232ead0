/**
 * Instant messages between SIP user agents and XMPP clients that we did not write: who types (RFC 3994, XEP-0085), what
 * became of a message (RFC 5438, XEP-0184), messages to several (RFC 5365).
 */
import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import type { TestServer } from '../support/server.ts'
import { Baresip } from './drivers/baresip.ts'
import type { DrivenClient } from './drivers/driven-client.ts'
import { Linphone } from './drivers/linphone.ts'
import { Sipp, type SippOptions } from './drivers/sipp.ts'
import { PASSWORD, signedIn, startWithPeople } from './people.ts'

const LISTENERS = { udp: 'sipUdp', tcp: 'sipTcp', tls: 'sipTls' } as const
const TRUSTING = ['--set', 'sip.trustedPeers=127.0.0.1'] as const

type Run = Pick<SippOptions, 'scenario'> & Partial<SippOptions>

/** Bob’s SIPp. */
async function start(t: TestContext, server: TestServer, options: Run): Promise<Sipp> {
  const { transport = 'udp', keys = {} } = options
  const sipp = await Sipp.start({
    ...{ transport, to: 'alice', user: 'bob', password: PASSWORD },
    port: server.port(LISTENERS[transport]),
    ...options,
    keys: { domain: 'example.com', text: '', ...keys },
  })
  t.after(() => sipp[Symbol.asyncDispose]())
  return sipp
}

/** Registered, over UDP: SIPp takes only what belongs to the one call of the connection that it made. */
async function phone(t: TestContext, server: TestServer): Promise<Sipp> {
  const bob = await start(t, server, { scenario: 'phone', calls: 10 })
  const fill = { AT: `127.0.0.1:${bob.localPort}` }
  await (await start(t, server, { scenario: 'register', fill })).done()
  return bob
}

async function online(t: TestContext, server: TestServer): Promise<DrivenClient> {
  const alice = await signedIn(t, server, 'alice')
  alice.tell('presence')
  await alice.expect('presence_available')
  return alice
}

for (const transport of ['udp', 'tcp', 'tls'] as const) {
  it(`linphonec tells over ${transport} that it got a message (RFC 5438, XEP-0184)`, async (t) => {
    const server = await startWithPeople(t, ['alice', 'bob'])
    const alice = await online(t, server)
    const bob = new Linphone({
      ...{ user: 'bob', domain: 'example.com', password: PASSWORD, transport },
      port: server.port(LISTENERS[transport]),
    })
    t.after(() => bob[Symbol.asyncDispose]())
    await bob.saw(/LinphoneRegistrationOk/)
    alice.tell('message', { to: 'bob@example.com', body: 'Are you there?', receipt: true })
    const said = await alice.expect('said')
    await bob.saw(/Message received from .*: Are you there\?/)
    const receipt = await alice.expect('receipt')
    assert.deepEqual([receipt.id, receipt.sender], [said.id, 'bob@example.com'])
  })
}

it('baresip takes no message/cpim and gets the text (RFC 3428 §7)', async (t) => {
  const server = await startWithPeople(t, ['alice', 'bob'])
  const alice = await online(t, server)
  const bob = await Baresip.start({
    ...{ user: 'bob', domain: 'example.com', password: PASSWORD, transport: 'udp' },
    port: server.port('sipUdp'),
    contacts: ['alice@example.com'],
  })
  t.after(() => bob[Symbol.asyncDispose]())
  await bob.saw(/200 OK \(.*\) \[1 binding\]/)
  alice.tell('message', { to: 'bob@example.com', body: 'Are you there?', receipt: true })
  await bob.saw(/415 Unsupported Media Type/)
  await bob.saw(/Content-Type: text\/plain[\s\S]*Are you there\?/)
  bob.command('message', 'Yes')
  assert.equal((await alice.expect('message')).body, 'Yes')
})

for (const transport of ['udp', 'tcp'] as const) {
  describe(`SIPp over ${transport}`, () => {
    it('is told that its message went on and was delivered (RFC 5438, XEP-0184)', async (t) => {
      const server = await startWithPeople(t, ['alice', 'bob'], TRUSTING)
      const alice = await online(t, server)
      const bob = await phone(t, server)
      const keys = { text: 'Hello' }
      await (await start(t, server, { scenario: 'message-imdn', transport, keys })).done()
      assert.match(String((await alice.expect('message')).body), /^Hello/)
      await bob.saw(/<message-id>m-1<\/message-id><datetime>2030-01-02T03:04:05Z<\/datetime>/)
      await bob.saw(/<processing-notification><status><processed\/>/)
      await bob.saw(/<delivery-notification><status><delivered\/>/)
    })

    it('is told who types, and tells it (RFC 3994, XEP-0085)', async (t) => {
      const server = await startWithPeople(t, ['alice', 'bob'], TRUSTING)
      const alice = await online(t, server)
      const bob = await phone(t, server)
      alice.tell('state', { to: 'bob@example.com', state: 'composing' })
      await bob.saw(/<state>active<\/state>.*<refresh>\d+<\/refresh>/)
      alice.tell('state', { to: 'bob@example.com', state: 'paused' })
      await bob.saw(/<state>idle<\/state>/)
      await (await start(t, server, { scenario: 'composing', transport })).done()
      assert.equal((await alice.expect('state')).state, 'composing')
      assert.equal((await alice.expect('state')).state, 'paused')
      assert.deepEqual(alice.seen('state'), [])
    })

    it('writes to several, and sees who has it (RFC 5365)', async (t) => {
      const server = await startWithPeople(t, ['alice', 'bob'], TRUSTING)
      const alice = await online(t, server)
      const bob = await phone(t, server)
      const keys = { text: 'Lunch?' }
      await (await start(t, server, { scenario: 'message-list', transport, keys })).done()
      assert.match(String((await alice.expect('message')).body), /^Lunch\?/)
      await bob.saw(/recipient-list-history; handling=optional/)
      await bob.saw(/uri="sip:alice@example.com" cp:copyControl="to"/)
      await bob.saw(/uri="sip:bob@example.com" cp:copyControl="cc"/)
    })

    it('is refused what a MESSAGE cannot be (RFC 3428 §7, RFC 3862 §4.1)', async (t) => {
      const server = await startWithPeople(t, ['alice', 'bob'], TRUSTING)
      await (await start(t, server, { scenario: 'message-refused', transport })).done()
    })
  })
}
