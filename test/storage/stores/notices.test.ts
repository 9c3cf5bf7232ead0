/** What users are told by administrators (XEP-0133), as it is kept. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BareJid } from '../../../src/core/address.ts'
import { NoticeRows } from '../../../src/storage/stores/notices.ts'
import { eachDatabase } from '../../support/databases.ts'
import { openTestDirectory } from '../../support/directory.ts'

const ANNA = 'anna@corp.example' as BareJid
const MOTD = { domain: 'corp.example', kind: 'motd' }

eachDatabase((_kind, open) => {
  test('a domain has one of each kind, and everybody sees each once', async (t) => {
    const { directory, database } = await openTestDirectory(t, open)
    await directory.addUser({ account: ANNA, password: 'x' })
    const notices = new NoticeRows(database.kysely)
    await notices.put({ ...MOTD, id: '1', text: 'one' })
    await notices.put({ ...MOTD, id: '2', text: 'two' })
    await notices.put({ ...MOTD, kind: 'welcome', id: '3', text: 'hello' })
    assert.deepEqual(
      (await notices.all()).map(({ kind, id, text }) => [kind, id, text]),
      [
        ['motd', '2', 'two'],
        ['welcome', '3', 'hello'],
      ],
    )
    assert.deepEqual(
      await Promise.all([notices.see(ANNA, '1'), notices.see(ANNA, '1')]).then((both) =>
        both.sort(),
      ),
      [false, true],
    )
    assert.equal(await notices.see(ANNA, '2'), true)
    assert.equal(await notices.see(ANNA, '2'), false)
    await notices.remove('corp.example', 'motd')
    assert.deepEqual(
      (await notices.all()).map(({ kind }) => kind),
      ['welcome'],
    )
    await directory.removeUser(ANNA)
  })
})
