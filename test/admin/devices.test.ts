/** Clients that come back without a password (XEP-0484), in the hands of administrators and of their owners. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FastTokenRows } from '../../src/storage/stores/fast-tokens.ts'
import { codeOf, jid, openRig, type Rig } from './rig.ts'

const ALICE = 'alice@corp.example'
const PATH = `/api/v1/users/${ALICE}/devices`
const DAY_MS = 86_400_000
/** 2030-01-01, the clock's. */
const NEW_YEAR = Date.UTC(2030, 0, 1)

async function addDevices({ call, database }: Rig): Promise<void> {
  await call('POST', '/api/v1/users', { body: { address: ALICE, password: 'secret tea' } })
  const rows = new FastTokenRows(database)
  for (const [client, slot, day] of [
    ['phone', 'current', 1],
    ['phone', 'new', 2],
    ['tablet', 'new', 3],
  ] as const) {
    await rows.put(
      {
        account: ALICE,
        client,
        slot,
        seed: 'x',
        mechanism: 'HT-SHA-256-NONE',
        issued_at: NEW_YEAR,
        expires_at: NEW_YEAR + (day + 20) * DAY_MS,
        used_at: NEW_YEAR + day * DAY_MS,
        count: -1,
        software: client === 'phone' ? 'AwesomeXMPP' : null,
        device: null,
      },
      9,
    )
  }
}

test('devices are listed, each once, and removed one by one or all together', async (t) => {
  const rig = await openRig(t)
  const { call, directory } = rig
  await addDevices(rig)
  const removed: unknown[] = []
  directory.devices.onRemoved((event) => void removed.push(event))
  const { json } = await call('GET', PATH)
  assert.deepEqual(json.devices, [
    { id: 'tablet', usedAt: '2030-01-04T00:00:00.000Z', until: '2030-01-24T00:00:00.000Z' },
    {
      id: 'phone',
      software: 'AwesomeXMPP',
      usedAt: '2030-01-03T00:00:00.000Z',
      until: '2030-01-23T00:00:00.000Z',
    },
  ])
  assert.equal((await call('DELETE', `${PATH}/phone`)).status, 204)
  assert.equal(codeOf(await call('DELETE', `${PATH}/phone`)), '404 NO_SUCH_DEVICE')
  assert.equal((await call('DELETE', PATH)).status, 204)
  assert.deepEqual((await call('GET', PATH)).json.devices, [])
  const account = jid('alice')
  assert.deepEqual(removed, [
    { account, device: 'phone' },
    { account, device: undefined },
  ])
})
