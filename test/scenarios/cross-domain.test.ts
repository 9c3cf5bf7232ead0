/** The switch between presence domains (the manual, "Disabling cross-domain communication"), thrown live. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SipRequest } from '../../src/sip/message/message.ts'
import type { Element } from '../../src/xml/element.ts'
import { callApi } from '../support/crowd.ts'
import { startTestServer } from '../support/server.ts'
import { DOMAIN, PASSWORD, Phone } from '../support/sip-system.ts'
import { XmppClient } from '../support/xmpp-client.ts'

const WEST = 'west.example'
const ALICE = `alice@${DOMAIN}`
const CAROL = `carol@${WEST}`
const DAVE = `dave@${WEST}`

function presenceOf(jid: string, type?: string) {
  return (el: Element) =>
    el.name === 'presence' &&
    (el.attr('from') ?? '').startsWith(`${jid}/`) &&
    el.attr('type') === type
}

test('users of different domains see and reach each other, unless that is switched off', async (t) => {
  const server = await startTestServer({
    args: ['--set', 'sip.notifyInterval=0s'],
  })
  t.after(() => server[Symbol.asyncDispose]())
  for (const [domain, sipDigest] of [
    [DOMAIN, 'both'],
    [WEST, 'off'],
  ] as const) {
    await callApi(server, 'POST', '/api/v1/domains', { name: domain, sipDigest })
  }
  for (const account of [ALICE, CAROL, DAVE]) {
    await callApi(server, 'POST', '/api/v1/users', { address: account, password: PASSWORD })
  }
  const online = async (jid: string) => {
    const connect = { port: server.port('xmppTls'), direct: true }
    const client = await XmppClient.online(connect, { jid, password: PASSWORD, resource: 'desk' })
    t.after(() => client[Symbol.asyncDispose]())
    return client
  }
  const alice = await online(ALICE)
  const carol = await online(CAROL)
  const dave = await online(DAVE)
  // By the default of the system: nobody is asked.
  for (const watcher of [alice, dave]) {
    watcher.send(`<presence type='subscribe' to='${CAROL}'/>`)
    await watcher.expect(presenceOf(CAROL))
  }
  const ports = { udp: 'sipUdp', tcp: 'sipTcp', tls: 'sipTls' } as const
  const sip = { port: (transport: keyof typeof ports) => server.port(ports[transport]) }
  const phone = await Phone.open(t, sip, 'alice', 'udp')
  const sees = (state: 'open' | 'closed') => (notify: SipRequest) =>
    notify.body.toString().includes(`<basic>${state}</basic>`)
  assert.equal((await phone.subscribe(`sip:${CAROL}`)).status, 200)
  await phone.got('NOTIFY', sees('open'))

  await callApi(server, 'PATCH', '/api/v1/settings', { crossDomain: false })
  await alice.expect(presenceOf(CAROL, 'unavailable'))
  await phone.got('NOTIFY', sees('closed'))
  const heard = phone.received.length
  carol.send('<presence><show>away</show></presence>')
  await dave.expect((el) => presenceOf(CAROL)(el) && el.child('show')?.text() === 'away')
  assert.deepEqual((await alice.settle()).filter(presenceOf(CAROL)), [])
  assert.equal(phone.received.length, heard)
  alice.send(`<message to='${CAROL}' type='chat' id='m1'><body>Hello?</body></message>`)
  const refused = await alice.expect((el) => el.attr('id') === 'm1')
  assert.equal(refused.attr('type'), 'error')

  await callApi(server, 'PATCH', '/api/v1/settings', { crossDomain: true })
  await alice.expect((el) => presenceOf(CAROL)(el) && el.child('show')?.text() === 'away')
  await phone.got('NOTIFY', (one) => phone.received.indexOf(one) >= heard && sees('open')(one))
  alice.send(`<message to='${CAROL}' type='chat'><body>Hello!</body></message>`)
  await carol.expect((el) => el.child('body')?.text() === 'Hello!')
})
