/** Documents of users (RFC 4825), as they are kept. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BareJid } from '../../../src/core/address.ts'
import {
  type XcapDocumentRow,
  XcapDocumentRows,
} from '../../../src/storage/stores/xcap-documents.ts'
import { eachDatabase } from '../../support/databases.ts'
import { openTestDirectory } from '../../support/directory.ts'

const [ANNA, BEN] = ['anna@corp.example' as BareJid, 'ben@corp.example' as BareJid]
const QUOTA = { documents: 2, characters: 10 }

function row(changes: Partial<XcapDocumentRow> = {}): XcapDocumentRow {
  return {
    account: ANNA,
    auid: 'a',
    name: 'index',
    text: '<ü/>',
    mark: '',
    updated_at: 1,
    ...changes,
  }
}

eachDatabase((_kind, open) => {
  test('documents are replaced, counted, and go with their user', async (t) => {
    const { directory, database } = await openTestDirectory(t, open)
    for (const account of [ANNA, BEN]) await directory.addUser({ account, password: 'x' })
    const rows = new XcapDocumentRows(database)
    const put = (changes: Partial<XcapDocumentRow>) => rows.put(row(changes), [], QUOTA)
    assert.deepEqual(await put({}), { kind: 'stored' })
    assert.deepEqual(await put({ text: '<b/>', updated_at: 2 }), { kind: 'stored' })
    const found = await rows.find(row())
    assert.deepEqual({ ...found }, row({ text: '<b/>', updated_at: 2 }))
    assert.equal((await put({ name: 'second', text: '1234567' })).kind, 'over-quota')
    assert.equal((await put({ name: 'second', text: '123456' })).kind, 'stored')
    assert.equal((await put({ name: 'third', text: '' })).kind, 'over-quota')
    assert.equal((await put({ account: BEN, text: '' })).kind, 'stored')
    const names = (await rows.list(ANNA)).map(({ auid, name }) => `${auid}/${name}`)
    assert.deepEqual(names, ['a/index', 'a/second'])
    assert.equal((await rows.ofUsage('a')).length, 3)
    await rows.remove(row())
    assert.equal(await rows.find(row()), undefined)
    await directory.removeUser(ANNA)
    assert.deepEqual(await rows.list(ANNA), [])
  })

  test('what one document claims no other has', async (t) => {
    const { directory, database } = await openTestDirectory(t, open)
    for (const account of [ANNA, BEN]) await directory.addUser({ account, password: 'x' })
    const rows = new XcapDocumentRows(database)
    assert.equal((await rows.put(row(), ['x', 'y'], QUOTA)).kind, 'stored')
    assert.equal((await rows.put(row({ text: '' }), ['y', 'z'], QUOTA)).kind, 'stored')
    const other = row({ account: BEN })
    assert.deepEqual(await rows.put(other, ['z', 'x', 'y'], QUOTA), {
      kind: 'claimed',
      values: ['y', 'z'],
    })
    assert.equal(await rows.find(other), undefined)
    assert.deepEqual(
      { ...(await rows.claimant('a', 'z')) },
      { account: ANNA, auid: 'a', name: 'index' },
    )
    assert.equal(await rows.claimant('b', 'z'), undefined)
    await rows.remove(row())
    assert.equal((await rows.put(other, ['z'], QUOTA)).kind, 'stored')
    await directory.removeUser(BEN)
    assert.equal(await rows.claimant('a', 'z'), undefined)
  })
})
