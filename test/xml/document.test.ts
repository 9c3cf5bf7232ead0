import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseDocument } from '../../src/xml/document.ts'
import { xml } from '../../src/xml/element.ts'
import { XmlSyntaxError } from '../../src/xml/tokenizer.ts'
import { LIMITS } from './support.ts'

const parse = (text: string) => parseDocument(text, LIMITS)

function refused(input: string | Uint8Array, condition: string, limits = LIMITS) {
  assert.throws(
    () => parseDocument(input, limits),
    (error) => error instanceof XmlSyntaxError && error.condition === condition,
    String(input).slice(0, 60),
  )
}

describe('a document', () => {
  it('is its root, with all that is in it', () => {
    const root = parse("<?xml version='1.0'?>\n<a xmlns='u' b='1'>x<c/>y</a>\n")
    assert.deepEqual(root, xml('a', { xmlns: 'u', b: '1' }, 'x', xml('c'), 'y'))
    assert.deepEqual(parseDocument(Buffer.from('\ufeff<a/>'), LIMITS), xml('a'))
  })

  it('may have comments and processing instructions anywhere but in tags', () => {
    const root = parse(
      "<?xml version='1.0'?><!-- 1 --><?go on?><a><!-- <b> & - --><?x?>1<!----><c><?y z?></c>2<!--3-->4</a><!--5--> <?z?>",
    )
    assert.deepEqual(root, xml('a', {}, '1', xml('c'), '24'))
    assert.deepEqual(parse('<a>]]<!-- -->></a>'), xml('a', {}, ']]>'))
  })

  it('may have sections that look like comments, and values that look like ends', () => {
    const root = parse('<a b=\'-->\' c="/>"><![CDATA[<!-- x --><?y?>]]><!-- z --></a>')
    assert.deepEqual(root, xml('a', { b: '-->', c: '/>' }, '<!-- x --><?y?>'))
  })

  const malformed = [
    '',
    ' ',
    'x',
    '<a>',
    '<a/><b/>',
    '<a/>x',
    'x<a/>',
    '</d>',
    '</d><d>',
    '<a/></d>',
    '<a/></d><d>',
    '<a><!-- -- --></a>',
    '<a><!-- --->',
    '<a><!-- </a>',
    '<a><?xml version="1.0"?></a>',
    '<a><?XML x?></a>',
    '<a><? x?></a>',
    '<a><?a:b x?></a>',
    '<a><?x </a>',
    '<a <!-- x --> b="1"/>',
    '<a <?x?>/>',
    '<a b="<!-- x -->"/>',
    '<a><!-- \u0001 --></a>',
    '<a><?x \uffff?></a>',
    ' <?xml version="1.0"?><a/>',
    '<!-- --><?xml version="1.0"?><a/>',
    '<![CDATA[x]]><a/>',
    '&amp;<a/>',
  ]
  for (const text of malformed) {
    it(`is not ${JSON.stringify(text)}`, () => refused(text, 'not-well-formed'))
  }

  it('has no document type definition', () => {
    refused('<!DOCTYPE a><a/>', 'restricted-xml')
    refused('<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>', 'restricted-xml')
    refused('<a><!ELEMENT b></a>', 'restricted-xml')
    refused('<a>&x;</a>', 'restricted-xml')
  })

  it('is UTF-8', () => {
    refused(new Uint8Array([0x3c, 0x61, 0xff, 0x2f, 0x3e]), 'not-well-formed')
    refused(new Uint8Array([0x3c, 0x61, 0x2f, 0x3e, 0xe2, 0x82]), 'not-well-formed')
    refused('<?xml version="1.0" encoding="latin1"?><a/>', 'unsupported-encoding')
  })

  it('is within its limits', () => {
    refused(`<a>${'x'.repeat(LIMITS.maxStanzaBytes)}</a>`, 'policy-violation')
    refused('<a>é</a>', 'policy-violation', { ...LIMITS, maxStanzaBytes: 8 })
    const deep = (depth: number) => '<a>'.repeat(depth) + '</a>'.repeat(depth)
    assert.equal(parse(deep(LIMITS.maxDepth)).name, 'a')
    refused(deep(LIMITS.maxDepth + 1), 'policy-violation')
  })
})
