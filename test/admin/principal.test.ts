import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { type Answer, basic, codeOf, jid, openRig } from './rig.ts'

const SESSIONS = '/api/v1/sessions'
const ALICE = '/api/v1/presence/alice@corp.example'
const BOB = '/api/v1/presence/bob@corp.example'
const alice = basic('alice@corp.example', 'tea for two')

/** With Alice, who has a number, and Bob. */
async function openWithUsers(t: TestContext) {
  const rig = await openRig(t)
  const { directory, call } = rig
  await directory.addUser({ account: jid('alice'), password: 'tea for two' })
  await directory.addAddress(jid('alice'), { type: 'e164', value: '+15551234567' })
  await directory.addUser({ account: jid('bob'), password: 'two for tea' })
  const tokenOf = async (name: string, password: string) => {
    const { json } = await call('POST', SESSIONS, { body: { name, password }, authorization: '' })
    return `Bearer ${json.token}`
  }
  return { ...rig, tokenOf }
}

test('a user signs in with account and password, for what is his own', async (t) => {
  const { call, tokenOf } = await openWithUsers(t)
  const token = await tokenOf('Alice@Corp.Example', 'tea for two')
  const own = ['alice@corp.example', 'tel:%2B15551234567', 'xmpp:alice@corp.example']
  for (const authorization of [alice, token]) {
    for (const address of own) {
      const shown = await call('GET', `/api/v1/presence/${address}`, { authorization })
      assert.equal(shown.status, 200, address)
    }
    assert.equal((await call('PUT', ALICE, { authorization, body: { state: 'busy' } })).status, 200)
    assert.equal((await call('GET', `${ALICE}/explain`, { authorization })).status, 200)
    const user = await call('GET', '/api/v1/users/%2B15551234567', { authorization })
    assert.equal(user.json.account, 'alice@corp.example')
  }
  assert.equal((await call('DELETE', `${SESSIONS}/current`, { authorization: token })).status, 204)
  assert.equal(codeOf(await call('GET', ALICE, { authorization: token })), '401 SIGN_IN_REQUIRED')
})

test('what is another’s, nobody’s or the administrator’s is refused him, all alike', async (t) => {
  const { call, directory } = await openWithUsers(t)
  const answers = new Set<string>()
  const expectRefused = async (asked: Promise<Answer>) => {
    const { status, text } = await asked
    answers.add(`${status} ${text}`)
  }
  for (const [method, path, body] of [
    ['GET', BOB, undefined],
    ['GET', '/api/v1/presence/nobody@corp.example', undefined],
    ['GET', '/api/v1/presence/%20', undefined],
    ['PUT', BOB, { state: 'busy' }],
    ['GET', `${BOB}/events`, undefined],
    ['GET', '/api/v1/users', undefined],
    ['GET', '/api/v1/users/bob@corp.example', undefined],
    ['PATCH', '/api/v1/users/alice@corp.example', { name: 'Queen' }],
    ['DELETE', '/api/v1/users/alice@corp.example', undefined],
    ['PUT', '/api/v1/administrators/alice/password', { password: 'eight888' }],
    ['GET', '/api/v1/audit', undefined],
    ['GET', '/api/v1/status', undefined],
    ['POST', '/api/v1/domains', { name: 'north.example' }],
  ] as const) {
    await expectRefused(call(method, path, { authorization: alice, body }))
  }
  assert.equal(answers.size, 1)
  assert.match([...answers].join(), /^403 \{"error":\{"code":"FORBIDDEN",/)
  assert.equal(directory.isLocal('north.example'), false)
  for (const path of ['/health', '/metrics', '/api/v1/openapi.json']) {
    assert.equal((await call('GET', path, { authorization: alice })).status, 200, path)
  }
})

test('the audit log names him, for what he did and for what he was refused', async (t) => {
  const { call } = await openWithUsers(t)
  await call('PUT', ALICE, { authorization: alice, body: { state: 'busy' } })
  await call('PUT', BOB, { authorization: alice, body: { state: 'busy' } })
  const { json } = await call('GET', '/api/v1/audit')
  assert.deepEqual(
    json.entries.map(({ actor, target, outcome }) => `${actor} ${target} ${outcome}`),
    [`alice@corp.example ${BOB} FORBIDDEN`, 'alice@corp.example alice@corp.example busy done'],
  )
})

test('a user who guesses is slowed down as an administrator is', async (t) => {
  const { call, clock } = await openWithUsers(t)
  const answers = new Set<string>()
  for (const name of ['alice@corp.example', 'nobody@corp.example', 'a@b@c', '@', 'alice@/x']) {
    for (let n = 0; n < 4; n += 1) {
      const { status, text } = await call('GET', ALICE, { authorization: basic(name, `no ${n}`) })
      answers.add(`${status} ${text}`)
    }
  }
  assert.equal(answers.size, 1)
  const refused = await call('GET', ALICE, { authorization: alice })
  assert.equal(codeOf(refused), '429 TOO_MANY_FAILURES')
  // Administrators are not locked out by that.
  assert.equal((await call('GET', ALICE)).status, 200)
  clock.advance(300_000)
  assert.equal((await call('GET', ALICE, { authorization: alice })).status, 200)
})

test('a changed password, a disabled and a removed user end his sign-ins and nobody else’s', async (t) => {
  const { call, directory, tokenOf } = await openWithUsers(t)
  const bob = await tokenOf('bob@corp.example', 'two for tea')
  for (const [end, password] of [
    [() => directory.setPassword(jid('alice'), 'new tea'), 'new tea'],
    [() => directory.updateUser(jid('alice'), { disabled: true }), undefined],
    [() => directory.removeUser(jid('alice')), undefined],
  ] as const) {
    const before = password === undefined ? 'new tea' : 'tea for two'
    if (password === undefined) await directory.updateUser(jid('alice'), { disabled: false })
    const token = await tokenOf('alice@corp.example', before)
    const ways = [token, basic('alice@corp.example', before)]
    for (const authorization of ways) {
      assert.equal((await call('GET', ALICE, { authorization })).status, 200)
    }
    await end()
    for (const authorization of ways) {
      assert.equal(codeOf(await call('GET', ALICE, { authorization })), '401 SIGN_IN_REQUIRED')
    }
  }
  assert.equal((await call('GET', BOB, { authorization: bob })).status, 200)
})

test('who signs in over and over loses his own oldest token', async (t) => {
  const { signIn, tokenOf, call } = await openWithUsers(t)
  const bob = await tokenOf('bob@corp.example', 'two for tea')
  const principal = { role: 'user', name: jid('alice'), account: jid('alice') } as const
  const tokens = Array.from({ length: 51 }, () => `Bearer ${signIn.issueToken(principal).token}`)
  const [oldest = '', second = ''] = tokens
  assert.equal((await call('GET', ALICE, { authorization: oldest })).status, 401)
  assert.equal((await call('GET', ALICE, { authorization: second })).status, 200)
  assert.equal((await call('GET', BOB, { authorization: bob })).status, 200)
})
