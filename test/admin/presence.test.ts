import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import type { Session } from '../../src/core/sessions.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { codeOf, jid, openRig, type Rig, type RigOptions } from './rig.ts'

const ALICE = '/api/v1/presence/alice@corp.example'

async function openWithAlice(t: TestContext, options?: RigOptions): Promise<Rig> {
  const rig = await openRig(t, options)
  const { directory } = rig
  if (!(await directory.exists(jid('alice')))) {
    await directory.addUser({ account: jid('alice') })
    await directory.addAddress(jid('alice'), { type: 'e164', value: '+15551234567' })
  }
  return rig
}

test('presence is shown for any address of a person', async (t) => {
  const { call, directory } = await openWithAlice(t)
  const account = await call('GET', ALICE)
  assert.equal(account.status, 200)
  assert.equal(account.json.state, 'offline')
  for (const one of [
    'tel:%2B15551234567',
    '%2B15551234567',
    '15551234567',
    'xmpp:alice@corp.example',
  ]) {
    const shown = await call('GET', `/api/v1/presence/${one}`)
    assert.deepEqual(shown.json, account.json, one)
  }
  const address = { type: 'sip', value: '4711@corp.example' } as const
  await directory.addAddress(jid('alice'), address)
  await directory.addUser({ account: '4711@west.example' })
  assert.equal(codeOf(await call('GET', '/api/v1/presence/4711')), '409 AMBIGUOUS_ADDRESS')
  assert.equal((await call('GET', '/api/v1/presence/4711@corp.example')).status, 200)
  assert.equal(codeOf(await call('GET', '/api/v1/presence/x@y.example')), '404 UNKNOWN_ADDRESS')
  assert.equal(codeOf(await call('GET', '/api/v1/presence/%20')), '400 BAD_ADDRESS')
  assert.equal(
    codeOf(await call('GET', `/api/v1/presence/${'x'.repeat(3_000)}`)),
    '400 BAD_ADDRESS',
  )
})

test('a manual state is put, explained, and withdrawn', async (t) => {
  const { call } = await openWithAlice(t)
  const put = await call('PUT', ALICE, { body: { state: 'do-not-disturb', note: 'writing' } })
  assert.equal(put.status, 200)
  assert.equal(put.json.state, 'do-not-disturb')
  assert.equal(put.json.note, 'writing')
  assert.equal(put.json.manual, true)
  assert.equal(put.json.since, '2030-01-01T09:00:00.000Z')
  assert.deepEqual((await call('GET', ALICE)).json, put.json)
  const explained = await call('GET', `${ALICE}/explain`)
  assert.equal(explained.json.winner.source, 'api/manual')
  assert.notEqual(explained.json.rule, '')
  const withdrawn = await call('DELETE', ALICE)
  assert.equal(withdrawn.json.state, 'offline')
  assert.equal((await call('DELETE', ALICE)).status, 200)
})

test('a manual state ends at its time', async (t) => {
  const { call, clock } = await openWithAlice(t)
  await call('PUT', ALICE, { body: { state: 'do-not-disturb', until: '2030-01-01T10:00:00Z' } })
  clock.advance(3_599_999)
  assert.equal((await call('GET', ALICE)).json.state, 'do-not-disturb')
  clock.advance(1)
  assert.equal((await call('GET', ALICE)).json.state, 'offline')
})

test('automatic sources stand beside each other, and end each at its time', async (t) => {
  const { call, clock } = await openWithAlice(t)
  const calendar = { state: 'busy', class: 'calendar', until: '2030-01-01T09:30:00Z' }
  const desk = { state: 'available', class: 'enterprise-im', source: 'desk.1' }
  assert.equal((await call('PUT', ALICE, { body: calendar })).status, 200)
  assert.equal((await call('PUT', ALICE, { body: desk })).status, 200)
  const sources = async () =>
    (await call('GET', `${ALICE}/explain`)).json.reports.map(({ source }) => source)
  assert.deepEqual(await sources(), ['api/source-calendar', 'api/source-desk.1'])
  clock.advance(1_800_000)
  assert.deepEqual(await sources(), ['api/source-desk.1'])
  assert.equal((await call('DELETE', `${ALICE}?source=desk.1`)).json.state, 'offline')
})

test('what an application put without an end is believed for a while, and not for ever', async (t) => {
  const { call, clock } = await openWithAlice(t)
  const desk = { state: 'busy', class: 'application', source: 'crm' }
  await call('PUT', ALICE, { body: desk })
  clock.advance(3_599_999)
  assert.equal((await call('GET', ALICE)).json.state, 'busy')
  clock.advance(1)
  assert.equal((await call('GET', ALICE)).json.state, 'unknown')
  await call('PUT', ALICE, { body: desk })
  assert.equal((await call('GET', ALICE)).json.state, 'busy')
  clock.advance(7_200_000)
  assert.equal((await call('GET', ALICE)).json.state, 'offline')
})

test('a manual state says what else ends it, and an automatic one may not', async (t) => {
  const { call, sessions } = await openWithAlice(t)
  const put = await call('PUT', ALICE, { body: { state: 'away', clear: 'sign-in' } })
  assert.equal(put.json.state, 'away')
  sessions.bind({ account: jid('alice'), resource: 'desk', protocol: 'xmpp' } as Session)
  while ((await call('GET', ALICE)).json.state !== 'offline') await new Promise(setImmediate)
  const automatic = { state: 'busy', class: 'application', clear: 'sign-in' }
  assert.equal(codeOf(await call('PUT', ALICE, { body: automatic })), '400 BAD_REQUEST')
})

test('presence tells by what a person can be reached, and where', async (t) => {
  const { call, directory } = await openWithAlice(t)
  assert.deepEqual((await call('GET', ALICE)).json.modalities, {})
  await directory.addAddress(jid('alice'), { type: 'exchange', value: 'a.smith@mail.example' })
  await call('PUT', ALICE, { body: { state: 'on-a-call', class: 'phone' } })
  await call('PUT', ALICE, { body: { state: 'available', class: 'enterprise-im' } })
  assert.deepEqual((await call('GET', ALICE)).json.modalities, {
    telephone: { reachable: false },
    im: { reachable: true },
    email: { reachable: true, contact: 'mailto:a.smith@mail.example' },
  })
})

test('what is no presence is refused', async (t) => {
  const { call } = await openWithAlice(t)
  for (const body of [
    {},
    [],
    { state: 'sleepy' },
    { state: 'do-not-disturb', until: 'tomorrow' },
    { state: 'do-not-disturb', until: '2029-12-31T23:59:59Z' },
    { state: 'do-not-disturb', note: 'x'.repeat(1_025) },
    { state: 'do-not-disturb', source: 'desk' },
    { state: 'do-not-disturb', class: 'calendar', source: 'a/b' },
    { state: 'do-not-disturb', class: 'dreams' },
    { state: 'do-not-disturb', mood: 'good' },
  ]) {
    assert.equal(
      codeOf(await call('PUT', ALICE, { body })),
      '400 BAD_REQUEST',
      JSON.stringify(body),
    )
  }
  assert.equal(codeOf(await call('DELETE', `${ALICE}?source=a/b`)), '400 BAD_REQUEST')
})

test('a person has so many sources and no more', async (t) => {
  const { call, presence } = await openWithAlice(t)
  for (let n = 0; n < 199; n += 1) {
    presence.report({
      presentity: jid('alice'),
      source: `test/${n}`,
      until: undefined,
      observations: [],
    })
  }
  const put = (source: string) =>
    call('PUT', ALICE, { body: { state: 'available', class: 'calendar', source } })
  assert.equal((await put('last')).status, 200)
  assert.equal(codeOf(await put('more')), '409 TOO_MANY_SOURCES')
  assert.equal((await put('last')).status, 200)
})

test('a manual state survives a restart, but not the user', async (t) => {
  using directory = temporaryDirectory()
  const data = directory.path
  const first = await openWithAlice(t, { data })
  await first.call('PUT', ALICE, { body: { state: 'away', note: 'lunch' } })
  await first.call('PUT', ALICE, { body: { state: 'available', class: 'calendar' } })
  const before = await first.call('GET', ALICE)
  await first.close()

  const { clock } = first
  const second = await openWithAlice(t, { data, clock })
  const after = await second.call('GET', ALICE)
  assert.equal(after.json.state, 'away')
  assert.equal(after.json.note, 'lunch')
  assert.equal(after.json.since, before.json.since)

  await second.call('PUT', ALICE, { body: { state: 'available', class: 'calendar' } })
  await second.call('DELETE', '/api/v1/users/alice@corp.example')
  await second.directory.addUser({ account: jid('alice') })
  assert.deepEqual((await second.call('GET', `${ALICE}/explain`)).json.reports, [])
  await second.close()
  const third = await openRig(t, { data, clock })
  assert.equal((await third.call('GET', ALICE)).json.state, 'offline')
  await third.close()
})

test('a manual state that ended while the server was down does not come back', async (t) => {
  using directory = temporaryDirectory()
  const data = directory.path
  const first = await openWithAlice(t, { data })
  await first.call('PUT', ALICE, { body: { state: 'away', until: '2030-01-01T10:00:00Z' } })
  await first.close()
  first.clock.advance(3_600_000)
  const second = await openRig(t, { data, clock: first.clock })
  assert.equal((await second.call('GET', ALICE)).json.state, 'offline')
  await second.close()
})

test('a source says where the person is, and is of a class that there is', async (t) => {
  const { call } = await openWithAlice(t)
  const source = { state: 'busy', class: 'application', location: 'train' }
  const put = await call('PUT', ALICE, { body: source })
  assert.partialDeepStrictEqual(put.json, {
    location: 'train',
    tuples: [{ location: 'train', manual: false }],
  })
  const explained = await call('GET', `${ALICE}/explain`)
  assert.partialDeepStrictEqual(explained.json, {
    reports: [{ observations: [{ location: 'train' }] }],
  })
  const gadget = await call('PUT', ALICE, { body: { ...source, class: 'gadget' } })
  assert.equal(codeOf(gadget), '400 BAD_REQUEST')
})

test('only a person appears offline, and nobody is unknown by his own word', async (t) => {
  const { call } = await openWithAlice(t)
  await call('PUT', ALICE, { body: { state: 'on-a-call', class: 'phone' } })
  const hides = { state: 'appear-offline', note: 'Ssh' }
  assert.equal(
    codeOf(await call('PUT', ALICE, { body: { ...hides, class: 'phone' } })),
    '400 BAD_REQUEST',
  )
  const hidden = await call('PUT', ALICE, { body: hides })
  assert.equal(hidden.json.state, 'offline')
  assert.match(JSON.stringify(hidden.json), /"tuples":\[\]/)
  assert.equal(hidden.json.note, undefined)
  const explained = await call('GET', `${ALICE}/explain`)
  assert.partialDeepStrictEqual(explained.json, {
    presence: { state: 'offline' },
    state: 'appear-offline',
    rule: 'appear-offline',
  })
  assert.equal(codeOf(await call('PUT', ALICE, { body: { state: 'unknown' } })), '400 BAD_REQUEST')
  const lost = await call('PUT', ALICE, { body: { state: 'unknown', class: 'phone' } })
  assert.equal(lost.status, 200)
})
