/**
 * A person with a SIP phone and an XMPP client: what is said on the phone is known at the client
 * (XEP-0280), which asked for it with its resource (XEP-0386).
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import type { Element } from '../../src/xml/element.ts'
import { authenticate2 } from '../support/sasl2-client.ts'
import { startTestServer } from '../support/server.ts'
import { DOMAIN, PASSWORD, Phone } from '../support/sip-system.ts'
import { XmppClient } from '../support/xmpp-client.ts'

const CLI = new URL('../../bin/heliograph', import.meta.url).pathname
const ALICE = `alice@${DOMAIN}`
const BOB = `bob@${DOMAIN}`
const NS = 'urn:xmpp:carbons:2'

/** What a copy of this direction holds, when it comes. */
async function copied(client: XmppClient, direction: 'sent' | 'received'): Promise<string> {
  const carbon = await client.expect((one) => one.child(direction, NS) !== undefined)
  assert.equal(carbon.attr('from'), BOB)
  const forwarded = carbon.child(direction, NS)?.child('forwarded', 'urn:xmpp:forward:0')
  const message = forwarded?.child('message', 'jabber:client')
  return `${message?.attr('from')} to ${message?.attr('to')}: ${message?.child('body')?.text()}`
}

const messages = (stanzas: readonly Element[]) => stanzas.filter(({ name }) => name === 'message')

test('a conversation that is held on a phone is followed at an XMPP client', async (t) => {
  const server = await startTestServer()
  t.after(() => server[Symbol.asyncDispose]())
  const heliograph = (...args: string[]) => {
    const { status, stderr } = spawnSync(CLI, ['--data', server.data, ...args])
    assert.equal(status, 0, stderr.toString())
  }
  heliograph('domain', 'add', DOMAIN, '--sip-digest', 'both')
  for (const user of [ALICE, BOB]) heliograph('user', 'add', user, '--password', PASSWORD)
  const online = async (jid: string) => {
    const connect = { port: server.port('xmppTls'), direct: true }
    const client = await XmppClient.online(connect, { jid, password: PASSWORD, resource: 'desk' })
    t.after(() => client[Symbol.asyncDispose]())
    return client
  }
  const alice = await online(ALICE)
  const bob = await XmppClient.connect({ port: server.port('xmppTls'), direct: true })
  t.after(() => bob[Symbol.asyncDispose]())
  const features = await bob.open(DOMAIN)
  assert.match(features.toString(), /<feature var='urn:xmpp:carbons:2'\/>/)
  const wishes = `<bind xmlns='urn:xmpp:bind:0'><tag>desk</tag><enable xmlns='${NS}'/></bind>`
  const outcome = await authenticate2(bob, { jid: BOB, password: PASSWORD, wishes })
  assert.equal(outcome.name, 'success')
  bob.send('<presence/>')
  await bob.settle()
  const ports = { udp: 'sipUdp', tcp: 'sipTcp', tls: 'sipTls' } as const
  const sip = { port: (transport: keyof typeof ports) => server.port(ports[transport]) }
  const phone = await Phone.open(t, sip, 'bob', 'tcp')
  assert.equal((await phone.register()).status, 200)

  // The first message goes to all; he answers on the phone.
  alice.send(`<message to='${BOB}' type='chat'><body>Are you there?</body></message>`)
  await bob.expectMessage('Are you there?')
  await phone.got('MESSAGE', ({ body }) => body.toString() === 'Are you there?')
  assert.equal((await phone.message(`sip:${ALICE}`, 'On the phone')).status, 200)
  await alice.expectMessage('On the phone')
  assert.equal(await copied(bob, 'sent'), `${BOB} to ${ALICE}: On the phone`)

  // The rest goes to the phone alone, and to his client as a copy.
  alice.send(`<message to='${BOB}' type='chat'><body>Good</body></message>`)
  await phone.got('MESSAGE', ({ body }) => body.toString() === 'Good')
  assert.equal(await copied(bob, 'received'), `${alice.jid} to ${BOB}: Good`)
  assert.deepEqual(messages(await bob.settle()), [], 'once')

  // The phone takes no more: what was copied is not given again, and she hears of no error.
  phone.answers.set('MESSAGE', 480)
  alice.send(`<message to='${BOB}' type='chat'><body>And now?</body></message>`)
  await phone.got('MESSAGE', ({ body }) => body.toString() === 'And now?')
  assert.equal(await copied(bob, 'received'), `${alice.jid} to ${BOB}: And now?`)
  assert.deepEqual(messages(await alice.settle()), [])
  assert.deepEqual(messages(await bob.settle()), [])

  // What the server does not take from the phone, nobody is told of as sent.
  assert.equal((await phone.message(`sip:nobody@${DOMAIN}`, 'Anyone?')).status, 404)
  assert.deepEqual(messages(await bob.settle()), [])
})
