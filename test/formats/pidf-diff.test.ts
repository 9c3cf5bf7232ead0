/** RFC 5262: presence in full and in differences; RFC 5264: what publishers send. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { PresenceDocument } from '../../src/core/presence/document.ts'
import { renderPidf, renderPresence } from '../../src/formats/pidf.ts'
import { parsePidfDiff, renderPidfDiff, renderPidfFull } from '../../src/formats/pidf-diff.ts'
import { PidfError } from '../../src/formats/pidf-model.ts'
import { PresenceView } from '../../src/formats/presence-view.ts'
import { parseDocument } from '../../src/xml/document.ts'
import type { Element } from '../../src/xml/element.ts'
import { applyPatch } from '../../src/xml/patch/apply-patch.ts'
import { PatchError } from '../../src/xml/patch/patch-error.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { changes, documentOf, extendedDocuments, TUPLE } from './arbitraries.ts'
import { validate } from './validate.ts'

const ENTITY = 'sip:alice@example.com'
const LIMITS = { maxStanzaBytes: 100_000, maxDepth: 24, maxAttributes: 64 }

const view = (document: PresenceDocument) => new PresenceView(ENTITY, renderPresence(document))
const whole = (document: PresenceDocument) => parseDocument(renderPidf(document, ENTITY), LIMITS)

const anything = fc.record({ from: extendedDocuments, to: extendedDocuments })

/** What a watcher has who had `from` and got `text`. */
function received(from: Element, text: string): { kind: string; presence: Element } {
  const partial = parsePidfDiff(Buffer.from(text))
  if (partial.kind === 'full') return partial
  return { kind: 'diff', presence: applyPatch(from, partial.operations) }
}

/** Six services, of which one is told apart by its state. */
const crowd = (basic: 'open' | 'closed', note?: string) =>
  documentOf(
    { note },
    [0, 1, 2, 3, 4, 5].map((at) => ({ ...TUPLE, id: `t${at}`, basic: at === 3 ? basic : 'open' })),
  )

describe('pidf-full (RFC 5262 §3)', () => {
  it('is the presence document with a number', () => {
    const text = renderPidfFull(view(crowd('open')), 7)
    assert.match(
      text,
      /^<\?xml version="1.0" encoding="UTF-8"\?>\n<p:pidf-full xmlns="urn:ietf:params:xml:ns:pidf" [^>]*xmlns:p="urn:ietf:params:xml:ns:pidf-diff" version="7" entity="sip:alice@example.com"><tuple /,
    )
    const { presence } = received(whole(crowd('closed')), text)
    assert.equal(String(presence), String(whole(crowd('open'))))
  })
})

describe('pidf-diff (RFC 5262 §4)', () => {
  it('says what has changed and nothing else', () => {
    const text = renderPidfDiff(view(crowd('open')), view(crowd('closed')), 8)
    assert.match(
      text,
      /^<\?xml[^\n]*\n<p:pidf-diff [^>]*version="8" entity="sip:alice@example.com">/,
    )
    assert.equal(text.match(/<p:(add|replace|remove) /g)?.length, 1)
    assert.match(text, /sel="\*\/tuple\[@id='t3'\]\/status\/basic/)
    assert.ok(text.length < renderPidfFull(view(crowd('closed')), 8).length / 2)
  })

  it('is in full where a difference would be no shorter', () => {
    const text = renderPidfDiff(view(documentOf({}, [])), view(crowd('open')), 2)
    assert.match(text, /<p:pidf-full /)
  })

  it('without changes has no operations', () => {
    const text = renderPidfDiff(view(crowd('open')), view(crowd('open')), 3)
    assert.match(text, /version="3" entity="[^"]*"><\/p:pidf-diff>\n$/)
  })

  it('is made once for all who have the one and get the other', () => {
    const [from, to] = [view(crowd('open')), view(crowd('closed', 'a note'))]
    let made = 0
    const counted = new Proxy(from, {
      get(target, name) {
        if (name === 'tree') made += 1
        return Reflect.get(target, name, target)
      },
    })
    const texts = [1, 2, 3].map((version) => renderPidfDiff(counted, to, version))
    assert.equal(made, 1)
    assert.equal(texts[2], texts[0]?.replace('version="1"', 'version="3"'))
  })

  it('applied to the document before it gives the document after it', () => {
    const kinds = { full: 0, diff: 0 }
    fc.assert(
      fc.property(fc.oneof(changes, anything), ({ from, to }) => {
        const { kind, presence } = received(whole(from), renderPidfDiff(view(from), view(to), 2))
        kinds[kind === 'diff' ? 'diff' : 'full'] += 1
        assert.equal(String(presence), String(whole(to)))
      }),
      { numRuns: 500 },
    )
    assert.ok(kinds.diff > 50 && kinds.full > 50, JSON.stringify(kinds))
  })

  it('is valid, as pidf-full is (RFC 5262 §7, RFC 5261 §8)', () => {
    using directory = temporaryDirectory()
    const samples = fc.sample(changes, { numRuns: 100, seed: 5262 })
    const texts = samples.flatMap(({ from, to }, at) => [
      renderPidfDiff(view(from), view(to), at),
      renderPidfFull(view(to), at),
    ])
    assert.ok(texts.some((text) => text.includes('<p:pidf-diff')))
    validate(directory.path, texts)
  })
})

describe('what a publisher sends (RFC 5264 §4.3)', () => {
  const NAMESPACES =
    'xmlns="urn:ietf:params:xml:ns:pidf" xmlns:p="urn:ietf:params:xml:ns:pidf-diff"'

  it('may be the example of RFC 5262 §6', () => {
    const before = parseDocument(
      '<presence xmlns="urn:ietf:params:xml:ns:pidf" xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model"' +
        ' xmlns:r="urn:ietf:params:xml:ns:pidf:rpid"><tuple id="cg231jcr"><contact priority="1.0">im:pep@example.com</contact></tuple>' +
        '<tuple id="r1230d"><status><basic>closed</basic></status></tuple><note>Full</note>' +
        '<dm:person id="p123"><r:activities><r:on-the-phone/><r:busy/> </r:activities></dm:person></presence>',
      LIMITS,
    )
    const after = received(
      before,
      `<p:pidf-diff ${NAMESPACES} xmlns:r="urn:ietf:params:xml:ns:pidf:rpid"` +
        ' xmlns:d="urn:ietf:params:xml:ns:pidf:data-model" entity="pres:someone@example.com" version="568">' +
        '<p:add sel="presence/note" pos="before"><tuple id="ert4773"><status><basic>open</basic></status></tuple></p:add>' +
        '<p:replace sel="*/tuple[@id=\'r1230d\']/status/basic/text()">open</p:replace>' +
        '<p:remove sel="*/d:person/r:activities/r:busy" ws="after"/>' +
        '<p:replace sel="*/tuple[@id=\'cg231jcr\']/contact/@priority">0.7</p:replace></p:pidf-diff>',
    )
    assert.equal(
      String(after.presence),
      "<presence xmlns='urn:ietf:params:xml:ns:pidf'><tuple id='cg231jcr'><contact priority='0.7'>im:pep@example.com</contact></tuple>" +
        "<tuple id='r1230d'><status><basic>open</basic></status></tuple>" +
        "<tuple id='ert4773'><status><basic>open</basic></status></tuple><note>Full</note>" +
        "<person xmlns='urn:ietf:params:xml:ns:pidf:data-model' id='p123'><activities xmlns='urn:ietf:params:xml:ns:pidf:rpid'><on-the-phone/></activities></person></presence>",
    )
  })

  const refused: [text: string, condition: string][] = [
    ['<p:pidf-diff', 'invalid-diff-format'],
    [`<presence ${NAMESPACES}/>`, 'invalid-diff-format'],
    [`<!DOCTYPE x><p:pidf-diff ${NAMESPACES}/>`, 'invalid-entity-declaration'],
    [
      `<?xml version="1.0" encoding="latin1"?><p:pidf-diff ${NAMESPACES}/>`,
      'invalid-character-set',
    ],
    [`<p:pidf-diff ${NAMESPACES} version="one"/>`, 'invalid-attribute-value'],
    [`<p:pidf-diff ${NAMESPACES}><p:add/></p:pidf-diff>`, 'invalid-attribute-value'],
  ]
  for (const [text, condition] of refused) {
    it(`is refused: ${text.slice(0, 50)} (${condition})`, () =>
      assert.throws(
        () => parsePidfDiff(Buffer.from(text)),
        (error) => error instanceof PatchError && error.condition === condition,
      ))
  }

  it('is refused where it is too large', () =>
    assert.throws(
      () =>
        parsePidfDiff(
          Buffer.from(`<p:pidf-diff ${NAMESPACES}>${' '.repeat(70_000)}</p:pidf-diff>`),
        ),
      (error) => error instanceof PidfError && error.kind === 'too-large',
    ))
})
