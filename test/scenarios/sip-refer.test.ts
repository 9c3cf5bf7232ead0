/**
 * A user has the server send messages for him (RFC 3515, with RFC 3892, 4488, 7614 and 7647), and is told what
 * became of them, over real sockets.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { requireJid } from '../../src/core/address.ts'
import type { SipRequest } from '../../src/sip/message/message.ts'
import { DOMAIN, Phone, startSipSystem } from '../support/sip-system.ts'

const AT_HOME = `sip:${DOMAIN}`
const HI_BOB = `<sip:bob@${DOMAIN};method=MESSAGE?Content-Type=text%2Fplain&body=Are%20you%20there%3F>`

const stateOf = (request: SipRequest) => request.headers.get('Subscription-State') ?? ''

function refer(phone: Phone, target: string, ...headers: [string, string][]) {
  return phone.send('REFER', { uri: AT_HOME, headers: [['Refer-To', target], ...headers] })
}

for (const transport of ['udp', 'tcp'] as const) {
  describe(`over ${transport}`, () => {
    test('a message that alice has sent reaches bob, and she learns of it (RFC 3515 §2.4.4)', async (t) => {
      const system = await startSipSystem(t)
      const alice = await Phone.open(t, system, 'alice', transport)
      const bob = await Phone.open(t, system, 'bob', transport)
      await bob.register()
      const response = await refer(alice, HI_BOB, ['Referred-By', `<sip:alice@${DOMAIN}>`])
      assert.equal(response.status, 200) // RFC 7647 §5
      const message = await bob.got('MESSAGE')
      assert.equal(message.body.toString(), 'Are you there?')
      assert.match(message.headers.get('From') ?? '', /sip:alice@example\.com/)
      const first = await alice.got('NOTIFY')
      assert.match(first.headers.get('Event') ?? '', /^refer;id=\d+$/)
      assert.equal(first.headers.get('Content-Type'), 'message/sipfrag')
      assert.match(stateOf(first), /^active;expires=\d+$/)
      assert.equal(first.body.toString(), 'SIP/2.0 100 Trying\r\n')
      const last = await alice.got('NOTIFY', (one) => stateOf(one).startsWith('terminated'))
      assert.equal(stateOf(last), 'terminated;reason=noresource')
      assert.equal(last.body.toString(), 'SIP/2.0 200 OK\r\n')
    })
  })
}

describe('whoever refers', () => {
  test('is told that nobody goes by that name', async (t) => {
    const system = await startSipSystem(t)
    const alice = await Phone.open(t, system, 'alice')
    const target = `<sip:nobody@${DOMAIN};method=MESSAGE?body=Hi>`
    assert.equal((await refer(alice, target)).status, 200)
    const last = await alice.got('NOTIFY', (one) => stateOf(one).startsWith('terminated'))
    assert.equal(last.body.toString(), 'SIP/2.0 404 Not Found\r\n')
  })

  test('is told nothing where he wants to hear nothing (RFC 4488 §4, RFC 7614 §5)', async (t) => {
    const system = await startSipSystem(t)
    const alice = await Phone.open(t, system, 'alice')
    const bob = await Phone.open(t, system, 'bob')
    await bob.register()
    const unwanted = await refer(alice, HI_BOB, ['Refer-Sub', 'false'])
    assert.deepEqual([unwanted.status, unwanted.headers.get('Refer-Sub')], [200, 'false'])
    assert.equal((await refer(alice, HI_BOB, ['Require', 'nosub'])).status, 200)
    assert.equal(
      (await refer(alice, HI_BOB, ['Require', 'norefersub'], ['Refer-Sub', 'false'])).status,
      200,
    )
    await bob.got('MESSAGE', (one) => bob.received.indexOf(one) === 2)
    assert.deepEqual(alice.received, [])
  })

  test('subscribes where he is told to (RFC 7614 §4), and nobody else', async (t) => {
    const system = await startSipSystem(t)
    const alice = await Phone.open(t, system, 'alice')
    const carol = await Phone.open(t, system, 'carol')
    const response = await refer(alice, HI_BOB, ['Require', 'explicitsub'])
    assert.equal(response.status, 200)
    const [, uri = ''] = /^<(sip:[^>]+)>$/.exec(response.headers.get('Refer-Events-At') ?? '') ?? []
    const headers: [string, string][] = [['Event', 'refer']]
    assert.equal((await carol.send('SUBSCRIBE', { uri, headers })).status, 403)
    assert.equal((await alice.send('SUBSCRIBE', { uri, headers })).status, 200)
    const last = await alice.got('NOTIFY', (one) => stateOf(one).startsWith('terminated'))
    assert.equal(stateOf(last), 'terminated;reason=noresource')
    assert.equal(last.body.toString(), 'SIP/2.0 202 Accepted\r\n')
    const elsewhere = await alice.send('SUBSCRIBE', { uri: `sip:alice@${DOMAIN}`, headers })
    assert.equal(elsewhere.status, 403) // RFC 3515 §2.4.4
  })

  test('cannot have the server call, leave the system, or speak for others: it is no relay', async (t) => {
    const system = await startSipSystem(t)
    const alice = await Phone.open(t, system, 'alice')
    const mallory = await Phone.open(t, system, 'mallory')
    const statusOf = async (target: string, ...headers: [string, string][]) =>
      (await refer(alice, target, ...headers)).status
    assert.equal(await statusOf(`<sip:bob@${DOMAIN}>`), 603)
    assert.equal(await statusOf(`<sip:bob@${DOMAIN};method=SUBSCRIBE>`), 603)
    assert.equal(await statusOf('<http://example.com/>'), 603)
    assert.equal(await statusOf(HI_BOB, ['Referred-By', `<sip:bob@${DOMAIN}>`]), 403)
    assert.equal((await refer(mallory, HI_BOB)).status, 401)
    assert.equal((await alice.send('REFER', { uri: AT_HOME })).status, 400)
    const others = { uri: `sip:bob@${DOMAIN}`, headers: [['Refer-To', HI_BOB]] as const }
    assert.equal((await alice.send('REFER', others)).status, 403)
    const inDialog = {
      uri: AT_HOME,
      to: `<${AT_HOME}>;tag=x`,
      headers: [['Refer-To', HI_BOB]] as const,
    }
    assert.equal((await alice.send('REFER', inDialog)).status, 403) // RFC 7647 §4
    assert.equal(await statusOf('<sip:dave@example.net;method=MESSAGE?body=Hi>'), 200)
    const last = await alice.got('NOTIFY', (one) => stateOf(one).startsWith('terminated'))
    assert.equal(last.body.toString(), 'SIP/2.0 404 Not Found\r\n')
  })

  test('unsubscribes, and the message is sent all the same (RFC 3515 §2.4.4)', async (t) => {
    const system = await startSipSystem(t)
    const alice = await Phone.open(t, system, 'alice')
    alice.answers.set('NOTIFY', 481)
    const bob = await Phone.open(t, system, 'bob')
    assert.equal((await refer(alice, HI_BOB)).status, 200)
    await alice.got('NOTIFY')
    await bob.register()
    await bob.got('MESSAGE')
    assert.equal(system.sessions.of(requireJid('bob@example.com').bare).length, 1)
  })
})
