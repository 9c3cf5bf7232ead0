import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import type { LiveWatch } from '../../src/core/presence/watchers.ts'
import { basic, codeOf, jid, openRig, ruleText } from './rig.ts'

const ALICE = '/api/v1/presence/alice@corp.example'
const ACL = '/api/v1/acl'

/** Alice is in a meeting by her calendar, and on a call. */
async function openWithAlice(t: TestContext) {
  const rig = await openRig(t)
  const { directory, call } = rig
  await directory.addUser({ account: jid('alice'), password: 'tea for two' })
  await directory.addUser({ account: jid('bob') })
  for (const body of [
    { state: 'in-a-meeting', class: 'calendar' },
    { state: 'on-a-call', class: 'phone' },
  ]) {
    await call('PUT', ALICE, { body })
  }
  const rule = (watcher: string, action: string, more: object = {}) =>
    call('PUT', ACL, { body: { presentity: 'alice@corp.example', watcher, action, ...more } })
  const as = (watcher: string, query = '') => call('GET', `${ALICE}/as/${watcher}${query}`)
  return { ...rig, rule, as }
}

test('a view shows a person as one watcher sees her, and what says so', async (t) => {
  const { rule, as } = await openWithAlice(t)
  const free = await as('bob@corp.example')
  assert.equal(free.json.visible, 'all')
  assert.equal(free.json.presence.state, 'on-a-call')
  assert.equal(free.json.presence.tuples.length, 2)
  assert.ok(free.json.reasons.every(({ because }) => because === 'default'))

  await rule('bob@corp.example', 'block')
  await rule('bob@corp.example', 'allow', { level: 'Telephony' })
  const { json } = await as('sip:bob@corp.example')
  assert.equal(json.decision, 'allow')
  assert.equal(json.visible, 'some')
  assert.deepEqual(json.classes, ['phone'])
  assert.equal(json.presence.tuples.length, 1)
  const because = Object.fromEntries(
    json.reasons.map(({ class: name, rule: by }) => [name, by && ruleText(by)]),
  )
  const pair = 'alice@corp.example bob@corp.example'
  assert.equal(because.phone, `${pair} Telephony allow`)
  assert.equal(because.calendar, `${pair} All block`)
})

test('strangers wait, whom somebody blocks sees nothing, and everybody sees himself', async (t) => {
  const { rule, as, access, directory } = await openWithAlice(t)
  const stranger = await as('eve@elsewhere.example')
  assert.equal(stranger.json.decision, 'confirm')
  assert.equal(stranger.json.visible, 'none')
  assert.equal(stranger.json.presence.state, 'offline')
  await rule('bob@corp.example', 'block')
  const blocked = await as('bob@corp.example')
  assert.equal(blocked.json.decision, 'block')
  assert.equal(blocked.json.presence.state, 'offline')
  const own = await as('alice@corp.example')
  assert.equal(own.json.reasons[0]?.because, 'self')
  await access.setCrossDomain(false)
  await directory.addUser({ account: 'carol@west.example' })
  const walled = await as('carol@west.example')
  assert.equal(walled.json.decision, 'block')
  assert.equal(walled.json.reasons[0]?.because, 'cross-domain')
  assert.equal(codeOf(await as('nobody@corp.example')), '404 UNKNOWN_ADDRESS')
  assert.equal(codeOf(await as('*')), '400 BAD_ADDRESS')
  assert.equal(codeOf(await as('@corp.example')), '400 BAD_ADDRESS')
})

test('a user asks what others see of him, not what he would see of others', async (t) => {
  const { call } = await openWithAlice(t)
  const authorization = basic('alice@corp.example', 'tea for two')
  const mine = await call('GET', `${ALICE}/as/bob@corp.example`, { authorization })
  assert.equal(mine.status, 200)
  const other = '/api/v1/presence/bob@corp.example/as/alice@corp.example'
  assert.equal(codeOf(await call('GET', other, { authorization })), '403 FORBIDDEN')
})

function watch(watcher: string, more: Partial<LiveWatch> = {}): LiveWatch {
  const presentity = jid('alice')
  const subscription = {
    protocol: 'sip',
    status: 'active',
    subscriptions: 1,
    roster: false,
  } as const
  return { presentity, watcher, ...subscription, ...more }
}

test('who watches whom is shown from both sides, by any address', async (t) => {
  const { call, watchers, directory } = await openWithAlice(t)
  await directory.addAddress(jid('bob'), { type: 'e164', value: '+15557654321' })
  const all = [watch(jid('bob')), watch('eve@elsewhere.example', { status: 'pending' })]
  watchers.add({
    watched: (presentity) => all.filter((one) => one.presentity === presentity),
    watching: async (watcher) => all.filter((one) => one.watcher === watcher),
  })
  const watched = await call('GET', '/api/v1/watchers?watched=alice@corp.example')
  assert.deepEqual(watched.json, { address: 'alice@corp.example', watches: all })
  for (const address of ['bob@corp.example', '%2B15557654321']) {
    const watching = await call('GET', `/api/v1/watchers?watching=${address}`)
    assert.deepEqual(watching.json, { address: 'bob@corp.example', watches: all.slice(0, 1) })
  }
  const eve = await call('GET', '/api/v1/watchers?watching=eve@elsewhere.example')
  assert.deepEqual(eve.json.watches, all.slice(1))
  for (const [expected, query] of [
    ['400 BAD_REQUEST', ''],
    ['400 BAD_REQUEST', '?watched=alice@corp.example&watching=bob@corp.example'],
    ['404 UNKNOWN_ADDRESS', '?watched=eve@elsewhere.example'],
    ['404 UNKNOWN_ADDRESS', '?watching=nobody@corp.example'],
  ] as const) {
    assert.equal(codeOf(await call('GET', `/api/v1/watchers${query}`)), expected, query)
  }
})

test('the explanation says what is hidden from each live watcher, and by which rule', async (t) => {
  const { call, watchers, rule } = await openWithAlice(t)
  await rule('bob@corp.example', 'block', { enforced: true })
  await rule('bob@corp.example', 'allow', { level: 'Telephony', enforced: true })
  const crowd = Array.from({ length: 120 }, (_, n) => watch(`eve${n + 100}@elsewhere.example`))
  watchers.add({
    watched: () => [...crowd, watch('bob@corp.example'), watch('tel:+1')],
    watching: () => [],
  })
  const { json } = await call('GET', `${ALICE}/explain`)
  assert.equal(json.watchersTotal, 122)
  assert.equal(json.watchers.length, 100)
  const [bob, eve] = json.watchers
  assert.equal(bob?.watcher, 'bob@corp.example')
  assert.equal(bob?.visible, 'some')
  assert.ok(bob?.hidden.some((one) => one.class === 'calendar'))
  assert.ok(bob?.hidden.every((one) => one.class !== 'phone' && one.rule?.enforced))
  assert.equal(eve?.decision, 'confirm')
  assert.ok(eve?.hidden.every(({ because }) => because === 'default'))
})
