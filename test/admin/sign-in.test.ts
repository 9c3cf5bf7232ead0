import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ADMIN, basic, codeOf, openRig, PASSWORD } from './rig.ts'

const STATUS = '/api/v1/status'
const SESSIONS = '/api/v1/sessions'
const OWN_PASSWORD = `/api/v1/administrators/${ADMIN}/password`

test('an administrator signs in with his password, each time or for a token', async (t) => {
  const { call, clock } = await openRig(t)
  assert.equal((await call('GET', STATUS)).status, 200)
  const body = { name: ADMIN, password: PASSWORD }
  const signedIn = await call('POST', SESSIONS, { body, authorization: '' })
  assert.equal(signedIn.status, 200)
  assert.equal(signedIn.headers['cache-control'], 'no-store')
  assert.equal(signedIn.json.expiresAt, '2030-01-01T21:00:00.000Z')
  const authorization = `Bearer ${signedIn.json.token}`
  assert.equal((await call('GET', STATUS, { authorization })).status, 200)
  clock.advance(12 * 3_600_000)
  assert.equal(codeOf(await call('GET', STATUS, { authorization })), '401 SIGN_IN_REQUIRED')
})

test('who signs out ends his token and no other', async (t) => {
  const { call } = await openRig(t)
  const signIn = async () => {
    const { json } = await call('POST', SESSIONS, { body: { name: ADMIN, password: PASSWORD } })
    return `Bearer ${json.token}`
  }
  const [one, other] = [await signIn(), await signIn()]
  const current = `${SESSIONS}/current`
  assert.equal((await call('DELETE', current, { authorization: one })).status, 204)
  assert.equal((await call('GET', STATUS, { authorization: one })).status, 401)
  assert.equal((await call('GET', STATUS, { authorization: other })).status, 200)
  assert.equal(codeOf(await call('DELETE', current)), '400 BAD_REQUEST')
})

test('who is not signed in is asked to, the same way whatever is wrong', async (t) => {
  const { call } = await openRig(t)
  const answers = new Set<string>()
  for (const authorization of [
    '',
    basic(ADMIN, 'wrong'),
    basic('nobody', PASSWORD),
    'Basic',
    'Basic !',
    'Bearer',
    'Bearer x',
    'Digest x',
  ]) {
    const { status, headers, text } = await call('GET', STATUS, { authorization })
    assert.equal(headers['www-authenticate'], 'Basic realm="Heliograph", charset="UTF-8"')
    answers.add(`${status} ${text}`)
  }
  for (const [name, password] of [
    [ADMIN, 'wrong'],
    ['nobody', PASSWORD],
  ]) {
    const body = { name, password }
    const { status, text } = await call('POST', SESSIONS, { body, authorization: '' })
    answers.add(`${status} ${text}`)
  }
  assert.equal(answers.size, 1)
  assert.match(
    [...answers].join(),
    /^401 \{"error":\{"code":"SIGN_IN_REQUIRED","message":".+"\}\}$/,
  )
})

test('guessing ends after twenty tries, for the right password too, for a while', async (t) => {
  const { call, clock } = await openRig(t)
  const signedIn = await call('POST', SESSIONS, { body: { name: ADMIN, password: PASSWORD } })
  for (let n = 0; n < 20; n += 1) {
    const guess = await call('GET', STATUS, { authorization: basic(ADMIN, `guess ${n}`) })
    assert.equal(guess.status, 401)
  }
  const refused = await call('GET', STATUS)
  assert.equal(codeOf(refused), '429 TOO_MANY_FAILURES')
  assert.equal(refused.headers['retry-after'], '300')
  const body = { name: ADMIN, password: PASSWORD }
  const session = await call('POST', SESSIONS, { body, authorization: '' })
  assert.equal(codeOf(session), '429 TOO_MANY_FAILURES')
  // A token is not guessed at: who has one goes on.
  const authorization = `Bearer ${signedIn.json.token}`
  assert.equal((await call('GET', STATUS, { authorization })).status, 200)
  clock.advance(300_000)
  assert.equal((await call('GET', STATUS)).status, 200)
})

test('no password is looked at for a path that does not exist', async (t) => {
  const { call } = await openRig(t)
  for (let n = 0; n < 21; n += 1) {
    const authorization = basic(ADMIN, `guess ${n}`)
    assert.equal((await call('GET', '/no/such/path', { authorization })).status, 404)
  }
  assert.equal((await call('GET', STATUS)).status, 200)
})

test('sessions may be asked for ten times a minute', async (t) => {
  const { call } = await openRig(t)
  const body = { name: ADMIN, password: PASSWORD }
  const answers = []
  for (let n = 0; n < 11; n += 1) {
    answers.push((await call('POST', SESSIONS, { body, authorization: '' })).status)
  }
  assert.equal(answers.filter((status) => status === 200).length, 10)
  assert.equal(answers.at(-1), 429)
})

test('a new password ends what the old one opened', async (t) => {
  const { call, local } = await openRig(t)
  const { json } = await call('POST', SESSIONS, { body: { name: ADMIN, password: PASSWORD } })
  assert.equal(
    codeOf(await call('PUT', OWN_PASSWORD, { body: { password: 'short' } })),
    '400 BAD_PASSWORD',
  )
  const body = { password: 'another horse' }
  assert.equal((await local('PUT', OWN_PASSWORD, { body })).status, 204)
  assert.equal((await call('GET', STATUS)).status, 401)
  assert.equal((await call('GET', STATUS, { authorization: `Bearer ${json.token}` })).status, 401)
  const authorization = basic(ADMIN, 'another horse')
  assert.equal((await call('GET', STATUS, { authorization })).status, 200)
})

test('another administrator is made by setting his password', async (t) => {
  const { call } = await openRig(t)
  const body = { password: 'eight888' }
  assert.equal((await call('PUT', '/api/v1/administrators/eve/password', { body })).status, 204)
  assert.equal((await call('GET', STATUS, { authorization: basic('eve', 'eight888') })).status, 200)
  const bad = await call('PUT', '/api/v1/administrators/a%20b/password', { body })
  assert.equal(codeOf(bad), '400 BAD_REQUEST')
})
