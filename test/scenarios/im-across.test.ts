/**
 * Alice's XMPP client and bob's SIP phone: who types (RFC 3994, XEP-0085), what became of a message (RFC 5438,
 * XEP-0184, XEP-0333), and messages to several (RFC 5365, XEP-0033), over real sockets.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { type TestContext, test } from 'node:test'
import { parseImdn, renderImdn } from '../../src/formats/imdn.ts'
import { parseIsComposing, renderIsComposing } from '../../src/formats/is-composing.ts'
import type { SipRequest } from '../../src/sip/message/message.ts'
import { parseCpim } from '../../src/sip/messaging/cpim.ts'
import type { Element } from '../../src/xml/element.ts'
import { startTestServer } from '../support/server.ts'
import { DOMAIN, PASSWORD, Phone } from '../support/sip-system.ts'
import { XmppClient } from '../support/xmpp-client.ts'

const CLI = new URL('../../bin/heliograph', import.meta.url).pathname
const AOR_ALICE = `sip:alice@${DOMAIN}`
const NS_STATES = 'http://jabber.org/protocol/chatstates'
const NS_RECEIPTS = 'urn:xmpp:receipts'
const NS_MARKERS = 'urn:xmpp:chat-markers:0'
const NS_ADDRESS = 'http://jabber.org/protocol/address'
const COMPOSING = 'application/im-iscomposing+xml'
const CPIM = 'message/cpim'
const PORTS = { udp: 'sipUdp', tcp: 'sipTcp', tls: 'sipTls' } as const

async function start(t: TestContext) {
  const server = await startTestServer()
  t.after(() => server[Symbol.asyncDispose]())
  const heliograph = (...args: string[]) => {
    const { status, stderr } = spawnSync(CLI, ['--data', server.data, ...args])
    assert.equal(status, 0, stderr.toString())
  }
  heliograph('domain', 'add', DOMAIN, '--sip-digest', 'both')
  for (const user of ['alice', 'bob', 'carol']) {
    heliograph('user', 'add', `${user}@${DOMAIN}`, '--password', PASSWORD)
  }
  return {
    async client(name: string) {
      const connect = { port: server.port('xmppTls'), direct: true }
      const who = { jid: `${name}@${DOMAIN}`, password: PASSWORD, resource: 'desk' }
      const client = await XmppClient.online(connect, who)
      t.after(() => client[Symbol.asyncDispose]())
      return client
    },
    async phone(name: string, transport: keyof typeof PORTS = 'udp') {
      const sip = { port: (of: keyof typeof PORTS) => server.port(PORTS[of]) }
      const phone = await Phone.open(t, sip, name, transport)
      assert.equal((await phone.register()).status, 200)
      return phone
    },
  }
}

const typeOf = ({ headers }: SipRequest) => headers.get('Content-Type')?.split(';', 1)[0]
const isMessage = (one: Element) => one.name === 'message'

function post(
  phone: Phone,
  type: string,
  body: string,
  more: Partial<{ uri: string; require: string }> = {},
) {
  const { uri = AOR_ALICE, require } = more
  const headers: [string, string][] = [['Content-Type', type]]
  if (require) headers.push(['Require', require])
  return phone.send('MESSAGE', { uri, headers, body })
}

function wrapped(fields: readonly string[], type: string, body: string): string {
  const own = [`From: <sip:bob@${DOMAIN}>`, 'NS: imdn <urn:ietf:params:imdn>', ...fields]
  return `${own.join('\r\n')}\r\n\r\nContent-Type: ${type}\r\n\r\n${body}`
}

function read({ body }: SipRequest) {
  const cpim = parseCpim(body)
  assert.ok(typeof cpim === 'object')
  return cpim
}

test('each sees that the other is typing, and that he stops (RFC 3994, XEP-0085)', async (t) => {
  const system = await start(t)
  const alice = await system.client('alice')
  const bob = await system.phone('bob', 'tcp')
  alice.send(`<message to='bob@${DOMAIN}' type='chat'><composing xmlns='${NS_STATES}'/></message>`)
  const active = await bob.got('MESSAGE')
  assert.equal(typeOf(active), COMPOSING)
  assert.equal(parseIsComposing(active.body)?.state, 'active')
  alice.send(`<message to='bob@${DOMAIN}' type='chat'><paused xmlns='${NS_STATES}'/></message>`)
  await bob.got('MESSAGE', ({ body }) => parseIsComposing(body)?.state === 'idle')

  const typing = renderIsComposing({ state: 'active', refresh: 60 })
  assert.equal((await post(bob, COMPOSING, typing)).status, 200)
  const state = (name: string) => (one: Element) => one.child(name, NS_STATES) !== undefined
  const heard = await alice.expect(state('composing'))
  assert.equal(heard.attr('from'), `bob@${DOMAIN}`)
  assert.equal((await bob.message(AOR_ALICE, 'Here')).status, 200)
  const text = await alice.expect(state('active'))
  assert.equal(text.child('body')?.text(), 'Here')

  // A phone that takes none is not bothered again, and nobody hears of it.
  bob.answers.set('MESSAGE', 415)
  alice.send(`<message to='bob@${DOMAIN}' type='chat'><composing xmlns='${NS_STATES}'/></message>`)
  const isActive = ({ body }: SipRequest) => parseIsComposing(body)?.state === 'active'
  await bob.got('MESSAGE', (one) => one !== active && isActive(one))
  bob.answers.set('MESSAGE', 200)
  alice.send(`<message to='bob@${DOMAIN}' type='chat'><paused xmlns='${NS_STATES}'/></message>`)
  alice.send(`<message to='bob@${DOMAIN}' type='chat'><composing xmlns='${NS_STATES}'/></message>`)
  alice.send(`<message to='bob@${DOMAIN}' type='chat'><body>Still there?</body></message>`)
  await bob.got('MESSAGE', ({ body }) => body.toString() === 'Still there?')
  assert.equal(bob.received.filter((one) => typeOf(one) === COMPOSING).length, 3)
  assert.deepEqual((await alice.settle()).filter(isMessage), [])
})

test('a client learns that the phone got and showed its message (RFC 5438, XEP-0184, XEP-0333)', async (t) => {
  const system = await start(t)
  const alice = await system.client('alice')
  const bob = await system.phone('bob')
  alice.send(
    `<message to='bob@${DOMAIN}' type='chat' id='s 1'><body>Hi</body><request xmlns='${NS_RECEIPTS}'/><markable xmlns='${NS_MARKERS}'/></message>`,
  )
  const got = read(await bob.got('MESSAGE'))
  assert.equal(got.content.body.toString(), 'Hi')
  assert.deepEqual(got.dispositionNotification, [
    'positive-delivery',
    'negative-delivery',
    'display',
  ])
  const { messageId = '', dateTime = '' } = got
  for (const [fate, element, ns] of [
    ['delivered', 'received', NS_RECEIPTS],
    ['displayed', 'displayed', NS_MARKERS],
  ] as const) {
    const imdn = renderImdn({ messageId, dateTime, fate })
    const sent = await post(
      bob,
      CPIM,
      wrapped([`imdn.Message-ID: ${fate}`], 'message/imdn+xml', imdn),
    )
    assert.equal(sent.status, 200)
    const told = await alice.expect((one) => one.child(element, ns) !== undefined)
    assert.equal(told.child(element, ns)?.attr('id'), 's 1')
    assert.equal(told.attr('from'), `bob@${DOMAIN}`)
  }
})

test('a phone learns that a client got and showed its message (RFC 5438, XEP-0184, XEP-0333)', async (t) => {
  const system = await start(t)
  const bob = await system.phone('bob', 'tls')
  const fields = [
    'DateTime: 2030-01-02T03:04:05Z',
    'imdn.Message-ID: 34jk324j',
    'imdn.Disposition-Notification: positive-delivery, display, processing',
  ]
  // She is not there: it waits, with what it asks for, and he is told so.
  const stored = await post(bob, CPIM, wrapped(fields, 'text/plain', 'Hello World'))
  assert.equal(stored.status, 202)
  const fateOf = (request: SipRequest) =>
    typeOf(request) === CPIM ? parseImdn(read(request).content.body)?.fate : undefined
  await bob.got('MESSAGE', (one) => fateOf(one) === 'stored')

  const alice = await system.client('alice')
  const got = await alice.expectMessage('Hello World')
  assert.equal(got.attr('id'), '34jk324j')
  assert.ok(got.child('request', NS_RECEIPTS))
  assert.ok(got.child('markable', NS_MARKERS))
  alice.send(
    `<message to='bob@${DOMAIN}' type='chat' id='r1'><received xmlns='${NS_RECEIPTS}' id='34jk324j'/></message>`,
  )
  const delivered = await bob.got('MESSAGE', (one) => fateOf(one) === 'delivered')
  const imdn = read(delivered).content.body.toString()
  assert.match(imdn, /<message-id>34jk324j<\/message-id><datetime>2030-01-02T03:04:05Z</)
  alice.send(
    `<message to='bob@${DOMAIN}' type='chat' id='d1'><displayed xmlns='${NS_MARKERS}' id='34jk324j'/></message>`,
  )
  await bob.got('MESSAGE', (one) => fateOf(one) === 'displayed')
})

test('a message to several goes across, and shows who has it (RFC 5365, XEP-0033)', async (t) => {
  const system = await start(t)
  const alice = await system.client('alice')
  const bob = await system.phone('bob', 'tcp')
  const carol = await system.phone('carol')
  const history = (request: SipRequest) => request.body.toString()

  const entry = (user: string, copy: string) =>
    `<entry uri="sip:${user}@${DOMAIN}" cp:copyControl="${copy}"/>`
  const list =
    '<resource-lists xmlns="urn:ietf:params:xml:ns:resource-lists" xmlns:cp="urn:ietf:params:xml:ns:copycontrol"><list>' +
    `${entry('alice', 'to')}${entry('carol', 'cc')}</list></resource-lists>`
  const parts = [
    'Content-Type: text/plain\r\n\r\nLunch?',
    `Content-Type: application/resource-lists+xml\r\nContent-Disposition: recipient-list\r\n\r\n${list}`,
  ]
  const body = `${parts.map((part) => `--b\r\n${part}\r\n`).join('')}--b--\r\n`
  const more = { uri: `sip:${DOMAIN}`, require: 'recipient-list-message' }
  assert.equal((await post(bob, 'multipart/mixed;boundary=b', body, more)).status, 202)
  const got = await alice.expectMessage('Lunch?')
  assert.equal(got.attr('from'), `bob@${DOMAIN}`)
  const shown = [...(got.child('addresses', NS_ADDRESS)?.elements() ?? [])]
  assert.deepEqual(
    shown.map((one) => [one.attr('type'), one.attr('jid'), one.attr('delivered')]),
    [
      ['to', `alice@${DOMAIN}`, 'true'],
      ['cc', `carol@${DOMAIN}`, 'true'],
    ],
  )
  const copy = await carol.got('MESSAGE')
  assert.equal(typeOf(copy), 'multipart/mixed')
  assert.match(history(copy), /recipient-list-history; handling=optional/)
  assert.match(history(copy), /uri="sip:alice@example.com" cp:copyControl="to"/)
  assert.match(history(copy), /\r\n\r\nLunch\?\r\n--/)

  const address = (type: string, user: string) =>
    `<address type='${type}' jid='${user}@${DOMAIN}'/>`
  alice.send(
    `<message to='multicast.${DOMAIN}' type='chat'><body>At noon</body><addresses xmlns='${NS_ADDRESS}'>${address('to', 'bob')}${address('bcc', 'carol')}</addresses></message>`,
  )
  const noon = ({ body: text }: SipRequest) => text.toString().includes('At noon')
  const toBob = history(await bob.got('MESSAGE', noon))
  assert.match(toBob, /uri="sip:bob@example.com" cp:copyControl="to"/)
  assert.doesNotMatch(toBob, /carol/)
  const toCarol = history(await carol.got('MESSAGE', noon))
  assert.match(toCarol, /uri="sip:carol@example.com" cp:copyControl="bcc"/)
})
