import assert from 'node:assert/strict'
import { test } from 'node:test'
import { codeOf, openRig } from './rig.ts'

const LEVELS = '/api/v1/access-levels'

test('levels are made, changed, listed and removed', async (t) => {
  const { call } = await openRig(t)
  const first = await call('GET', LEVELS)
  const all = { name: 'All', classes: [], inverted: true, predefined: true }
  const telephony = { name: 'Telephony', classes: ['phone'], inverted: false, predefined: false }
  assert.deepEqual(first.json.levels, [all, telephony])

  const desk = { name: 'Desk', classes: ['enterprise-im', 'phone'], inverted: false }
  const made = await call('PUT', `${LEVELS}/Desk`, {
    body: { classes: ['phone', 'enterprise-im'] },
  })
  assert.deepEqual(made.json, { ...desk, predefined: false })
  const body = { classes: ['phone'], inverted: true }
  const changed = await call('PUT', `${LEVELS}/Desk?existing=require`, { body })
  assert.deepEqual(changed.json, { name: 'Desk', ...body, predefined: false })
  assert.equal((await call('DELETE', `${LEVELS}/Desk`)).status, 204)
  assert.deepEqual((await call('GET', LEVELS)).json.levels, [all, telephony])
})

test('what cannot be done with a level is said by its code', async (t) => {
  const { call } = await openRig(t)
  const rule = { presentity: '*', watcher: '*', level: 'Telephony', action: 'block' }
  assert.equal((await call('PUT', '/api/v1/acl', { body: rule })).status, 200)
  const phone = { classes: ['phone'] }
  for (const [expected, method, path, body] of [
    ['409 ACCESS_LEVEL_PREDEFINED', 'PUT', 'All', phone],
    ['409 ACCESS_LEVEL_PREDEFINED', 'DELETE', 'All', undefined],
    ['409 ACCESS_LEVEL_EXISTS', 'PUT', 'Telephony?existing=refuse', phone],
    ['404 NO_SUCH_ACCESS_LEVEL', 'PUT', 'Desk?existing=require', phone],
    ['404 NO_SUCH_ACCESS_LEVEL', 'DELETE', 'Desk', undefined],
    ['409 ACCESS_LEVEL_IN_USE', 'DELETE', 'Telephony', undefined],
    ['400 BAD_ACCESS_LEVEL', 'PUT', 'Desk', { classes: ['telegraph'] }],
    ['400 BAD_ACCESS_LEVEL', 'PUT', 'Desk', { classes: [] }],
    ['400 BAD_ACCESS_LEVEL', 'PUT', '%0A', phone],
    ['400 BAD_REQUEST', 'PUT', 'Desk', { classes: 'phone' }],
    ['400 BAD_REQUEST', 'PUT', 'Desk?existing=maybe', phone],
  ] as const) {
    const answer = await call(method, `${LEVELS}/${path}`, { body })
    assert.equal(codeOf(answer), expected, `${method} ${path}`)
  }
})
