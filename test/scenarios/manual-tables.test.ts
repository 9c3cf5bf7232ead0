/** The rows of the manual's table 3 that need no server of another system, with notes 4, 6 and 8. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { type TestContext, test } from 'node:test'
import { newCallId } from '../../src/sip/message/respond.ts'
import { callApi } from '../support/crowd.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { DOMAIN, PASSWORD, Phone } from '../support/sip-system.ts'
import { XmppClient } from '../support/xmpp-client.ts'

const CLI = new URL('../../bin/heliograph', import.meta.url).pathname
const OUTSIDE = 'extdomain.com'
/** WC1: adds anybody. */
const WENDY = `wendy@${DOMAIN}`
/** WC2: adds by the Presence/IM address alone. */
const SAM = `sam@${DOMAIN}`
/** PC2: all his devices are elsewhere. */
const PHIL = `phil@${DOMAIN}`
/** PC3: devices there and here. */
const DORA = `dora@${DOMAIN}`

interface System {
  readonly server: TestServer
  online(jid: string): Promise<XmppClient>
  phone(name: string): Promise<Phone>
  heliograph(...args: string[]): void
}

async function start(t: TestContext): Promise<System> {
  const server = await startTestServer({ args: ['--set', 'sip.notifyInterval=0s'] })
  t.after(() => server[Symbol.asyncDispose]())
  await callApi(server, 'POST', '/api/v1/domains', { name: DOMAIN, sipDigest: 'both' })
  for (const address of [WENDY, SAM, PHIL, DORA]) {
    await callApi(server, 'POST', '/api/v1/users', { address, password: PASSWORD })
  }
  const address = (of: string, type: string, value: string) =>
    callApi(server, 'POST', `/api/v1/users/${of}/addresses`, { type, value })
  await address(PHIL, 'other-xmpp', `phil@${OUTSIDE}`)
  await address(DORA, 'msrtc', `dora@${OUTSIDE}`)
  await address(DORA, 'e164', '+15550100')
  // The state of the device elsewhere, which this system is told of.
  await callApi(server, 'PUT', `/api/v1/presence/${PHIL}`, {
    class: 'internet-im',
    state: 'available',
  })
  const ports = { udp: 'sipUdp', tcp: 'sipTcp', tls: 'sipTls' } as const
  const sip = { port: (transport: keyof typeof ports) => server.port(ports[transport]) }
  return {
    server,
    phone: (name) => Phone.open(t, sip, name, 'tcp'),
    async online(jid) {
      const connect = { port: server.port('xmppTls'), direct: true }
      const client = await XmppClient.online(connect, { jid, password: PASSWORD, resource: 'desk' })
      t.after(() => client[Symbol.asyncDispose]())
      return client
    },
    heliograph(...args) {
      const { status, stderr } = spawnSync(CLI, ['--data', server.data, ...args])
      assert.equal(status, 0, stderr.toString())
    },
  }
}

async function simulated({ server }: System, presentity: string, watcher: string) {
  const answer = await callApi(server, 'GET', `/api/v1/presence/${presentity}/as/${watcher}`)
  const { decision, visible } = JSON.parse(answer) as { decision: string; visible: string }
  return `${decision} ${visible}`
}

function notice(state: string, basic: 'open' | 'closed'): string {
  return `${state} ${basic}`
}

/** A search result: the one NOTIFY of a SUBSCRIBE that asks for no time (RFC 6665 §4.4.3). */
async function fetched(phone: Phone, presentity: string): Promise<string | undefined> {
  const callId = newCallId()
  const headers = [
    ['Event', 'presence'],
    ['Expires', '0'],
  ] as const
  const { status } = await phone.send('SUBSCRIBE', { uri: `sip:${presentity}`, headers, callId })
  assert.equal(status, 200)
  const { body } = await phone.got('NOTIFY', (one) => one.headers.get('Call-ID') === callId)
  return /<basic>(\w+)</.exec(body.toString())?.[1]
}

/** A contact on a phone's list: each call waits for what the next NOTIFY that differs shows. */
async function contact(phone: Phone, presentity: string) {
  const callId = newCallId()
  const headers = [['Event', 'presence']] as const
  const { status } = await phone.send('SUBSCRIBE', { uri: `sip:${presentity}`, headers, callId })
  assert.equal(status, 200)
  let heard = 0
  return async (wanted: string) => {
    await phone.got('NOTIFY', (one) => {
      const at = phone.received.indexOf(one)
      if (at < heard || one.headers.get('Call-ID') !== callId) return false
      const state = one.headers.get('Subscription-State')?.split(';')[0]
      const shown = `${state} ${/<basic>(\w+)</.exec(one.body.toString())?.[1]}`
      if (shown !== wanted) return false
      heard = at + 1
      return true
    })
  }
}

/** What the presentity's phone here is told of who watches him. */
async function told(phone: Phone, watcher: string, status: string) {
  const line = new RegExp(`<watcher [^>]*status="${status}"[^>]*>sip:${watcher}<`)
  await phone.got('NOTIFY', (one) => line.test(one.body.toString()))
}

test('table 3, WC1 and PC3: the request is offered here, and rules decide', async (t) => {
  const system = await start(t)
  system.heliograph('acl', 'system-default', 'set', 'confirm')
  const dora = await system.online(DORA)
  const wendy = await system.online(WENDY)
  const phone = await system.phone('dora')
  await phone.send('SUBSCRIBE', { headers: [['Event', 'presence.winfo']] })

  wendy.send(`<presence type='subscribe' to='${DORA}'/>`)
  await dora.expectPresence('subscribe', WENDY)
  await told(phone, WENDY, 'pending')
  assert.equal(await simulated(system, DORA, WENDY), 'confirm none')
  assert.ok(!(await wendy.settle()).some((el) => el.attr('from')?.startsWith(`${DORA}/`)))

  dora.send(`<presence type='subscribed' to='${WENDY}'/>`)
  await wendy.expectPresence('available', DORA)
  assert.equal(await simulated(system, DORA, WENDY), 'allow all')
  system.heliograph('acl', 'create', 'block', DORA, WENDY)
  await wendy.expectPresence('unavailable', DORA)
  assert.equal(await simulated(system, DORA, WENDY), 'block none')
  system.heliograph('acl', 'modify', 'allow', DORA, WENDY)
  await wendy.expectPresence('available', DORA)
})

test('table 3, WC1 and PC3: Allow asks nobody, and nothing is seen before the contact is added', async (t) => {
  const system = await start(t)
  const dora = await system.online(DORA)
  const wendy = await system.online(WENDY)
  assert.equal(await simulated(system, DORA, WENDY), 'allow all')
  wendy.send(`<presence type='probe' to='${DORA}'/>`)
  assert.ok(!(await wendy.settle()).some((el) => el.attr('from')?.startsWith(`${DORA}/`)))
  wendy.send(`<presence type='subscribe' to='${DORA}'/>`)
  await wendy.expectPresence('available', DORA)
  assert.ok(!(await dora.settle()).some((el) => el.attr('type') === 'subscribe'))
})

for (const policy of ['confirm', 'block'] as const) {
  test(`table 3, WC2 and PC2, note 8: system ${policy} keeps him out until the domain is allowed`, async (t) => {
    const system = await start(t)
    system.heliograph('acl', 'system-default', 'set', policy)
    const sam = await system.phone('sam')
    const shows = await contact(sam, PHIL)
    await shows(notice(policy === 'confirm' ? 'pending' : 'active', 'closed'))
    assert.equal(await fetched(sam, PHIL), 'closed')
    assert.equal(await simulated(system, PHIL, SAM), `${policy} none`)

    system.heliograph('user-default-policy-domain', '-c', 'ALLOW', OUTSIDE)
    await shows(notice('active', 'open'))
    assert.equal(await fetched(sam, PHIL), 'open')
    assert.equal(await simulated(system, PHIL, SAM), 'allow all')

    system.heliograph('user-default-policy-domain', '-d', OUTSIDE)
    await shows(notice(policy === 'confirm' ? 'pending' : 'active', 'closed'))
  })
}

test('table 3, WC2 and PC2: by system Allow he sees, in his contacts and in a search', async (t) => {
  const system = await start(t)
  const sam = await system.phone('sam')
  assert.equal(await fetched(sam, PHIL), 'open')
  await (await contact(sam, PHIL))(notice('active', 'open'))
})

test('table 3, WC2 and PC3, notes 4 and 6: asked on devices here, and a search shows what the rules say', async (t) => {
  const system = await start(t)
  system.heliograph('acl', 'system-default', 'set', 'confirm')
  const dora = await system.online(DORA)
  const phone = await system.phone('dora')
  await phone.send('SUBSCRIBE', { headers: [['Event', 'presence.winfo']] })
  const sam = await system.phone('sam')
  assert.equal(await fetched(sam, DORA), 'closed')

  const shows = await contact(sam, DORA)
  await shows(notice('pending', 'closed'))
  await dora.expectPresence('subscribe', SAM)
  await told(phone, SAM, 'pending')
  dora.send(`<presence type='subscribed' to='${SAM}'/>`)
  await shows(notice('active', 'open'))
  await told(phone, SAM, 'active')
  assert.equal(await fetched(sam, DORA), 'open')

  system.heliograph('acl', 'create', 'block', DORA, SAM)
  await shows(notice('active', 'closed'))
  assert.equal(await fetched(sam, DORA), 'closed')
  system.heliograph('acl', 'modify', 'allow', DORA, SAM)
  await shows(notice('active', 'open'))
  assert.equal(await fetched(sam, DORA), 'open')
})
