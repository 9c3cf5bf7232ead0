import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  type PortableEntry,
  PortableFileError,
  readPortable,
} from '../../../src/server/portable/portable-reader.ts'

const ROOT =
  "<?xml version='1.0' encoding='UTF-8'?>\n<server-data xmlns='urn:xmpp:pie:0' xmlns:p='urn:p'>\n"
const FILE = `${ROOT}<!-- <user> --><host jid='a.example'>
<user name='ann'><query xmlns='jabber:iq:roster'><item jid='b@x'/></query></user>
<user name='bad'><vCard><FN></vCard></FN></user>
<user name='zoë' password='a>b'><![CDATA[</user>]]></user>
<p:extra/></host>
<host jid='b.example'><user name='cat'/></host>
</server-data>
`

async function read(text: string, size = 1 << 16, max?: number): Promise<string[]> {
  const bytes = Buffer.from(text)
  const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
    bytes.subarray(i * size, (i + 1) * size),
  )
  const found: string[] = []
  for await (const entry of readPortable(pieces, max)) found.push(show(entry))
  return found
}

function show(entry: PortableEntry): string {
  if (entry.kind === 'bad') return `${entry.line} bad`
  if (entry.kind === 'other') return `${entry.line} {${entry.element.ns}}${entry.element.name}`
  return `${entry.line} ${entry.user.attr('name')}@${entry.host}`
}

describe('the reader of portable files (XEP-0227)', () => {
  it('gives users with their host and line, and goes on after a bad one', async () => {
    const expected = [
      '4 ann@a.example',
      '5 bad',
      '6 zoë@a.example',
      '7 {urn:p}extra',
      '8 cat@b.example',
    ]
    for (const size of [1, 2, 7, 1 << 16]) assert.deepEqual(await read(FILE, size), expected)
  })

  it('tells one user who is too large, and keeps nothing of him', async () => {
    const big = `<user name='big'><x xmlns='y'>${'<a/>'.repeat(500)}</x></user>`
    const text = `${ROOT}<host jid='a'>${big}<user name='ann'/></host></server-data>`
    assert.deepEqual(await read(text, 64, 1_000), ['3 bad', '3 ann@a'])
  })

  it('refuses what is no such document, with its line', async () => {
    for (const text of [
      "<!DOCTYPE x [<!ENTITY a 'b'>]><server-data xmlns='urn:xmpp:pie:0'/>",
      "<server-data xmlns='urn:other'></server-data>",
      '<html></html>',
      `${ROOT}<host jid='a'>`,
      `${ROOT}<host jid='a'></server-data>`,
      `${ROOT}text</server-data>`,
      `${ROOT}<host jid='${'a'.repeat(70_000)}`,
    ]) {
      await assert.rejects(read(text), PortableFileError, text.slice(0, 80))
    }
  })
})
