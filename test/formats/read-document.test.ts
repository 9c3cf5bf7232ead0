import assert from 'node:assert/strict'
import { it } from 'node:test'
import { readDocument } from '../../src/formats/read-document.ts'

const LIMITS = { maxStanzaBytes: 100, maxDepth: 4, maxAttributes: 4 }

function read(text: string): string {
  return readDocument(text, LIMITS, (fault, message) => new RangeError(`${fault}: ${message}`)).name
}

it('answers the root, and what the format makes of a document that is none', () => {
  assert.equal(read('<a><b/></a>'), 'a')
  assert.throws(() => read('<a>'), /^RangeError: not-well-formed: /)
  assert.throws(() => read('<!DOCTYPE a><a/>'), /^RangeError: not-well-formed: /)
  assert.throws(() => read(`<a>${'x'.repeat(100)}</a>`), /^RangeError: too-large: /)
  assert.throws(() => read('<a><a><a><a><a/></a></a></a></a>'), /^RangeError: too-large: /)
})
