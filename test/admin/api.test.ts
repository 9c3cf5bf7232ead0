import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { connect } from 'node:tls'
import { API_ERRORS } from '../../src/admin/api-error.ts'
import { codeOf, openRig } from './rig.ts'

const USERS = '/api/v1/users'

test('every refusal has the same form', async (t) => {
  const { call } = await openRig(t)
  const json = 'application/json'
  const cases = [
    ['404 NOT_FOUND', 'GET', '/', {}],
    ['404 NOT_FOUND', 'GET', '/api/v1/nothing', {}],
    ['404 NOT_FOUND', 'POST', '/api/v1/status', { body: {} }],
    ['404 NOT_FOUND', 'GET', '/api/v1/nothing', { authorization: '' }],
    ['401 SIGN_IN_REQUIRED', 'GET', USERS, { authorization: '' }],
    ['400 BAD_REQUEST', 'POST', USERS, { text: '{"address":', type: json }],
    ['400 BAD_REQUEST', 'POST', USERS, { text: '', type: json }],
    ['400 BAD_REQUEST', 'POST', USERS, { text: 'null', type: json }],
    ['400 BAD_REQUEST', 'POST', USERS, { text: '[]', type: json }],
    ['400 BAD_REQUEST', 'POST', USERS, { text: '{"__proto__":{"x":1}}', type: json }],
    ['400 BAD_REQUEST', 'POST', USERS, { body: { address: 'x'.repeat(2_048) } }],
    ['400 BAD_REQUEST', 'POST', USERS, { text: 'hello', type: 'text/plain' }],
    ['415 BAD_MEDIA_TYPE', 'POST', USERS, { text: '<user/>', type: 'application/xml' }],
    ['413 TOO_LARGE', 'POST', USERS, { text: ' '.repeat(1_048_577), type: json }],
    ['400 BAD_REQUEST', 'GET', '/api/v1/users/%zz', {}],
    ['400 BAD_REQUEST', 'GET', `/api/v1/users/${'x'.repeat(3_200)}`, {}],
  ] as const
  for (const [expected, method, path, given] of cases) {
    const answer = await call(method, path, given)
    assert.equal(codeOf(answer), expected, `${method} ${path.slice(0, 50)} ${answer.text}`)
    assert.deepEqual(Object.keys(answer.json), ['error'])
    assert.deepEqual(Object.keys(answer.json.error), ['code', 'message'])
    assert.match(answer.headers['content-type'] ?? '', /^application\/json/)
  }
})

test('what is not HTTP is refused in that form too', async (t) => {
  const { port } = await openRig(t)
  for (const [text, status] of [
    ['HELLO\r\n\r\n', 400],
    [`GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
  ] as const) {
    const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false })
    let answer = ''
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      answer += chunk
    })
    socket.on('error', () => undefined)
    socket.write(text)
    await once(socket, 'close')
    assert.match(answer, new RegExp(`^HTTP/1\\.1 ${status} `))
    assert.match(answer, /\r\n\r\n\{"error":\{"code":"BAD_REQUEST","message":"[^"]+"\}\}$/)
  }
})

test('requests of one address are limited over HTTPS, and not on the socket', async (t) => {
  const { call, local } = await openRig(t, { requestsPerMinute: 3 })
  const codes = []
  for (let n = 0; n < 4; n += 1) codes.push(codeOf(await call('GET', USERS, { authorization: '' })))
  assert.deepEqual(codes, [
    ...Array.from({ length: 3 }, () => '401 SIGN_IN_REQUIRED'),
    '429 TOO_MANY_REQUESTS',
  ])
  const refused = await call('GET', USERS)
  assert.equal(codeOf(refused), '429 TOO_MANY_REQUESTS')
  assert.match(refused.headers['retry-after'] ?? '', /^\d+$/)
  for (let n = 0; n < 5; n += 1) assert.equal((await local('GET', USERS)).status, 200)
})

test('a failure of our own is answered without its details, and logged with them', async (t) => {
  const { call, database, logged } = await openRig(t)
  await database.kysely.schema.dropTable('handles').execute()
  const answer = await call('POST', USERS, { body: { address: 'a@corp.example' } })
  assert.equal(codeOf(answer), '500 INTERNAL')
  assert.doesNotMatch(answer.text, /handles/)
  assert.match(logged(), /"what":"api_request_failed".*no such table/)
})

/** Method and path of each route, in OpenAPI’s words. */
const ROUTES = `
  get /health
  get /metrics
  get /api/v1/status
  post /api/v1/sessions
  delete /api/v1/sessions/current
  put /api/v1/administrators/{name}/password
  get /api/v1/audit
  get /api/v1/domains
  post /api/v1/domains
  patch /api/v1/domains/{domain}
  delete /api/v1/domains/{domain}
  get /api/v1/users
  post /api/v1/users
  get /api/v1/users/{address}
  patch /api/v1/users/{address}
  delete /api/v1/users/{address}
  put /api/v1/users/{address}/password
  post /api/v1/users/{address}/addresses
  delete /api/v1/users/{address}/addresses
  get /api/v1/users/{address}/devices
  delete /api/v1/users/{address}/devices
  delete /api/v1/users/{address}/devices/{device}
  get /api/v1/users/{address}/files
  delete /api/v1/users/{address}/files
  delete /api/v1/users/{address}/files/{file}
  post /api/v1/users/import
  post /api/v1/accounts/export
  post /api/v1/accounts/import
  get /api/v1/presence/{address}
  put /api/v1/presence/{address}
  delete /api/v1/presence/{address}
  get /api/v1/presence/{address}/explain
  get /api/v1/presence/{address}/events
  get /api/v1/presence/{address}/as/{watcher}
  get /api/v1/access-levels
  put /api/v1/access-levels/{name}
  delete /api/v1/access-levels/{name}
  get /api/v1/acl
  put /api/v1/acl
  delete /api/v1/acl
  get /api/v1/acl/default
  put /api/v1/acl/default
  delete /api/v1/acl/default
  get /api/v1/domains/{domain}/acl/default
  put /api/v1/domains/{domain}/acl/default
  delete /api/v1/domains/{domain}/acl/default
  get /api/v1/users/{address}/acl
  put /api/v1/users/{address}/acl
  delete /api/v1/users/{address}/acl
  get /api/v1/users/{address}/acl/default
  put /api/v1/users/{address}/acl/default
  delete /api/v1/users/{address}/acl/default
  get /api/v1/users/{address}/pres-rules
  put /api/v1/users/{address}/pres-rules
  get /api/v1/users/{address}/contacts
  put /api/v1/users/{address}/contacts/{contact}
  delete /api/v1/users/{address}/contacts/{contact}
  get /api/v1/users/{address}/watch-requests
  post /api/v1/users/{address}/watch-requests/{watcher}
  get /api/v1/watchers
  get /api/v1/settings
  patch /api/v1/settings`

interface Operation {
  summary: string
  security?: unknown[]
  parameters?: { name: string; in: string; required: boolean }[]
  requestBody?: { content: Record<string, unknown> }
  responses: Record<string, { description: string; content?: Record<string, { schema: Schema }> }>
}

interface Schema {
  properties: { error: { properties: { code: { enum: string[] } } } }
}

test('the description lists every route, what each takes and how each refuses', async (t) => {
  const { call } = await openRig(t)
  const { status, text } = await call('GET', '/api/v1/openapi.json', { authorization: '' })
  assert.equal(status, 200)
  const description = JSON.parse(text) as {
    openapi: string
    info: { version: string }
    paths: Record<string, Record<string, Operation>>
  }
  assert.match(description.openapi, /^3\./)
  assert.equal(description.info.version, '1.2.3')
  const listed = Object.entries(description.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      name: `${method} ${path}`,
      operation,
    })),
  )
  assert.deepEqual(listed.map(({ name }) => name).sort(), ROUTES.trim().split(/\n\s+/).sort())
  for (const { name, operation } of listed) {
    assert.ok(operation.summary, name)
    for (const [, parameter] of name.matchAll(/\{(\w+)\}/g)) {
      assert.ok(operation.parameters?.some((one) => one.name === parameter && one.in === 'path'))
    }
    for (const kind of ['4XX', '5XX']) {
      const schema = operation.responses[kind]?.content?.['application/json']?.schema
      const codes = schema?.properties.error.properties.code.enum
      assert.deepEqual(codes, Object.keys(API_ERRORS), name)
    }
    assert.ok(
      Object.keys(operation.responses).some((code) => code.startsWith('20')),
      name,
    )
  }
  const { paths } = description
  assert.ok(paths['/api/v1/users/import']?.post?.requestBody?.content['text/csv'])
  assert.ok(
    paths['/api/v1/presence/{address}/events']?.get?.responses['200']?.content?.[
      'text/event-stream'
    ],
  )
  assert.deepEqual(paths['/health']?.get?.security, [])
})
