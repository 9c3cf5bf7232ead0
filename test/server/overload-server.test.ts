import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { startTestServer } from '../support/server.ts'

test('a server that came late to its work says so, and says when that is over', async () => {
  await using server = await startTestServer()
  server.signal('SIGSTOP')
  await wait(1_000)
  server.signal('SIGCONT')
  while (!server.log.includes('overload_over')) await wait(20)
  assert.match(server.log, /"what":"overloaded","waitMs":\d{3,}/)
})
