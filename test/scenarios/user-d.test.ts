/**
 * The manual's User D ("Aura or federated watcher and PC3 presentity"), step by step over real
 * sockets: a person with a phone and a messaging client, watched over XMPP, SIP and the API, each
 * watcher confirmed by him. The federated users of the story are played by users of other domains of
 * this system until there is federation.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import type { Element } from '../../src/xml/element.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { DOMAIN, PASSWORD, Phone } from '../support/sip-system.ts'
import { XmppClient } from '../support/xmpp-client.ts'

const CLI = new URL('../../bin/heliograph', import.meta.url).pathname
const A = 'usera@lync.example'
const B = 'userb@openfire.example'
const C = `userc@${DOMAIN}`
const D = `userd@${DOMAIN}`

function heliograph(server: TestServer, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(CLI, ['--data', server.data, ...args])
  assert.equal(status, 0, stderr.toString())
  return stdout.toString()
}

function pidf(activities: string): string {
  return `<?xml version="1.0"?><presence xmlns="urn:ietf:params:xml:ns:pidf"
    xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model"
    xmlns:r="urn:ietf:params:xml:ns:pidf:rpid" entity="sip:${D}">
    <tuple id="desk"><status><basic>open</basic></status></tuple>
    <dm:person id="d"><r:activities>${activities}</r:activities></dm:person></presence>`
}

/** Waits until this watcher’s client shows this, and answers what else it says. */
function sees(watcher: XmppClient, show: string | undefined, status?: string): Promise<Element> {
  return watcher.expect(
    (el) =>
      el.name === 'presence' &&
      (el.attr('from') ?? '').startsWith(`${D}/`) &&
      el.attr('type') === undefined &&
      el.child('show')?.text() === show &&
      el.child('status')?.text() === status,
  )
}

test('User D is Busy, Do Not Disturb, Busy and Available, for all who watch', async (t) => {
  const server = await startTestServer({
    args: ['--set', 'sip.notifyInterval=0s', '--set', 'authorization.sameSystem=confirm'],
  })
  t.after(() => server[Symbol.asyncDispose]())
  heliograph(server, 'domain', 'add', DOMAIN, '--sip-digest', 'both')
  for (const domain of ['lync.example', 'openfire.example']) {
    heliograph(server, 'domain', 'add', domain)
  }
  for (const account of [A, B, C, D]) {
    heliograph(server, 'user', 'add', account, '--password', PASSWORD)
  }
  const online = async (jid: string, resource: string) => {
    const connect = { port: server.port('xmppTls'), direct: true }
    const client = await XmppClient.online(connect, { jid, password: PASSWORD, resource })
    t.after(() => client[Symbol.asyncDispose]())
    return client
  }
  const ports = { udp: 'sipUdp', tcp: 'sipTcp', tls: 'sipTls' } as const
  const sip = { port: (transport: keyof typeof ports) => server.port(ports[transport]) }

  // D has a messaging client and a phone; A and B add D to their lists, C subscribes by SIP.
  const client = await online(D, 'messenger')
  const phone = await Phone.open(t, sip, 'userd', 'tcp')
  const watchers = [await online(A, 'lync'), await online(B, 'openfire')]
  for (const [at, watcher] of watchers.entries()) {
    watcher.send(`<presence type='subscribe' to='${D}'/>`)
    await client.expectPresence('subscribe', at === 0 ? A : B)
    client.send(`<presence type='subscribed' to='${at === 0 ? A : B}'/>`)
    await sees(watcher, undefined)
  }
  const c = await Phone.open(t, sip, 'userc', 'udp')
  assert.equal((await c.subscribe(`sip:${D}`)).status, 200)
  const pending = await c.got('NOTIFY')
  assert.match(pending.headers.get('Subscription-State') ?? '', /^pending/)
  assert.ok(!pending.body.toString().includes('open'))
  await client.expectPresence('subscribe', C)
  client.send(`<presence type='subscribed' to='${C}'/>`)
  await c.got('NOTIFY', (one) => one.body.toString().includes('<basic>open</basic>'))

  let etag: string | undefined
  const publish = async (activities: string) => {
    const response = await phone.send('PUBLISH', {
      uri: `sip:${D}`,
      headers: [
        ['Event', 'presence'],
        ['Content-Type', 'application/pidf+xml'],
        ...(etag === undefined ? [] : [['SIP-If-Match', etag] as const]),
      ],
      body: pidf(activities),
    })
    assert.equal(response.status, 200)
    etag = response.headers.get('SIP-ETag')
  }
  /** After `step`, both XMPP watchers see this show and status, and the SIP watcher this RPID. */
  const everybody = async (
    step: () => unknown,
    show: string | undefined,
    status: string | undefined,
    rpid: RegExp,
  ) => {
    const before = c.received.length
    await step()
    for (const watcher of watchers) await sees(watcher, show, status)
    await c.got(
      'NOTIFY',
      (one) => c.received.indexOf(one) >= before && rpid.test(one.body.toString()),
    )
  }

  // "User D makes a phone call. All watchers see User D as Busy."
  await everybody(() => publish('<r:on-the-phone/>'), 'dnd', 'On a call', /<rpid:on-the-phone\/>/)
  assert.match(heliograph(server, 'presence', 'explain', D), /is on-a-call .*\nrule call:/)
  // "User D manually sets Do Not Disturb on the other device. All watchers see Do Not Disturb."
  await everybody(
    () => client.send('<presence><show>dnd</show></presence>'),
    'dnd',
    undefined,
    /do-not-disturb/,
  )
  assert.match(
    heliograph(server, 'presence', 'explain', D),
    /is do-not-disturb .*\nrule manual-dnd:/,
  )
  // "User D resets the device to automatic mode. All watchers see User D as Busy."
  await everybody(() => client.send('<presence/>'), 'dnd', 'On a call', /<rpid:on-the-phone\/>/)
  // "User D ends the phone call. All watchers see User D as Available."
  await everybody(
    () => publish(''),
    undefined,
    undefined,
    /<basic>open<\/basic>(?![\s\S]*<rpid:(on-the-phone|busy))/,
  )
  assert.match(heliograph(server, 'presence', 'show', D), /is available since/)
})
