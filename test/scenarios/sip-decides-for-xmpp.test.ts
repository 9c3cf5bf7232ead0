/**
 * The manual's scenario 1 (*Initiating a SIP SUBSCRIBE …*) with the roles of the protocols both ways:
 * a presentity with nothing but a phone decides about watchers by XMPP and by SIP.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import type { SipRequest } from '../../src/sip/message/message.ts'
import type { Element } from '../../src/xml/element.ts'
import { startTestServer } from '../support/server.ts'
import { DOMAIN, PASSWORD, Phone } from '../support/sip-system.ts'
import { XmppClient } from '../support/xmpp-client.ts'

const CLI = new URL('../../bin/heliograph', import.meta.url).pathname
const ALICE = `alice@${DOMAIN}`
const BOB = `bob@${DOMAIN}`

const isWinfo = (text: RegExp) => (request: SipRequest) =>
  request.headers.get('Event') === 'presence.winfo' && text.test(request.body.toString())

test('a phone is told of a watcher by XMPP, lets him in, and keeps him out again', async (t) => {
  const set = ['sip.notifyInterval=0s', 'authorization.sameSystem=confirm']
  const server = await startTestServer({ args: set.flatMap((one) => ['--set', one]) })
  t.after(() => server[Symbol.asyncDispose]())
  const heliograph = (...args: string[]) => {
    const { status, stderr } = spawnSync(CLI, ['--data', server.data, ...args])
    assert.equal(status, 0, stderr.toString())
  }
  heliograph('domain', 'add', DOMAIN, '--sip-digest', 'both')
  for (const user of [ALICE, BOB]) heliograph('user', 'add', user, '--password', PASSWORD)
  const ports = { udp: 'sipUdp', tcp: 'sipTcp', tls: 'sipTls' } as const
  const sip = { port: (transport: keyof typeof ports) => server.port(ports[transport]) }

  const alice = await Phone.open(t, sip, 'alice', 'tls')
  const send = (event: string, type: string, body: string) =>
    alice.send('PUBLISH', {
      headers: [
        ['Event', event],
        ['Content-Type', type],
      ],
      body,
    })
  const pidf = `<presence xmlns="urn:ietf:params:xml:ns:pidf" entity="sip:${ALICE}">
    <tuple id="desk"><status><basic>open</basic></status></tuple></presence>`
  assert.equal((await send('presence', 'application/pidf+xml', pidf)).status, 200)
  const decide = async (attributes: string) => {
    const body = `<watcherinfo xmlns="urn:ietf:params:xml:ns:watcherinfo" version="0" state="partial">
      <watcher-list resource="sip:${ALICE}" package="presence">
      <watcher id="b" ${attributes}>sip:${BOB}</watcher></watcher-list></watcherinfo>`
    const { status } = await send('presence.wauth', 'application/watcherinfo+xml', body)
    assert.equal(status, 200)
  }
  await alice.send('SUBSCRIBE', { headers: [['Event', 'presence.winfo']] })
  await alice.got('NOTIFY', isWinfo(/<watcher-list [^>]*><\/watcher-list>|<watcher-list [^>]*\/>/))

  const bob = await XmppClient.online(
    { port: server.port('xmppTls'), direct: true },
    { jid: BOB, password: PASSWORD, resource: 'desk' },
  )
  t.after(() => bob[Symbol.asyncDispose]())
  // RFC 6121 §3.1.6: answers go to the clients that asked for the contact list.
  bob.send(`<iq type='get' id='list'><query xmlns='jabber:iq:roster'/></iq>`)
  await bob.expect((el) => el.attr('id') === 'list')
  const fromAlice = (type: string | undefined) => (el: Element) =>
    el.name === 'presence' && (el.attr('from') ?? '').startsWith(ALICE) && el.attr('type') === type
  bob.send(`<presence type='subscribe' to='${ALICE}'/>`)
  const pending = new RegExp(`status="pending" event="subscribe"[^>]*>sip:${BOB}<`)
  await alice.got('NOTIFY', isWinfo(pending))

  await decide('status="active" event="approved"')
  await bob.expect(fromAlice('subscribed'))
  await bob.expect(fromAlice(undefined))
  await alice.got(
    'NOTIFY',
    isWinfo(new RegExp(`status="active" event="approved"[^>]*>sip:${BOB}<`)),
  )

  await decide('status="terminated" event="rejected"')
  await bob.expect(fromAlice('unavailable'))
})
