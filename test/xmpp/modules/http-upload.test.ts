/** XEP-0363: finding the service, and slots. What comes of them is in `test/xmpp/upload`. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Element } from '../../../src/xml/element.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { condition, startXmppSystem } from '../../support/xmpp-system.ts'
import { CONFIG } from '../upload/rig.ts'

const NS = 'urn:xmpp:http:upload:0'
const PURPOSE = 'urn:xmpp:http:upload:purpose:0'
const HOST = 'upload.corp.example'
const INFO = `<query xmlns='http://jabber.org/protocol/disco#info'/>`
const ITEMS = `<query xmlns='http://jabber.org/protocol/disco#items'/>`
const NAMED = "filename='très cool.jpg' size='23456' content-type='image/jpeg'"

function request(attributes = NAMED, inside = ''): string {
  return `<request xmlns='${NS}' ${attributes}>${inside}</request>`
}

function put(answer: Element): string {
  return answer.child('slot', NS)?.child('put')?.attr('url') ?? ''
}

test('the service is found beside each domain whose users may share', async (t) => {
  const system = await startXmppSystem(t, { upload: { ...CONFIG, domains: ['corp.example'] } })
  await using alice = await system.connect('alice')
  const items = async (domain: string) => {
    const answer = await alice.iq('get', ITEMS, domain)
    const query = answer.child(undefined, 'http://jabber.org/protocol/disco#items')
    return [...(query?.elements() ?? [])].map((item) => [item.attr('jid'), item.attr('name')])
  }
  assert.deepEqual(await items('corp.example'), [[HOST, 'HTTP File Upload']])
  assert.deepEqual(await items('west.example'), [])
  assert.deepEqual(await items(HOST), [])
  for (const host of ['upload.west.example', 'upload.far.example', 'upload', 'x.corp.example']) {
    const refused = await alice.iq('get', INFO, host)
    assert.equal(condition(refused), 'cancel remote-server-not-found', host)
  }
})

test('it says what it is, how large files may be, and what for', async (t) => {
  const system = await startXmppSystem(t, { upload: { ...CONFIG, profileQuota: 0 } })
  await using alice = await system.connect('alice')
  const answer = await alice.iq('get', INFO, HOST)
  assert.equal(answer.attr('from'), HOST)
  const query = answer.child('query', 'http://jabber.org/protocol/disco#info')
  const identity = query?.child('identity')
  assert.deepEqual(
    ['category', 'type', 'name'].map((name) => identity?.attr(name)),
    ['store', 'file', 'HTTP File Upload'],
  )
  const features = [...(query?.elements() ?? [])].flatMap((child) => child.attr('var') ?? [])
  assert.deepEqual(features, [
    'http://jabber.org/protocol/disco#info',
    'http://jabber.org/protocol/disco#items',
    NS,
    `${PURPOSE}#ephemeral`,
    `${PURPOSE}#message`,
  ])
  const fields = [...(query?.child('x', 'jabber:x:data')?.elements() ?? [])]
  assert.deepEqual(
    fields.map((field) => [field.attr('var'), field.child('value')?.text()]),
    [
      ['FORM_TYPE', NS],
      ['max-file-size', '1000000'],
    ],
  )
  for (const node of ['x', '']) {
    const refused = await alice.iq('get', INFO.replace('/>', ` node='${node}'/>`), HOST)
    assert.equal(condition(refused), 'cancel item-not-found')
  }
})

test('its name is the operator’s to choose', async (t) => {
  const system = await startXmppSystem(t, { upload: { ...CONFIG, name: 'aft' } })
  await using alice = await system.connect('alice')
  assert.ok(put(await alice.iq('get', request(), 'aft.corp.example')))
  assert.equal(condition(await alice.iq('get', request(), HOST)), 'cancel remote-server-not-found')
})

test('a slot is two URLs over HTTPS, of which one may be told to others', async (t) => {
  const system = await startXmppSystem(t, { upload: CONFIG })
  await using alice = await system.connect('alice')
  const answer = await alice.iq('get', request(), HOST)
  assert.equal(answer.attr('type'), 'result')
  const get = answer.child('slot', NS)?.child('get')?.attr('url') ?? ''
  assert.match(get, /^https:\/\/corp\.example:7300\/upload\/[\w-]{32}\/tr%C3%A8s%20cool\.jpg$/)
  assert.match(put(answer), /^https:\/\/[\x21-\x7e]+\?slot=[\w.-]+$/)
  assert.ok(put(answer).startsWith(`${get}?`))
  const other = await alice.iq('get', request(), HOST)
  assert.notEqual(put(other), put(answer))
})

test('a request that is not one is refused', async (t) => {
  const system = await startXmppSystem(t, { upload: CONFIG })
  await using alice = await system.connect('alice')
  for (const wrong of [
    request("size='5'"),
    request("filename='' size='5'"),
    request("filename='a'"),
    ...['', '0', '-1', '1.5', 'x', '1e3', '0x10', '99999999999999999999'].map((size) =>
      request(`filename='a' size='${size}'`),
    ),
    request("filename='a' size='5' content-type='image'"),
    request("filename='a' size='5' content-type='a/b&#10;X-Evil: 1'"),
    request(NAMED, `<message xmlns='${PURPOSE}'/><profile xmlns='${PURPOSE}'/>`),
    request(NAMED, `<ephemeral xmlns='${PURPOSE}'/>`),
    request(NAMED, `<ephemeral xmlns='${PURPOSE}' expire-before='tomorrow'/>`),
    request(NAMED, `<ephemeral xmlns='${PURPOSE}' expire-before='2025-13-40T23:08:25Z'/>`),
  ]) {
    assert.equal(condition(await alice.iq('get', wrong, HOST)), 'modify bad-request', wrong)
  }
  assert.equal(condition(await alice.iq('set', request(), HOST)), 'cancel service-unavailable')
  for (const to of [`a@${HOST}`, `${HOST}/a`]) {
    assert.equal(condition(await alice.iq('get', request(), to)), 'cancel service-unavailable')
  }
})

test('what clients write otherwise than they should is understood', async (t) => {
  const system = await startXmppSystem(t, { upload: CONFIG })
  await using alice = await system.connect('alice')
  for (const odd of [
    request("filename='a' size='5' content-type=''"),
    request("filename='a' size=' 005 '"),
    request("filename='../../etc/passwd' size='5'"),
    request(NAMED, `<x xmlns='urn:example:more'/>`),
  ]) {
    assert.ok(put(await alice.iq('get', odd, HOST)), odd)
  }
})

test('purposes are taken where the operator has them', async (t) => {
  const clock = new FakeClock()
  const system = await startXmppSystem(t, { upload: CONFIG, clock })
  await using alice = await system.connect('alice')
  const soon = new Date(clock.now() + 60_000).toISOString()
  for (const inside of [
    `<message xmlns='${PURPOSE}'/>`,
    `<ephemeral xmlns='${PURPOSE}' expire-before='${soon}'/>`,
    `<ephemeral xmlns='${PURPOSE}' expire-before='2040-01-01T00:00:00+02:00'/>`,
  ]) {
    assert.ok(put(await alice.iq('get', request(NAMED, inside), HOST)), inside)
  }
  for (const [inside, refusal] of [
    [`<permanent xmlns='${PURPOSE}'/>`, 'cancel feature-not-implemented'],
    [`<other xmlns='${PURPOSE}'/>`, 'cancel feature-not-implemented'],
    [`<profile xmlns='${PURPOSE}'/>`, 'modify not-acceptable'], // too large for one
    [
      `<ephemeral xmlns='${PURPOSE}' expire-before='2020-01-01T00:00:00Z'/>`,
      'modify not-acceptable',
    ],
  ] as const) {
    assert.equal(condition(await alice.iq('get', request(NAMED, inside), HOST)), refusal, inside)
  }
})

test('a file that is too large is refused with how large it may be', async (t) => {
  const system = await startXmppSystem(t, { upload: CONFIG })
  await using alice = await system.connect('alice')
  const refused = await alice.iq('get', request("filename='a' size='1000001'"), HOST)
  assert.equal(condition(refused), 'modify not-acceptable')
  const limit = refused.child('error')?.child('file-too-large', NS)?.child('max-file-size')
  assert.equal(limit?.text(), '1000000')
})

test('who has had enough is told when to try again', async (t) => {
  const clock = new FakeClock(Date.UTC(2030, 0, 1, 9, 0, 0, 1))
  const system = await startXmppSystem(t, { upload: { ...CONFIG, filesPerDay: 1000 }, clock })
  await using alice = await system.connect('alice')
  for (let count = 0; count < 100; count += 1) await alice.iq('get', request(), HOST)
  const refused = await alice.iq('get', request(), HOST)
  assert.equal(condition(refused), 'wait resource-constraint')
  const retry = refused.child('error')?.child('retry', NS)
  assert.equal(retry?.attr('stamp'), '2030-01-01T09:05:01Z')
})

test('types that are not taken are refused', async (t) => {
  const system = await startXmppSystem(t, { upload: { ...CONFIG, types: ['image/*'] } })
  await using alice = await system.connect('alice')
  assert.ok(put(await alice.iq('get', request(), HOST)))
  for (const attributes of [
    "filename='a' size='5'",
    "filename='a' size='5' content-type='text/html'",
  ]) {
    const refused = await alice.iq('get', request(attributes), HOST)
    assert.equal(condition(refused), 'modify not-acceptable')
  }
})

test('users of other domains of the system are refused where they may not share', async (t) => {
  const system = await startXmppSystem(t, { upload: { ...CONFIG, domains: ['corp.example'] } })
  await using erin = await system.connect('erin@west.example')
  assert.equal(condition(await erin.iq('get', request(), HOST)), 'auth forbidden')
})

test('without shared files there is no service', async (t) => {
  const system = await startXmppSystem(t)
  await using alice = await system.connect('alice')
  assert.equal(condition(await alice.iq('get', INFO, HOST)), 'cancel remote-server-not-found')
})
