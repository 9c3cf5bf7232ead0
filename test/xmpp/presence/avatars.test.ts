/** XEP-0153, put into presence as XEP-0398 §5 has it. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import { parseDocument } from '../../../src/xml/document.ts'
import type { Element } from '../../../src/xml/element.ts'
import { avatarOf, withAvatar } from '../../../src/xmpp/presence/avatars.ts'

const LIMITS = { maxStanzaBytes: 100_000, maxDepth: 10, maxAttributes: 10 }
const HASH = 'a'.repeat(40)
const X = (inside: string) => `<x xmlns='vcard-temp:x:update'>${inside}</x>`
const parse = (text: string): Element => parseDocument(text, LIMITS)
const presence = (inside = '') =>
  parse(`<presence xmlns='jabber:client' from='a@b/c'><show>away</show>${inside}</presence>`)
const vcard = (inside: string) => parse(`<vCard xmlns='vcard-temp'><FN>A</FN>${inside}</vCard>`)

describe('the hash of a vCard’s picture', () => {
  it('is of the image, whatever white space its text has', () => {
    const expected = createHash('sha1').update('hello world').digest('hex')
    const base64 = 'aGVs\n\tbG8g\r\n d29ybGQ='
    const photo = `<PHOTO><TYPE>image/png</TYPE><BINVAL>${base64}</BINVAL></PHOTO>`
    assert.equal(avatarOf(vcard(photo)), expected)
  })

  it('is not there where there is no image', () => {
    const without = [
      '',
      '<PHOTO/>',
      '<PHOTO><BINVAL/></PHOTO>',
      '<PHOTO><BINVAL>  </BINVAL></PHOTO>',
      '<PHOTO><BINVAL>not base64!</BINVAL></PHOTO>',
      '<PHOTO><EXTVAL>https://corp.example/a.png</EXTVAL></PHOTO>',
    ]
    for (const photo of without) assert.equal(avatarOf(vcard(photo)), undefined, photo)
  })
})

describe('presence', () => {
  it('shows the picture, in place of any other', () => {
    const shown = presence(X(`<photo>${HASH}</photo>`)).toString()
    assert.equal(withAvatar(presence(), HASH).toString(), shown)
    assert.equal(withAvatar(presence(X('')), HASH).toString(), shown, 'one that is not ready')
    const other = presence(X(`<photo>${'b'.repeat(40)}</photo>`))
    assert.equal(withAvatar(other, HASH).toString(), shown)
  })

  it('stays the same stanza where it shows what there is', () => {
    for (const [stanza, avatar] of [
      [presence(), undefined],
      [presence(X('')), undefined],
      [presence(X('<photo/>')), undefined],
      [presence(X('<photo/>')), HASH],
      [presence(X(`<photo>${HASH}</photo>`)), HASH],
      [presence(X(`<photo> ${HASH.toUpperCase()} </photo>`)), HASH],
    ] as const) {
      assert.equal(withAvatar(stanza, avatar), stanza)
    }
  })

  it('says that there is none any more, and shows the next', () => {
    const with1 = withAvatar(presence(), HASH)
    const without = withAvatar(with1, undefined)
    assert.equal(without.toString(), presence(X('<photo/>')).toString())
    assert.equal(withAvatar(without, undefined), without)
    assert.equal(withAvatar(without, HASH).toString(), with1.toString())
  })
})
