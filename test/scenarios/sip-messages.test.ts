/** People on SIP phones exchange page-mode messages (RFC 3428), over real sockets. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { requireJid } from '../../src/core/address.ts'
import { Phone, startSipSystem } from '../support/sip-system.ts'

const BOB = requireJid('bob@example.com').bare
const AOR_BOB = 'sip:bob@example.com'

for (const transport of ['udp', 'tcp', 'tls'] as const) {
  describe(`over ${transport}`, () => {
    test('a message goes from phone to phone, and back', async (t) => {
      const system = await startSipSystem(t)
      const alice = await Phone.open(t, system, 'alice', transport)
      const bob = await Phone.open(t, system, 'bob', transport)
      await alice.register()
      await bob.register()
      assert.equal((await alice.message(AOR_BOB, 'Grüße')).status, 200)
      const got = await bob.got('MESSAGE')
      assert.equal(got.body.toString(), 'Grüße')
      assert.match(got.headers.get('From') ?? '', /^<sip:alice@example\.com>;tag=/)
      assert.equal((await bob.message('sip:alice@example.com', 'back')).status, 200)
      await alice.got('MESSAGE')
    })

    test('a long message arrives whole', async (t) => {
      const system = await startSipSystem(t)
      const alice = await Phone.open(t, system, 'alice', transport)
      const bob = await Phone.open(t, system, 'bob', transport)
      await bob.register()
      const text = 'long '.repeat(2000)
      assert.equal((await alice.message(AOR_BOB, text)).status, 200)
      assert.equal((await bob.got('MESSAGE')).body.toString(), text)
    })
  })
}

describe('a message', () => {
  test('to an absent user is stored, and delivered with its date when he registers', async (t) => {
    const system = await startSipSystem(t)
    const alice = await Phone.open(t, system, 'alice')
    assert.equal((await alice.message(AOR_BOB, 'one')).status, 202)
    assert.equal((await alice.message(AOR_BOB, 'two')).status, 202)
    const bob = await Phone.open(t, system, 'bob')
    await bob.register()
    await bob.got('MESSAGE', (one) => one.body.toString() === 'two')
    assert.deepEqual(
      bob.received.map((one) => one.body.toString()),
      ['one', 'two'],
    )
    assert.match(bob.received[0]?.headers.get('Date') ?? '', /GMT$/)
  })

  test('to nobody gets 404, too long 413', async (t) => {
    const system = await startSipSystem(t, { maxMessageBytes: 2000 })
    const alice = await Phone.open(t, system, 'alice', 'tcp')
    assert.equal((await alice.message('sip:nobody@example.com', 'hi')).status, 404)
    assert.equal((await alice.message('sip:bob@elsewhere.example', 'hi')).status, 404)
    assert.equal((await alice.message(AOR_BOB, 'x'.repeat(2001))).status, 413)
  })

  test('that the phone refuses is refused to the sender', async (t) => {
    const system = await startSipSystem(t)
    const alice = await Phone.open(t, system, 'alice')
    const bob = await Phone.open(t, system, 'bob')
    await bob.register()
    bob.answers.set('MESSAGE', 603)
    assert.equal((await alice.message(AOR_BOB, 'hi')).status, 403)
    bob.answers.set('MESSAGE', 488)
    assert.equal((await alice.message(AOR_BOB, 'hi')).status, 488)
  })

  test('to a phone that takes none is stored', async (t) => {
    const system = await startSipSystem(t)
    const alice = await Phone.open(t, system, 'alice')
    const bob = await Phone.open(t, system, 'bob')
    await bob.register()
    bob.answers.set('MESSAGE', 405)
    assert.equal((await alice.message(AOR_BOB, 'hi')).status, 202)
    assert.equal((await alice.message(AOR_BOB, 'again')).status, 202)
    assert.equal(bob.received.length, 1)
  })

  test('goes to all the phones of a user, and one that takes it is enough', async (t) => {
    const system = await startSipSystem(t)
    const alice = await Phone.open(t, system, 'alice')
    const desk = await Phone.open(t, system, 'bob')
    const mobile = await Phone.open(t, system, 'bob', 'tcp')
    await desk.register()
    await mobile.send('REGISTER', { uri: 'sip:example.com', to: `<${AOR_BOB}>`, callId: 'mobile' })
    assert.equal(system.sessions.of(BOB).length, 2)
    desk.answers.set('MESSAGE', 486)
    assert.equal((await alice.message(AOR_BOB, 'hi')).status, 200)
    await desk.got('MESSAGE')
    await mobile.got('MESSAGE')
  })

  test('after the phone’s connection closed is stored', async (t) => {
    const system = await startSipSystem(t)
    const alice = await Phone.open(t, system, 'alice')
    const bob = await Phone.open(t, system, 'bob', 'tcp')
    await bob.register()
    const gone = Promise.withResolvers<void>()
    using _ = system.presence.subscribe({
      name: 'test',
      presenceChanged: ({ document }) => {
        if (document.person.state === 'offline') gone.resolve()
      },
    })
    await bob.hangUp()
    await gone.promise
    assert.equal(system.sessions.of(BOB).length, 0)
    assert.equal((await alice.message(AOR_BOB, 'hi')).status, 202)
  })

  test('by a trusted peer comes from whom it asserts', async (t) => {
    const system = await startSipSystem(t, { trustedPeers: ['127.0.0.1'] })
    const gateway = await Phone.open(t, system, 'gateway')
    const bob = await Phone.open(t, system, 'bob')
    await bob.register()
    const sent = await gateway.send('MESSAGE', {
      uri: AOR_BOB,
      headers: [
        ['Content-Type', 'text/plain'],
        ['P-Asserted-Identity', '<sip:carol@example.com>'],
      ],
      body: 'hi',
    })
    assert.equal(sent.status, 200)
    const got = await bob.got('MESSAGE')
    assert.match(got.headers.get('From') ?? '', /^<sip:carol@example\.com>/)
  })
})
