/** SIP user agents that we did not write, over UDP, TCP and TLS. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { formatAddress } from '../../src/config/values.ts'
import { Baresip } from './drivers/baresip.ts'
import { Linphone } from './drivers/linphone.ts'
import { Sipp } from './drivers/sipp.ts'
import { heliograph, PASSWORD, signedIn, startWithPeople } from './people.ts'

const LISTENERS = { udp: 'sipUdp', tcp: 'sipTcp', tls: 'sipTls' } as const

// Debian builds SIPp without TLS.
for (const [transport, host] of [
  ['udp', '127.0.0.1'],
  ['tcp', '127.0.0.1'],
  ['udp', '::1'],
  ['tcp', '::1'],
] as const) {
  it(`SIPp publishes, subscribes, is notified and sends a message over ${transport} at ${host}`, async (t) => {
    const name = LISTENERS[transport]
    const at = formatAddress({ host, port: 0 })
    const server = await startWithPeople(t, ['alice', 'bob'], ['--set', `listen.${name}=${at}`])
    const alice = await signedIn(t, server, 'alice')
    alice.tell('presence')
    await alice.expect('presence_available')
    const run = async (scenario: string, user: string, to: string, keys = {}) => {
      const sipp = await Sipp.start({
        scenario,
        transport,
        to,
        user,
        host,
        port: server.port(name),
        password: PASSWORD,
        keys: { domain: 'example.com', ...keys },
      })
      t.after(() => sipp[Symbol.asyncDispose]())
      return sipp
    }
    const watch = await run('subscribe', 'bob', 'alice')
    await watch.saw(/Subscription-State: active;expires=\d+/)
    const publish = await run('publish', 'alice', 'alice')
    await publish.done()
    await watch.done()
    // SIPp replaces no keys in its patterns.
    await watch.saw(/<rpid:on-the-phone\/>/)
    assert.match(
      heliograph(server, 'presence', 'explain', 'alice@example.com'),
      /is on-a-call .*\nrule call: /,
    )
    const message = await run('message', 'bob', 'alice', { text: 'Pick up the phone' })
    await message.done()
    const received = await alice.expect('message')
    assert.match(String(received.body), /^Pick up the phone/)
  })
}

for (const transport of ['udp', 'tcp'] as const) {
  it(`SIPp says what it has and how often it wants to be told over ${transport} (RFC 5839, RFC 6446)`, async (t) => {
    const server = await startWithPeople(t, ['alice', 'bob'])
    const sipp = await Sipp.start({
      scenario: 'conditional',
      transport,
      to: 'alice',
      user: 'bob',
      port: server.port(LISTENERS[transport]),
      password: PASSWORD,
      keys: { domain: 'example.com' },
    })
    t.after(() => sipp[Symbol.asyncDispose]())
    await sipp.done()
  })
}

for (const transport of ['udp', 'tcp', 'tls'] as const) {
  it(`linphonec registers, watches and talks over ${transport}`, async (t) => {
    const server = await startWithPeople(t, ['alice', 'bob'])
    const alice = await signedIn(t, server, 'alice')
    alice.tell('presence', { show: 'dnd', status: 'Writing' })
    const bob = new Linphone({
      user: 'bob',
      domain: 'example.com',
      password: PASSWORD,
      transport,
      port: server.port(LISTENERS[transport]),
    })
    t.after(() => bob[Symbol.asyncDispose]())
    await bob.saw(/LinphoneRegistrationOk/)
    bob.type('friend add alice sip:alice@example.com')
    await bob.saw(/do-not-disturb/)
    alice.tell('message', { to: 'bob@example.com', body: 'Are you there?' })
    await bob.saw(/Are you there\?/)
    bob.type('chat sip:alice@example.com Yes')
    assert.equal((await alice.expect('message')).body, 'Yes')
  })
}

for (const transport of ['udp', 'tcp', 'tls'] as const) {
  it(`baresip registers over ${transport}, publishes, watches and talks`, async (t) => {
    const server = await startWithPeople(t, ['alice', 'bob'])
    const alice = await signedIn(t, server, 'alice')
    alice.tell('presence', { show: 'away', status: 'On the balcony' })
    const bob = await Baresip.start({
      user: 'bob',
      domain: 'example.com',
      password: PASSWORD,
      transport,
      port: server.port(LISTENERS[transport]),
      contacts: ['alice@example.com'],
    })
    t.after(() => bob[Symbol.asyncDispose]())
    await bob.saw(/200 OK \(.*\) \[1 binding\]/)
    await bob.saw(/On the balcony/)
    await bob.saw(/CSeq: \d+ PUBLISH\r\n(?:.+\r\n)*SIP-ETag: /)
    assert.match(heliograph(server, 'presence', 'explain', 'bob@example.com'), /sip\//)
    alice.tell('message', { to: 'bob@example.com', body: 'Are you there?' })
    await bob.saw(/Are you there\?/)
    bob.command('message', 'Yes')
    assert.equal((await alice.expect('message')).body, 'Yes')
  })
}
