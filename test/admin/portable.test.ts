/** XEP-0227 over the API: for administrators only, written down, and no faster than it is worked off. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test } from 'node:test'
import type { PortableAccounts, PortableReport } from '../../src/admin/services.ts'
import { DirectoryError } from '../../src/directory/errors.ts'
import { basic, codeOf, openRig, type Rig, turn } from './rig.ts'

const NOTHING: PortableReport = {
  ...{ added: 0, updated: 0, unchanged: 0, failed: 0 },
  ...{ problems: [], problemsTotal: 0, skipped: [] },
}

/** Counts bytes. */
class FakePortable implements PortableAccounts {
  bytes = 0
  asked: unknown

  async *export(domain: string | undefined): AsyncIterable<string> {
    if (domain === 'broken.example') throw new Error('the database is gone')
    yield '<server-data/>'
  }

  async import(source: AsyncIterable<Uint8Array>, options: { signal: AbortSignal }) {
    this.asked = { ...options, signal: undefined }
    for await (const chunk of source) this.bytes += chunk.length
    options.signal.throwIfAborted()
    return { ...NOTHING, added: 1 }
  }
}

async function lastEntry({ audit }: Rig) {
  const [entry] = await audit.list({ limit: 1 })
  return entry && `${entry.action} ${entry.target} ${entry.outcome}`
}

const EXPORT = '/api/v1/accounts/export'
const IMPORT = '/api/v1/accounts/import'

test('an export is for administrators, and is written down', async (t) => {
  const rig = await openRig(t, { portable: new FakePortable() })
  const { status, text, headers } = await rig.call('POST', `${EXPORT}?domain=corp.example`)
  assert.equal(`${status} ${text}`, '200 <server-data/>')
  assert.equal(headers['cache-control'], 'no-store')
  assert.equal(await lastEntry(rig), `POST ${EXPORT} ${EXPORT}?domain=corp.example done`)
  await rig.directory.addUser({ account: 'alice@corp.example', password: 'tea' })
  for (const path of [EXPORT, IMPORT]) {
    const authorization = basic('alice@corp.example', 'tea')
    const text = path === IMPORT ? '<server-data/>' : undefined
    const given = text === undefined ? {} : { text, type: 'application/xml' }
    assert.equal(codeOf(await rig.call('POST', path, { authorization, ...given })), '403 FORBIDDEN')
    const nobody = await rig.call('POST', path, { authorization: '', ...given })
    assert.equal(codeOf(nobody), '401 SIGN_IN_REQUIRED')
  }
})

test('an export that is refused says why', async (t) => {
  const portable = new FakePortable()
  portable.export = () => {
    throw new DirectoryError('NO_SUCH_DOMAIN', 'there is no domain x')
  }
  const rig = await openRig(t, { portable })
  assert.equal(codeOf(await rig.call('POST', `${EXPORT}?domain=x`)), '404 NO_SUCH_DOMAIN')
})

test('an import reads the body as it comes, and says what became of it', async (t) => {
  const portable = new FakePortable()
  const rig = await openRig(t, { portable })
  const text = ' '.repeat(5_000_000)
  const given = { text, type: 'application/xml' }
  const { status, json } = await rig.local('POST', `${IMPORT}?dryRun=true&overwrite=true`, given)
  assert.equal(status, 200)
  assert.deepEqual(json, { ...NOTHING, added: 1 })
  assert.equal(portable.bytes, text.length)
  assert.deepEqual(portable.asked, { dryRun: true, overwrite: true, signal: undefined })
  assert.match((await lastEntry(rig)) ?? '', /: added 1, updated 0, unchanged 0, refused 0 done$/)
  assert.equal(codeOf(await rig.call('POST', IMPORT, { body: {} })), '415 BAD_MEDIA_TYPE')
})

test('an import waits for its body on this machine, and ends with the connection', async (t) => {
  const portable = new FakePortable()
  const rig = await openRig(t, { portable })
  const socket = connect(rig.socketPath)
  const head = 'Host: x\r\nContent-Type: application/xml\r\nContent-Length: 100\r\n\r\n12345'
  socket.write(`POST ${IMPORT} HTTP/1.1\r\n${head}`)
  while (portable.bytes < 5) await turn()
  rig.clock.advance(60_000)
  socket.write('67890')
  while (portable.bytes < 10) await turn()
  socket.destroy()
  await once(socket, 'close')
  while ((await lastEntry(rig)) === undefined) await turn()
  assert.equal(await lastEntry(rig), `POST ${IMPORT} ${IMPORT} INTERRUPTED`)
})

test('a server without accounts to move has no such call', async (t) => {
  const rig = await openRig(t)
  assert.equal(codeOf(await rig.call('POST', EXPORT)), '404 NOT_FOUND')
})
