import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AuditLog } from '../../../src/storage/stores/audit-log.ts'
import { eachDatabase } from '../../support/databases.ts'

const alice = 'alice@corp.example'

eachDatabase((_kind, open) => {
  test('the audit log is read newest first, a page at a time', async (t) => {
    const { kysely } = await open(t)
    const log = new AuditLog(kysely)
    const entry = (at: number) => ({
      at,
      actor: 'admin',
      action: 'user.add',
      target: alice,
      outcome: 'done',
      source: '127.0.0.1',
      detail: { name: 'Alice' },
    })
    for (const at of [1, 2, 3]) await log.append(entry(at))
    const [third, second] = await log.page({ limit: 2 })
    assert.deepEqual(third, { id: third?.id, ...entry(3) })
    assert.equal(second?.at, 2)
    const rest = await log.page({ before: second?.id })
    assert.deepEqual(
      rest.map((one) => one.at),
      [1],
    )
  })
})
