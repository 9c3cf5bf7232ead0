import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { test } from 'node:test'
import { codeOf, jid, openRig, type Rig, turn } from './rig.ts'

const FILE =
  'address,password,name\nalice@corp.example,tea,Alice\nbob@elsewhere.example,x,\n' +
  'carol@corp.example,coffee,"Carol, the third"\ncarol@corp.example,again,\n'

function send({ call }: Rig, query: string, text: string | Buffer = FILE) {
  return call('POST', `/api/v1/users/import${query}`, { text, type: 'text/csv' })
}

test('a file adds the users of its good lines and says what is wrong with the others', async (t) => {
  const rig = await openRig(t)
  for (const query of ['?dryRun=true', '']) {
    const { status, json } = await send(rig, query)
    assert.equal(status, 200)
    assert.deepEqual(
      { ...json, failed: undefined },
      {
        added: 2,
        updated: 0,
        failed: undefined,
        failedTotal: 2,
      },
    )
    assert.deepEqual(
      json.failed.map(({ line, code }) => [line, code]),
      [
        [3, 'NO_SUCH_DOMAIN'],
        [5, 'DUPLICATE'],
      ],
    )
    assert.equal(await rig.directory.countUsers(), query === '' ? 2 : 0)
  }
  assert.equal(await rig.directory.verifyPassword(jid('carol'), 'coffee'), true)
})

test('users who exist are refused, or updated where that is asked for', async (t) => {
  const rig = await openRig(t)
  const text = 'alice@corp.example,tea,Alice\n'
  await send(rig, '', text)
  const again = await send(rig, '', text)
  assert.equal(again.json.failed[0]?.code, 'USER_EXISTS')
  const updated = await send(rig, '?existing=update', 'alice@corp.example,coffee,')
  assert.deepEqual(updated.json, { added: 0, updated: 1, failed: [], failedTotal: 0 })
  assert.equal(await rig.directory.verifyPassword(jid('alice'), 'coffee'), true)
  assert.equal(codeOf(await send(rig, '?existing=forget', text)), '400 BAD_REQUEST')
})

test('only the first thousand refused lines are listed', async (t) => {
  const rig = await openRig(t)
  const { json } = await send(rig, '', 'nobody\n'.repeat(1_001))
  assert.equal(json.failed.length, 1_000)
  assert.equal(json.failedTotal, 1_001)
})

test('a file is larger than other bodies may be, and is sent as CSV', async (t) => {
  const rig = await openRig(t)
  const large = await send(rig, '?dryRun=true', `${' '.repeat(63)}\n`.repeat(20_000))
  assert.equal(large.status, 200)
  const json = await rig.call('POST', '/api/v1/users/import', { body: {} })
  assert.equal(codeOf(json), '415 BAD_MEDIA_TYPE')
  const image = await rig.call('POST', '/api/v1/users/import', { text: 'x', type: 'image/png' })
  assert.equal(codeOf(image), '415 BAD_MEDIA_TYPE')
})

test('an import stops when the one who sent it is gone, and is accounted for', async (t) => {
  const rig = await openRig(t)
  const lines = 200
  const text = Array.from({ length: lines }, (_, n) => `u${n}@corp.example,password,`).join('\n')
  const socket = connect(rig.socketPath)
  socket.write(
    `POST /api/v1/users/import HTTP/1.1\r\nHost: x\r\nContent-Type: text/csv\r\nContent-Length: ${text.length}\r\n\r\n${text}`,
  )
  while ((await rig.directory.countUsers()) === 0) await turn()
  socket.destroy()
  while ((await rig.audit.list({ limit: 1 })).length === 0) await turn()
  assert.equal((await rig.audit.list({ limit: 1 }))[0]?.outcome, 'INTERRUPTED')
  assert.ok((await rig.directory.countUsers()) < lines)
})
