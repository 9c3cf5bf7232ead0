import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { startAdmin } from '../../src/admin/admin.ts'
import { OperatorError } from '../../src/util/operator-error.ts'
import { testIdentity } from '../support/certificate.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { openRig } from './rig.ts'

test('the socket is for its owner alone, who needs no password', async (t) => {
  const { local, socketPath, close } = await openRig(t)
  assert.equal(statSync(socketPath).mode & 0o777, 0o600)
  assert.equal((await local('GET', '/api/v1/status')).status, 200)
  await close()
  assert.equal(existsSync(socketPath), false)
})

test('a socket that a crash left behind is replaced', async (t) => {
  using directory = temporaryDirectory()
  const path = join(directory.path, 'heliograph.sock')
  const crash = `require('node:net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))`
  spawnSync(process.execPath, ['-e', crash, path])
  assert.ok(statSync(path).isSocket())
  const { local, close } = await openRig(t, { data: directory.path })
  assert.equal((await local('GET', '/api/v1/status')).status, 200)
  assert.equal(statSync(path).mode & 0o777, 0o600)
  await close()
})

test('what cannot be opened is said with its code, and leaves nothing open', async (t) => {
  const rig = await openRig(t)
  using directory = temporaryDirectory()
  const busy = createServer()
  t.after(() => busy.close())
  await new Promise<void>((done) => busy.listen(0, '127.0.0.1', done))
  const bound = busy.address()
  const port = typeof bound === 'object' && bound ? bound.port : 0
  const tls = await testIdentity(['localhost'])
  const start = (socketName: string, host = '127.0.0.1', wanted = port) =>
    startAdmin(
      {
        https: { host, port: wanted },
        socketPath: join(directory.path, socketName),
        requestsPerMinute: 1,
        tls,
      },
      rig,
    )
  const refusal = (code: string) => (error: unknown) =>
    error instanceof OperatorError && error.code === code
  await assert.rejects(start('a.sock'), refusal('NET_PORT_IN_USE'))
  assert.equal(existsSync(join(directory.path, 'a.sock')), false)
  await assert.rejects(start('a.sock', '192.0.2.1', 0), refusal('NET_BAD_ADDRESS'))
  await assert.rejects(start('no/such/directory/a.sock'), refusal('DATA_UNWRITABLE'))
  await assert.rejects(start(`${'x'.repeat(120)}.sock`), /longer than the 107 bytes/)
})
