/** Push services of users (XEP-0357), as they are kept. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BareJid } from '../../../src/core/address.ts'
import { type PushServiceRow, PushServiceRows } from '../../../src/storage/stores/push-services.ts'
import { eachDatabase } from '../../support/databases.ts'
import { openTestDirectory } from '../../support/directory.ts'

const ANNA = 'anna@corp.example' as BareJid

function row(node: string, changes: Partial<PushServiceRow> = {}): PushServiceRow {
  return {
    ...{ account: ANNA, jid: 'push.example', node, options: null, enabled_at: 1 },
    ...changes,
  }
}

eachDatabase((_kind, open) => {
  test('the last word on a node counts, the oldest goes where there are too many, all with the user', async (t) => {
    const { directory, database } = await openTestDirectory(t, open)
    await directory.addUser({ account: ANNA, password: 'x' })
    const services = new PushServiceRows(database)
    const kept = async () => (await services.list(ANNA)).map(({ jid, node }) => `${jid} ${node}`)
    await services.put(row('a'), 3)
    await services.put(row('b', { enabled_at: 2 }), 3)
    await services.put(row('a', { enabled_at: 3, options: '<x/>' }), 3)
    const all = await services.list(ANNA)
    assert.deepEqual(
      all.map((one) => ({ ...one })),
      [row('b', { enabled_at: 2 }), row('a', { enabled_at: 3, options: '<x/>' })],
    )
    await services.put(row('c', { enabled_at: 4, jid: 'other.example' }), 3)
    await services.put(row('d', { enabled_at: 5 }), 3)
    assert.deepEqual(await kept(), ['push.example a', 'other.example c', 'push.example d'])
    assert.equal(await services.remove(ANNA, 'push.example', 'd'), 1)
    assert.equal(await services.remove(ANNA, 'push.example', 'd'), 0)
    await services.put(row('', { enabled_at: 6 }), 3)
    assert.equal(await services.remove(ANNA, 'push.example'), 2)
    assert.deepEqual(await kept(), ['other.example c'])
    await directory.removeUser(ANNA)
    assert.deepEqual(await kept(), [])
  })
})
