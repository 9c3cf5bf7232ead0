/** Debian’s slixmpp shares a file: XEP-0363 by a client, and an HTTP library, of others. */
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import { startTestServer } from '../support/server.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { DrivenClient } from './drivers/driven-client.ts'

const SCRIPT = new URL('./drivers/slixmpp_upload.py', import.meta.url).pathname

it('slixmpp finds the service, uploads a file and loads it again', async () => {
  await using server = await startTestServer({ args: ['--demo'] })
  using folder = temporaryDirectory()
  const file = join(folder.path, 'très cool.jpg')
  const content = randomBytes(3_000_000)
  writeFileSync(file, content)
  const options = {
    jid: 'alice@localhost',
    password: server.demoPassword,
    port: server.port('xmpp'),
    ca: join(server.data, 'tls', 'ca.pem'),
    file,
  }
  await using client = new DrivenClient('/usr/bin/python3', [SCRIPT, JSON.stringify(options)])
  const service = await client.expect('service')
  assert.equal(service.jid, 'upload.localhost')
  assert.ok((service.features as string[]).includes('urn:xmpp:http:upload:0'))
  const uploaded = await client.expect('uploaded')
  assert.match(String(uploaded.url), /\/tr%C3%A8s%20cool\.jpg$/)
  const downloaded = await client.expect('downloaded')
  assert.deepEqual(downloaded, {
    event: 'downloaded',
    status: 200,
    digest: createHash('sha256').update(content).digest('hex'),
    type: 'image/jpeg',
    name: 'très cool.jpg',
    disposition: 'inline',
  })
  const refused = await client.expect('refused')
  assert.deepEqual([refused.condition, Number(refused.limit)], ['not-acceptable', uploaded.max])
})
