import assert from 'node:assert/strict'
import { test } from 'node:test'
import { codeOf, jid, openRig, type Rig } from './rig.ts'

const ALICE = 'alice@corp.example'

async function addAlice({ call }: Rig) {
  const body = { address: 'Alice@Corp.Example', password: 'secret tea', name: 'Alice' }
  return call('POST', '/api/v1/users', { body })
}

test('a user is added, shown by any address, changed and removed', async (t) => {
  const rig = await openRig(t)
  const { call, directory } = rig
  const added = await addAlice(rig)
  assert.equal(added.status, 201)
  const expected = {
    account: ALICE,
    name: 'Alice',
    disabled: false,
    createdAt: '2030-01-01T09:00:00.000Z',
    addresses: [] as { type: string; value: string }[],
  }
  assert.deepEqual(added.json, expected)

  const address = { type: 'e164', value: '+15551234567' }
  assert.equal(
    (await call('POST', `/api/v1/users/${ALICE}/addresses`, { body: address })).status,
    204,
  )
  for (const one of [ALICE, 'sip%3Aalice%40corp.example', '%2B15551234567', 'tel:+15551234567']) {
    const shown = await call('GET', `/api/v1/users/${one}`)
    assert.deepEqual(shown.json, { ...expected, addresses: [address] }, one)
  }
  const changed = await call('PATCH', `/api/v1/users/${ALICE}`, {
    body: { name: 'Alicia', disabled: true },
  })
  assert.equal(changed.json.name, 'Alicia')
  assert.equal(changed.json.disabled, true)
  assert.equal(await directory.verifyPassword(jid('alice'), 'secret tea'), false)

  const query = '?type=e164&value=%2B15551234567'
  assert.equal((await call('DELETE', `/api/v1/users/${ALICE}/addresses${query}`)).status, 204)
  assert.equal((await call('DELETE', `/api/v1/users/${ALICE}`)).status, 204)
  assert.equal(codeOf(await call('GET', `/api/v1/users/${ALICE}`)), '404 UNKNOWN_ADDRESS')
})

test('a password is set', async (t) => {
  const rig = await openRig(t)
  const { call, directory } = rig
  await addAlice(rig)
  const target = `/api/v1/users/${ALICE}/password`
  assert.equal((await call('PUT', target, { body: { password: 'new' } })).status, 204)
  assert.equal(await directory.verifyPassword(jid('alice'), 'new'), true)
  assert.equal(codeOf(await call('PUT', target, { body: { password: '' } })), '400 BAD_REQUEST')
  assert.equal(
    codeOf(await call('PUT', target, { body: { password: '\u0007' } })),
    '400 BAD_PASSWORD',
  )
})

test('users are listed a page at a time, and by domain', async (t) => {
  const { call, directory } = await openRig(t)
  for (const local of ['c', 'a', 'b']) await directory.addUser({ account: `${local}@corp.example` })
  await directory.addUser({ account: 'z@west.example' })
  const list = async (query: string) => {
    const { json } = await call('GET', `/api/v1/users${query}`)
    return json.users.map(({ account }) => account[0]).join('')
  }
  assert.equal(await list(''), 'abcz')
  assert.equal(await list('?limit=2'), 'ab')
  assert.equal(await list('?limit=2&after=b@corp.example'), 'cz')
  assert.equal(await list('?domain=west.example'), 'z')
  for (const query of ['?limit=0', '?limit=1001', '?limit=x']) {
    assert.equal(codeOf(await call('GET', `/api/v1/users${query}`)), '400 BAD_REQUEST', query)
  }
})

test('what the directory refuses is said by its code', async (t) => {
  const rig = await openRig(t)
  const { call, directory } = rig
  await addAlice(rig)
  await directory.addUser({ account: 'bob@corp.example' })
  const users = '/api/v1/users'
  const cases = [
    ['409 USER_EXISTS', 'POST', users, { address: ALICE }],
    ['404 NO_SUCH_DOMAIN', 'POST', users, { address: 'x@elsewhere.example' }],
    ['400 BAD_ACCOUNT', 'POST', users, { address: 'nobody' }],
    ['400 BAD_NAME', 'POST', users, { address: 'x@corp.example', name: '\u0000' }],
    ['400 BAD_REQUEST', 'POST', users, { name: 'nobody' }],
    ['400 BAD_REQUEST', 'PATCH', `${users}/${ALICE}`, {}],
    ['400 BAD_REQUEST', 'PATCH', `${users}/${ALICE}`, { disabled: 'yes' }],
    ['404 UNKNOWN_ADDRESS', 'PATCH', `${users}/x@corp.example`, { name: 'x' }],
    ['404 UNKNOWN_ADDRESS', 'DELETE', `${users}/x@corp.example`, undefined],
    ['400 BAD_ADDRESS', 'GET', `${users}/%20`, undefined],
    [
      '400 BAD_ADDRESS',
      'POST',
      `${users}/${ALICE}/addresses`,
      { type: 'e164', value: 'not a number' },
    ],
    ['400 BAD_REQUEST', 'POST', `${users}/${ALICE}/addresses`, { type: 'fax', value: '1' }],
    [
      '409 ADDRESS_TAKEN',
      'POST',
      `${users}/${ALICE}/addresses`,
      { type: 'sip', value: 'bob@corp.example' },
    ],
    [
      '404 NO_SUCH_ADDRESS',
      'DELETE',
      `${users}/${ALICE}/addresses?type=e164&value=%2B15550000000`,
      undefined,
    ],
  ] as const
  for (const [expected, method, path, body] of cases) {
    assert.equal(codeOf(await call(method, path, { body })), expected, `${method} ${path}`)
  }
})
