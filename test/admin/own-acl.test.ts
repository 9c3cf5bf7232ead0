import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { basic, codeOf, jid, openRig, ruleText } from './rig.ts'

const ALICE = '/api/v1/users/alice@corp.example/acl'
const authorization = basic('alice@corp.example', 'tea for two')

async function openWithUsers(t: TestContext) {
  const rig = await openRig(t)
  const { directory, call } = rig
  await directory.addUser({ account: jid('alice'), password: 'tea for two' })
  await directory.addUser({ account: jid('bob') })
  const alice = (method: string, path: string, body?: object) =>
    call(method, path, { authorization, body })
  const list = async (path = ALICE) => (await alice('GET', path)).json.rules.map(ruleText)
  return { ...rig, alice, list }
}

test('a user keeps his own rules, and those of nobody else', async (t) => {
  const { alice, list } = await openWithUsers(t)
  const rule = { watcher: 'bob@corp.example', level: 'Telephony', action: 'allow' }
  assert.equal((await alice('PUT', ALICE, rule)).json.outcome, 'created')
  const stranger = { watcher: 'eve@elsewhere.example', external: true, action: 'block' }
  assert.equal((await alice('PUT', ALICE, stranger)).status, 200)
  assert.deepEqual(await list(), [
    'alice@corp.example bob@corp.example Telephony allow',
    'alice@corp.example eve@elsewhere.example All block',
  ])
  assert.equal((await alice('DELETE', `${ALICE}?watcher=eve@elsewhere.example`)).json.deleted, 1)
  assert.equal((await alice('DELETE', `${ALICE}?action=block`)).json.deleted, 0)
  assert.equal((await alice('DELETE', ALICE)).json.deleted, 1)
  for (const [method, path] of [
    ['GET', '/api/v1/users/bob@corp.example/acl'],
    ['PUT', '/api/v1/users/bob@corp.example/acl'],
    ['DELETE', '/api/v1/users/bob@corp.example/acl'],
    ['PUT', '/api/v1/users/bob@corp.example/acl/default'],
    ['GET', '/api/v1/acl'],
    ['PUT', '/api/v1/acl'],
    ['PUT', '/api/v1/acl/default'],
    ['PUT', '/api/v1/domains/corp.example/acl/default'],
    ['PUT', '/api/v1/access-levels/Desk'],
    ['GET', '/api/v1/settings'],
    ['GET', '/api/v1/watchers?watched=alice@corp.example'],
  ] as const) {
    const body = method === 'PUT' ? rule : undefined
    assert.equal(codeOf(await alice(method, path, body)), '403 FORBIDDEN', `${method} ${path}`)
  }
  assert.equal((await alice('GET', '/api/v1/access-levels')).status, 200)
})

test('a user sees what is enforced and cannot touch it', async (t) => {
  const { alice, list, call } = await openWithUsers(t)
  const pair = { presentity: 'alice@corp.example', watcher: 'bob@corp.example' }
  await call('PUT', '/api/v1/acl', { body: { ...pair, action: 'allow', enforced: true } })
  await alice('PUT', ALICE, { watcher: 'bob@corp.example', action: 'block' })
  const both = [
    'alice@corp.example bob@corp.example All allow enforced',
    'alice@corp.example bob@corp.example All block',
  ]
  assert.deepEqual(await list(), both)
  const enforced = { watcher: 'bob@corp.example', action: 'block', enforced: true }
  assert.equal(codeOf(await alice('PUT', ALICE, enforced)), '400 BAD_REQUEST')
  for (const query of ['', '?enforced=true', '?watcher=bob@corp.example']) {
    await alice('DELETE', `${ALICE}${query}`)
    assert.deepEqual(await list(), both.slice(0, 1), query)
  }
})

test('defaults of a user, a domain and the system are set, shown and deleted', async (t) => {
  const { alice, list, call } = await openWithUsers(t)
  const own = `${ALICE}/default`
  assert.deepEqual(await list(own), [])
  await alice('PUT', own, { action: 'confirm' })
  await alice('PUT', own, { action: 'allow', level: 'Telephony' })
  await alice('PUT', own, { action: 'block', external: true })
  await alice('PUT', ALICE, { watcher: 'bob@corp.example', action: 'allow' })
  assert.deepEqual(await list(own), [
    'alice@corp.example * All confirm',
    'alice@corp.example * Telephony allow',
    'alice@corp.example @* All block',
  ])
  assert.equal((await alice('DELETE', `${own}?external=true`)).json.deleted, 1)
  assert.equal((await alice('DELETE', `${own}?level=Telephony`)).json.deleted, 1)
  assert.equal((await alice('DELETE', own)).json.deleted, 1)
  assert.deepEqual(await list(), ['alice@corp.example bob@corp.example All allow'])

  for (const [place, presentity] of [
    ['/api/v1/domains/XMPP.example/acl/default', '@xmpp.example'],
    ['/api/v1/acl/default', '*'],
  ] as const) {
    const set = await call('PUT', place, { body: { action: 'allow' } })
    assert.equal(set.json.outcome, 'created')
    assert.deepEqual((await call('GET', place)).json.rules.map(ruleText), [
      `${presentity} * All allow`,
    ])
    assert.equal((await call('DELETE', place)).json.deleted, 1)
    assert.equal((await call('DELETE', place)).json.deleted, 0)
  }
  const bad = await call('PUT', '/api/v1/domains/a%20b/acl/default', { body: { action: 'allow' } })
  assert.equal(codeOf(bad), '400 BAD_ADDRESS')
})
