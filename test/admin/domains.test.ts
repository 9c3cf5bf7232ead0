import assert from 'node:assert/strict'
import { test } from 'node:test'
import { codeOf, openRig } from './rig.ts'

test('domains are added, changed, listed and removed', async (t) => {
  const { call, directory } = await openRig(t)
  const body = { name: 'North.Example', sipDigest: 'both' }
  const added = await call('POST', '/api/v1/domains', { body })
  assert.equal(added.status, 201)
  const north = {
    name: 'north.example',
    digestMd5: false,
    sipDigest: 'both',
    composition: 'enterprise',
    createdAt: '2030-01-01T09:00:00.000Z',
  }
  assert.deepEqual(added.json, north)
  const changed = await call('PATCH', '/api/v1/domains/north.example', {
    body: { digestMd5: true, sipDigest: 'sha-256', composition: 'microsoft' },
  })
  const after = { digestMd5: true, sipDigest: 'sha-256', composition: 'microsoft' }
  assert.deepEqual(changed.json, { ...north, ...after })
  assert.deepEqual(
    (await call('GET', '/api/v1/domains')).json.domains.map(({ name }) => name),
    ['corp.example', 'north.example', 'west.example'],
  )
  assert.equal((await call('DELETE', '/api/v1/domains/north.example')).status, 204)
  assert.equal(directory.isLocal('north.example'), false)
})

test('what cannot be done with a domain is said by its code', async (t) => {
  const { call, directory } = await openRig(t)
  await directory.addUser({ account: 'alice@corp.example' })
  const cases = [
    ['409 DOMAIN_EXISTS', 'POST', '', { name: 'corp.example' }],
    ['400 BAD_DOMAIN', 'POST', '', { name: 'a@b' }],
    ['400 BAD_REQUEST', 'POST', '', { name: 'x.example', sipDigest: 'md4' }],
    ['400 BAD_REQUEST', 'PATCH', '/corp.example', { composition: 'random' }],
    ['409 DOMAIN_NOT_EMPTY', 'DELETE', '/corp.example', undefined],
    ['404 NO_SUCH_DOMAIN', 'DELETE', '/no.example', undefined],
    ['404 NO_SUCH_DOMAIN', 'PATCH', '/no.example', {}],
    ['400 BAD_REQUEST', 'PATCH', '/corp.example', { digestMd5: 'on' }],
  ] as const
  for (const [expected, method, path, body] of cases) {
    const answer = await call(method, `/api/v1/domains${path}`, { body })
    assert.equal(codeOf(answer), expected, `${method} ${path}`)
  }
})
