import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OfflineMail } from '../../../src/storage/stores/offline-mail.ts'
import { OfflineMessages } from '../../../src/storage/stores/offline-messages.ts'
import { eachDatabase } from '../../support/databases.ts'
import { openTestDirectory } from '../../support/directory.ts'

const ALICE = 'alice@corp.example'
const ERIN = 'erin@west.example'

function message(body: string, mailAt: number | undefined) {
  return {
    ...{ sender: 'bob@corp.example/phone', recipient: ALICE, type: 'chat', body, mailAt },
    ...{ messageId: undefined, thread: undefined, subject: undefined, native: undefined },
    ...{ origin: 'xmpp', storedAt: 1_900_000_000_000 },
  }
}

eachDatabase((_kind, open) => {
  test('what is due is found by domain, the longest due first, until it is not', async (t) => {
    const { database, directory } = await openTestDirectory(t, open)
    for (const account of [ALICE, ERIN]) await directory.addUser({ account })
    const messages = new OfflineMessages(database.kysely)
    const mail = new OfflineMail(database.kysely)
    const at = 1_900_000_000_000
    await messages.add(ALICE, message('later', at + 200), 10)
    await messages.add(ALICE, message('first', at), 10)
    await messages.add(ALICE, message('never', undefined), 10)
    await messages.add(ERIN, message('elsewhere', at - 1), 10)
    await messages.add(ALICE, message('second', at + 100), 10)

    assert.equal(await mail.nextDue('corp.example'), at)
    assert.equal(await mail.nextDue('west.example'), at - 1)
    assert.equal(await mail.nextDue('north.example'), undefined)
    const bodies = async (now: number, limit = 10) =>
      (await mail.due('corp.example', now, limit)).map(({ body, tries }) => `${body} ${tries}`)
    assert.deepEqual(await bodies(at - 1), [])
    assert.deepEqual(await bodies(at + 100), ['first 0', 'second 0'])
    assert.deepEqual(await bodies(at + 500, 2), ['first 0', 'second 0'])

    const [first, second, later] = await mail.due('corp.example', at + 500, 10)
    assert.equal(first?.account, ALICE)
    assert.equal(first?.mailAt, at)
    const ids = [first?.id ?? 0, second?.id ?? 0, later?.id ?? 0]
    await mail.put([ids[0] ?? 0], { at: at + 900, tries: 2 })
    await mail.put([ids[1] ?? 0], { at: undefined })
    await mail.put([], { at: undefined })
    assert.deepEqual(await bodies(at + 900), ['later 0', 'first 2'])
    await mail.remove([ids[2] ?? 0])
    await mail.remove([])
    assert.deepEqual([...(await mail.present([...ids, 99]))].sort(), ids.slice(0, 2).sort())
    assert.deepEqual(await mail.present([]), new Set())
    assert.equal(await messages.count(ALICE), 3)
  })
})
