/** Other parts of the server on the HTTPS listener: beside the API, and not under its rules. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connect } from 'node:tls'
import { createApi } from '../../src/admin/api.ts'
import { statusRoutes } from '../../src/admin/routes/status.ts'
import { testIdentity } from '../support/certificate.ts'
import { openRig } from './rig.ts'

test('a part answers whom the API would not, as often as he asks, and without a trace in the audit log', async (t) => {
  const rig = await openRig(t)
  const tls = await testIdentity(['localhost'])
  const app = await createApi(
    {
      ...rig,
      tls,
      requestsPerMinute: 1,
      parts: [
        (scope) => {
          scope.addContentTypeParser('text/xml', { parseAs: 'string' }, (_request, body, done) =>
            done(null, body),
          )
          scope.post('/part', async ({ body }, reply) => reply.type('text/xml').send(body))
        },
      ],
    },
    (api) => statusRoutes(api, rig),
  )
  t.after(() => app.close())
  const post = { method: 'POST', url: '/part', payload: '<a/>' } as const
  for (const authorization of ['', 'Basic d3Jvbmc6d3Jvbmc=']) {
    const headers = { 'content-type': 'text/xml', ...(authorization && { authorization }) }
    const { statusCode, body } = await app.inject({ ...post, headers })
    assert.deepEqual([statusCode, body], [200, '<a/>'])
  }
  assert.equal((await app.inject('/health')).statusCode, 200)
  assert.equal((await app.inject('/health')).statusCode, 429)
  assert.equal((await app.inject('/api/v1/status')).statusCode, 429)
  assert.equal((await app.inject('/nothing')).statusCode, 404)
})

test('who does not send the body of his request is told so after half a minute', async (t) => {
  const { port, clock } = await openRig(t)
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false })
  t.after(() => socket.destroy())
  const { promise, resolve } = Promise.withResolvers<string>()
  let heard = ''
  socket.setEncoding('utf8').on('data', (text: string) => {
    heard += text
    // The head has been read once the server asks for the rest.
    if (heard.startsWith('HTTP/1.1 100')) clock.advance(30_001)
  })
  socket.on('close', () => resolve(heard))
  socket.write(
    'POST /api/v1/users HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: 10\r\n\r\n{',
  )
  assert.match(await promise, /HTTP\/1\.1 408 /)
})
