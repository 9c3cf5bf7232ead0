/** Requests as they come by XMPP and SIP, answered by their owner over HTTPS. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { request } from 'node:https'
import { json } from 'node:stream/consumers'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { ApiClient, path } from '../../src/cli/api-client.ts'
import type { ExplainReply, WatchesReply } from '../../src/cli/replies.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { DOMAIN, PASSWORD, Phone } from '../support/sip-system.ts'
import { XmppClient } from '../support/xmpp-client.ts'
import { basic } from './rig.ts'

const [alice, bob, carol] = ['alice', 'bob', 'carol'].map((name) => `${name}@${DOMAIN}`) as [
  string,
  string,
  string,
]
const authorization = basic(alice, PASSWORD)

async function open(server: TestServer, method: string, url: string, body?: object) {
  const outgoing = request({
    ...{ host: '127.0.0.1', port: server.port('https'), rejectUnauthorized: false, agent: false },
    ...{ method, path: url, headers: { authorization, 'content-type': 'application/json' } },
  })
  outgoing.end(body && JSON.stringify(body))
  const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage]
  return { incoming, leave: () => outgoing.destroy() }
}

/** Alice's event stream; `until` resolves when the last list of requests is this. */
async function stream(t: TestContext, server: TestServer) {
  const { incoming, leave } = await open(server, 'GET', path`/api/v1/presence/${alice}/events`)
  t.after(leave)
  incoming.on('error', () => undefined)
  let text = ''
  let wake = () => undefined as unknown
  incoming.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
    wake()
  })
  return async (...watchers: readonly string[]) => {
    const requests = watchers.map((watcher) => ({ watcher }))
    const list = `event: watch-request\ndata: ${JSON.stringify({ presentity: alice, requests })}\n\n`
    const isLast = () => text.slice(text.lastIndexOf('event: watch-request')).startsWith(list)
    while (!isLast()) await new Promise((resolve) => (wake = () => resolve(undefined)))
  }
}

test('an owner without a client hears of requests and answers them, for every protocol', async (t) => {
  const server = await startTestServer({ args: ['--set', 'sip.notifyInterval=0s'] })
  t.after(() => server[Symbol.asyncDispose]())
  const api = new ApiClient(server.data)
  const domain = { name: DOMAIN, sipDigest: 'both' }
  await api.call({ method: 'POST', path: '/api/v1/domains', body: domain })
  for (const address of [alice, bob, carol]) {
    const body = { address, password: PASSWORD }
    await api.call({ method: 'POST', path: '/api/v1/users', body })
  }
  const own = path`/api/v1/users/${alice}`
  const confirm = await open(server, 'PUT', `${own}/acl/default`, { action: 'confirm' })
  assert.equal(confirm.incoming.statusCode, 200)
  const state = { state: 'busy', note: 'writing' }
  await open(server, 'PUT', path`/api/v1/presence/${alice}`, state)
  const waiting = await stream(t, server)

  const ports = { udp: 'sipUdp', tcp: 'sipTcp', tls: 'sipTls' } as const
  const sip = { port: (transport: keyof typeof ports) => server.port(ports[transport]) }
  const phone = await Phone.open(t, sip, 'carol')
  assert.equal((await phone.subscribe(`sip:${alice}`)).status, 200)
  await waiting(carol)
  const connect = { port: server.port('xmppTls'), direct: true }
  const client = await XmppClient.online(connect, { jid: bob, password: PASSWORD })
  t.after(() => client[Symbol.asyncDispose]())
  await client.iq('get', `<query xmlns='jabber:iq:roster'/>`)
  client.send(`<presence type='subscribe' to='${alice}'/>`)
  await waiting(bob, carol)

  const answer = async (watcher: string, body: object) => {
    const target = own + path`/watch-requests/${watcher}`
    const { incoming } = await open(server, 'POST', target, body)
    assert.equal(incoming.statusCode, 204, await json(incoming).then(JSON.stringify, () => ''))
  }
  await answer(bob, { action: 'allow' })
  await client.expectPresence('subscribed', alice)
  const seen = await client.expect(
    (el) => el.name === 'presence' && (el.attr('from') ?? '').startsWith(`${alice}/`),
  )
  assert.equal(seen.child('status')?.text(), 'writing')
  await waiting(carol)
  await answer(carol, { action: 'allow', level: 'Telephony' })
  await phone.got('NOTIFY', (one) =>
    (one.headers.get('Subscription-State') ?? '').startsWith('active'),
  )
  await waiting()
  const bodies = phone.received.map(({ body }) => body.toString()).join('')
  assert.doesNotMatch(bodies, /writing|busy/)

  const { watches } = (await api.call({
    method: 'GET',
    path: path`/api/v1/watchers?watched=${alice}`,
  })) as WatchesReply
  const who = watches.map(({ watcher, protocol, status, roster }) =>
    [watcher, protocol, status, roster ? 'roster' : ''].join(' ').trim(),
  )
  assert.deepEqual(who, [`${bob} xmpp active roster`, `${carol} sip active`])
  const explained = (await api.call({
    method: 'GET',
    path: path`/api/v1/presence/${alice}/explain`,
  })) as ExplainReply
  const [ofBob, ofCarol] = explained.watchers
  assert.deepEqual(ofBob?.hidden, [])
  const manual = ofCarol?.hidden.find((reason) => reason.class === 'manual')
  assert.deepEqual([manual?.rule?.watcher, manual?.rule?.action], [carol, 'block'])
})
