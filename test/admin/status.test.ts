import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createApi } from '../../src/admin/api.ts'
import { statusRoutes } from '../../src/admin/routes/status.ts'
import { testIdentity } from '../support/certificate.ts'
import { basic, openRig } from './rig.ts'

test('status says what runs', async (t) => {
  const { call, directory } = await openRig(t)
  await directory.addUser({ account: 'alice@corp.example' })
  const { text } = await call('GET', '/api/v1/status')
  const { residentBytes, ...rest } = JSON.parse(text) as Record<string, unknown>
  assert.ok(Number(residentBytes) > 1_000_000)
  assert.deepEqual(rest, {
    version: '1.2.3',
    startedAt: '2030-01-01T09:00:00.000Z',
    sessions: 0,
    accountsOnline: 0,
    users: 1,
    domains: ['corp.example', 'west.example'],
    listeners: [{ name: 'xmpp', address: '127.0.0.1', port: 5222, detail: 'XMPP' }],
  })
})

test('anybody may ask whether the server is up', async (t) => {
  const { call } = await openRig(t)
  const { status, text } = await call('GET', '/health', { authorization: '' })
  assert.equal(status, 200)
  assert.equal(text, '{"status":"up"}')
})

test('metrics are for this machine, and for administrators elsewhere', async (t) => {
  const rig = await openRig(t)
  const near = await rig.call('GET', '/metrics', { authorization: '' })
  assert.equal(near.status, 200)
  assert.match(near.headers['content-type'] ?? '', /^text\/plain/)
  assert.match(near.text, /^# TYPE heliograph_admin_request_duration_seconds histogram$/m)

  const tls = await testIdentity(['localhost'])
  const app = await createApi({ ...rig, tls, requestsPerMinute: 100 }, (api) =>
    statusRoutes(api, rig),
  )
  t.after(() => app.close())
  for (const [remoteAddress, authorization, expected] of [
    ['192.0.2.7', '', 401],
    ['192.0.2.7', basic('admin', 'correct horse battery'), 200],
    ['2001:db8::7', '', 401],
    ['::ffff:192.0.2.127', '', 401],
    ['::1', '', 200],
    ['::ffff:127.0.0.1', '', 200],
    ['127.0.0.1', basic('admin', 'wrong'), 401],
  ] as const) {
    const headers = authorization === '' ? {} : { authorization }
    const answer = await app.inject({ url: '/metrics', remoteAddress, headers })
    assert.equal(answer.statusCode, expected, remoteAddress)
  }
})
