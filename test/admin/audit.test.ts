import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ADMIN, basic, openRig, PASSWORD, type Rig } from './rig.ts'

const SECRETS = ['open sesame', 'tea for two', 'new horse 9', PASSWORD, 'wrong guess']

async function entriesOf({ call }: Rig) {
  const { json } = await call('GET', '/api/v1/audit')
  return json.entries.map(({ actor, action, target, outcome, source }) =>
    [actor, action, target, outcome, source].join(' | '),
  )
}

test('every change is written down before it is answered, with who, what and how it ended', async (t) => {
  const rig = await openRig(t)
  const { call, local } = rig
  const users = '/api/v1/users'
  const alice = 'alice@corp.example'
  const add = { body: { address: alice, password: 'open sesame' } }
  const expected: string[] = []
  const step = async (answer: Promise<unknown>, entry: string) => {
    await answer
    expected.unshift(entry)
    assert.deepEqual(await entriesOf(rig), expected)
  }
  const from = '127.0.0.1'
  await step(call('POST', users, add), `admin | POST ${users} | ${alice} | done | ${from}`)
  await step(local('POST', users, add), `local | POST ${users} | ${alice} | USER_EXISTS | local`)
  const password = `${users}/:address/password`
  await step(
    call('PUT', `${users}/${alice}/password`, { body: { password: 'tea for two' } }),
    `admin | PUT ${password} | ${users}/${alice}/password | done | ${from}`,
  )
  await step(
    call('PUT', `${users}/${alice}/password`, { body: { passwort: 'tea for two' } }),
    `admin | PUT ${password} | ${users}/${alice}/password | BAD_REQUEST | ${from}`,
  )
  await step(
    call('POST', `${users}/${alice}/addresses`, {
      body: { type: 'sip', value: '4711@corp.example' },
    }),
    `admin | POST ${users}/:address/addresses | ${alice} sip 4711@corp.example | done | ${from}`,
  )
  await step(
    call('PUT', `/api/v1/presence/${alice}`, { body: { state: 'busy' } }),
    `admin | PUT /api/v1/presence/:address | ${alice} busy | done | ${from}`,
  )
  await step(
    call('POST', '/api/v1/domains', { body: { name: 'north.example' } }),
    `admin | POST /api/v1/domains | north.example | done | ${from}`,
  )
  await step(
    call('POST', `${users}/import`, { text: 'x@corp.example,open sesame,\n?', type: 'text/csv' }),
    `admin | POST ${users}/import | ${users}/import: added 1, updated 0, refused 1 | done | ${from}`,
  )
  await step(
    call('DELETE', `${users}/${alice}`),
    `admin | DELETE ${users}/:address | ${users}/${alice} | done | ${from}`,
  )
  const body = { name: ADMIN, password: PASSWORD }
  await step(
    call('POST', '/api/v1/sessions', { body, authorization: '' }),
    `admin | POST /api/v1/sessions | /api/v1/sessions | done | ${from}`,
  )
})

test('strangers and readers fill no audit log', async (t) => {
  const rig = await openRig(t)
  const { call } = rig
  const body = { name: 'eve', password: 'wrong guess' }
  await call('POST', '/api/v1/sessions', { body, authorization: '' })
  await call('DELETE', '/api/v1/users/x', { authorization: '' })
  await call('DELETE', '/api/v1/users/x', { authorization: basic(ADMIN, 'wrong guess') })
  await call('POST', '/no/such/path', { body })
  await call('GET', '/api/v1/users')
  assert.deepEqual(await entriesOf(rig), [])
  assert.match(rig.logged(), /"what":"api_sign_in_refused","peer":"127\.0\.0\.1"/)
})

test('no password gets into the audit log or the log', async (t) => {
  const rig = await openRig(t)
  const { call } = rig
  const users = '/api/v1/users'
  await call('POST', users, { body: { address: 'a@corp.example', password: 'open sesame' } })
  await call('POST', users, { body: { address: 7, password: 'open sesame' } })
  await call('POST', users, { text: '{"password":"open sesame"', type: 'application/json' })
  await call('POST', `${users}/import`, {
    text: 'b@corp.example,tea for two,\nx,tea for two\n"tea for two',
    type: 'text/csv',
  })
  await call('PUT', `/api/v1/administrators/${ADMIN}/password`, {
    body: { password: 'new horse 9' },
  })
  await call('GET', users, { authorization: basic(ADMIN, 'wrong guess') })
  await rig.database.kysely.schema.dropTable('handles').execute()
  const authorization = basic(ADMIN, 'new horse 9')
  const body = { address: 'c@corp.example', password: 'open sesame' }
  assert.equal((await call('POST', users, { body, authorization })).status, 500)
  assert.match(rig.logged(), /api_request_failed/)
  const entries = JSON.stringify(await rig.audit.list({ limit: 100 }))
  for (const secret of SECRETS) {
    for (const form of [
      secret,
      encodeURIComponent(secret),
      Buffer.from(secret).toString('base64'),
    ]) {
      assert.equal(entries.includes(form), false, form)
      assert.equal(rig.logged().includes(form), false, form)
    }
  }
})

test('the log is read a page at a time, newest first', async (t) => {
  const { call } = await openRig(t)
  for (const name of ['a', 'b', 'c']) {
    await call('POST', '/api/v1/domains', { body: { name: `${name}.example` } })
  }
  const page = async (query: string) => (await call('GET', `/api/v1/audit${query}`)).json.entries
  const first = await page('?limit=2')
  assert.deepEqual(
    first.map(({ target }) => target),
    ['c.example', 'b.example'],
  )
  assert.equal(first[0]?.at, '2030-01-01T09:00:00.000Z')
  const rest = await page(`?limit=2&before=${first[1]?.id}`)
  assert.deepEqual(
    rest.map(({ target }) => target),
    ['a.example'],
  )
})
