/** XEP-0227: a file is cut into its users, in whatever pieces it comes. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Piece, UserSplitter } from '../../../src/server/portable/user-splitter.ts'
import { XmlSyntaxError } from '../../../src/xml/syntax.ts'

const FILE = `<?xml version='1.0' encoding='UTF-8'?>
<!-- of an <old> server -->
<p:server-data xmlns:p='urn:xmpp:pie:0' xmlns:e='urn:e'>
  <p:host jid='one.example'><p:user name='anna' e:x='a > b'><vCard xmlns='vcard-temp'><FN>Ännä</FN></vCard>
    <!-- no --><e:thing><![CDATA[</p:user>]]></e:thing></p:user><p:user name='ben'/></p:host>
  <p:host jid='empty.example'/>
  <include xmlns='http://www.w3.org/2001/XInclude' href='x.xml'/>
  <p:host jid='two.example'><p:user name='carl'></p:user></p:host>
</p:server-data>
`

function split(text: string, size = 1_000_000, maxUser = 10_000): Piece[] {
  const splitter = new UserSplitter({ maxUser })
  const bytes = Buffer.from(text)
  const pieces: Piece[] = []
  for (let at = 0; at < bytes.length; at += size) {
    pieces.push(...splitter.push(bytes.subarray(at, at + size)))
  }
  splitter.end()
  return pieces
}

function shown(piece: Piece): string {
  if (piece.kind === 'unreadable') return `${piece.about}: ${piece.reason}`
  return `${piece.host} ${piece.element.name} ${piece.element.attr('name')}`
}

describe('the splitter', () => {
  it('gives each user with his host and his namespaces', () => {
    for (const size of [1, 7, 1_000_000]) {
      const pieces = split(FILE, size)
      assert.deepEqual(pieces.map(shown), [
        'one.example user anna',
        'one.example user ben',
        ' include undefined',
        'two.example user carl',
      ])
      const [anna] = pieces
      assert.ok(anna?.kind === 'element')
      assert.equal(anna.element.ns, 'urn:xmpp:pie:0')
      assert.equal(anna.element.attr('{urn:e}x'), 'a > b')
      assert.equal(anna.element.child('vCard', 'vcard-temp')?.child('FN')?.text(), 'Ännä')
      assert.equal(anna.element.child('thing', 'urn:e')?.text(), '</p:user>')
    }
  })

  it('leaves out a user who cannot be read, or is too large, and goes on', () => {
    const users = `<user name='a'><x:y/></user><user name='b'>${'b'.repeat(500)}</user><user name='c'/>`
    const file = `<server-data xmlns='urn:xmpp:pie:0'><host jid='h'>${users}</host></server-data>`
    for (const size of [3, 1_000_000]) {
      const [a = '', b, c] = split(file, size, 400).map(shown)
      assert.match(a, /^a@h: /)
      assert.equal(b, 'b@h: larger than 400 characters')
      assert.equal(c, 'h user c')
    }
  })

  it('refuses what is not a file of XEP-0227', () => {
    const start = `<server-data xmlns='urn:xmpp:pie:0'>`
    for (const text of [
      '',
      '<server-data/>',
      `<host xmlns='urn:xmpp:pie:0' jid='h'/>`,
      start,
      `${start}<host jid='h'>`,
      `${start}</host>`,
      `${start}text</server-data>`,
      `${start}</server-data><more/>`,
      `${start}<host xmlns='urn:x' jid='h'/></server-data>`,
      `<!DOCTYPE server-data [<!ENTITY a "b">]>${start}</server-data>`,
      `${start}<host jid='&a;'/></server-data>`,
      `${start}<host jid='${'h'.repeat(70_000)}'/></server-data>`,
      `${start}<host jid='h'><user name='${'h'.repeat(5_000_000)}`,
    ]) {
      assert.throws(() => split(text), XmlSyntaxError, text.slice(0, 80))
    }
    const entity = split(`${start}<host jid='h'><user name='a'>&lol;</user></host></server-data>`)
    assert.equal(entity[0]?.kind, 'unreadable')
  })
})
