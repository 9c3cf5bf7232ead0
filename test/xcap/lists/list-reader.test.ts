/** References of resource lists (RFC 4826 §3.1). */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { bareJid } from '../../../src/core/address.ts'
import { flatten } from '../../../src/formats/flat-list.ts'
import { ListReader } from '../../../src/xcap/lists/list-reader.ts'

const ALICE = bareJid('alice', 'example.com') ?? assert.fail()
const DOCUMENT = 'resource-lists/users/sip:alice@example.com/index'

function readerOf(text: string) {
  const read: string[] = []
  const reader = new ListReader({
    root: '/xcap',
    read: async ({ name }) => {
      read.push(name)
      return { text, etag: 'e' }
    },
    accountOf: async () => ALICE,
  })
  return { reader, read }
}

function references(count: number) {
  const members = Array.from({ length: count }, (_, at) => ({
    kind: 'entry-ref' as const,
    ref: `${DOCUMENT}/~~/resource-lists/list/entry%5b@uri=%22sip:u${at}@x%22%5d`,
  }))
  return { kind: 'list' as const, members }
}

describe('references of resource lists (RFC 4826 §3.1)', () => {
  it('read a document once, however many lead into it', async () => {
    const entries = Array.from({ length: 1_000 }, (_, at) => `<entry uri="sip:u${at}@x"/>`).join('')
    const { reader, read } = readerOf(
      `<resource-lists xmlns="urn:ietf:params:xml:ns:resource-lists"><list>${entries}</list></resource-lists>`,
    )
    assert.equal((await flatten(references(1_000), reader.references(ALICE))).length, 1_000)
    assert.deepEqual(read, ['index'])
  })

  it('find an element below very many declarations', async () => {
    const many = (from: string) =>
      Array.from({ length: 60 }, (_, at) => ` xmlns:${from}${at}="urn:p"`).join('')
    const { reader } = readerOf(
      `<resource-lists xmlns="urn:ietf:params:xml:ns:resource-lists"${many('a')}>` +
        `<list${many('b')}><entry uri="sip:u0@x"/></list></resource-lists>`,
    )
    const found = await flatten(references(1), reader.references(ALICE))
    assert.deepEqual(
      found.map(({ uri }) => uri),
      ['sip:u0@x'],
    )
  })
})
