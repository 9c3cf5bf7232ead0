/** The example of an application server, against a server that knows it by its certificate (mutual TLS). */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { issueCertificate, makeAuthority } from '../../src/ops/certificate-maker.ts'
import { startTestServer } from '../support/server.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const EXAMPLE = new URL('../../examples/lps-switchboard/switchboard.ts', import.meta.url).pathname

test('the switchboard of the examples tells what each operator sees', async (t) => {
  using directory = temporaryDirectory()
  const path = (name: string) => join(directory.path, name)
  const authority = await makeAuthority(Date.now())
  const own = await issueCertificate(authority, ['crm.example.com'], Date.now())
  writeFileSync(path('clients.pem'), authority.certificatePem)
  writeFileSync(path('cert.pem'), own.certificatePem)
  writeFileSync(path('key.pem'), own.keyPem)
  const settings = [
    'sip.applicationServers=[{"name":"crm.example.com"}]',
    `tls.clientCa=${path('clients.pem')}`,
  ]
  await using server = await startTestServer({
    args: ['--demo', ...settings.flatMap((setting) => ['--set', setting])],
  })
  const ca = join(server.data, 'tls', 'ca.pem')
  assert.match(readFileSync(ca, 'utf8'), /BEGIN CERTIFICATE/)
  const example = {
    name: 'crm.example.com',
    domain: 'localhost',
    server: { host: '127.0.0.1', port: server.port('sipTls'), domain: 'localhost' },
    ...{ cert: path('cert.pem'), key: path('key.pem'), ca },
    operators: ['sip:alice@localhost', 'sip:bob@localhost'],
    people: ['sip:carol@localhost', 'sip:nobody@localhost'],
  }
  writeFileSync(path('settings.json'), JSON.stringify(example))
  const child = spawn(process.execPath, [EXAMPLE, path('settings.json')])
  t.after(() => child.kill('SIGKILL'))
  let output = ''
  const { promise, resolve } = Promise.withResolvers<void>()
  const take = (chunk: Buffer) => {
    output += chunk
    if (/alice@localhost sees sip:carol@localhost: offline/.test(output)) {
      if (/bob@localhost sees sip:nobody@localhost: terminated/.test(output)) resolve()
    }
  }
  child.stdout.on('data', take)
  child.stderr.on('data', take)
  const deadline = setTimeout(() => resolve(), 20_000)
  await promise
  clearTimeout(deadline)
  assert.match(output, /connection: up/)
  assert.match(output, /alice@localhost sees sip:carol@localhost: offline/)
  assert.match(output, /bob@localhost sees sip:nobody@localhost: terminated/)
  child.kill('SIGTERM')
  const [code] = await once(child, 'exit')
  assert.equal(code, 0)
})
