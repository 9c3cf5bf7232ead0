import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { parseDocument } from '../../src/xml/document.ts'
import type { Element } from '../../src/xml/element.ts'
import {
  appendTo,
  attributeOf,
  descendants,
  readSource,
  type SourceElement,
  textOf,
} from '../../src/xml/source-tree.ts'

const LIMITS = { maxStanzaBytes: 100_000, maxDepth: 64, maxAttributes: 64 }

const TEXT = `<?xml version="1.0"?><!-- <not> an 'element' -->
<a:root xmlns:a="urn:a" xmlns = 'urn:d' x="1>2" a:y='"'>
  <?pi <b/> ?>
  <b xmlns="">text<![CDATA[<c/>]]> &amp; more<!-- <d/> --></b>
  <e
    z="a&#10;b
c"/>
</a:root>
`

describe('the text of a document, with places', () => {
  it('tells where everything stands, and what it is', () => {
    const root = readSource(TEXT)
    const [b, e] = root.children
    assert.ok(b && e && root.children.length === 2)
    assert.deepEqual([root.qname, root.name, root.ns], ['a:root', 'root', 'urn:a'])
    assert.deepEqual([b.name, b.ns, e.ns], ['b', '', 'urn:d'])
    assert.deepEqual(
      root.attributes.map(({ qname, ns, value }) => [qname, ns, value]),
      [
        ['x', '', '1>2'],
        ['a:y', 'urn:a', '"'],
      ],
    )
    assert.equal(textOf(TEXT, b), 'text<c/> & more')
    assert.equal(attributeOf(e, 'z')?.value, 'a\nb c')
    assert.equal(TEXT.slice(b.start, b.openEnd), '<b xmlns="">')
    assert.equal(TEXT.slice(b.closeStart, b.end), '</b>')
    assert.ok(e.isSelfClosing)
    assert.ok(appendTo(TEXT, e, '<f/>').includes('c"><f/></e>\n</a:root>'))
    assert.deepEqual(
      [...descendants(root)].map(({ name }) => name),
      ['root', 'b', 'e'],
    )
    assert.deepEqual([...b.bindings].map(([prefix]) => prefix).sort(), ['', 'a', 'xml'])
  })

  it('sees in any document what the parser sees', () => {
    const name = fc.constantFrom('a', 'b', 'p:c', 'p:d')
    const attribute = fc.tuple(
      fc.constantFrom(' x', '\n  p:y', ' xml:lang', '\t z '),
      fc.constantFrom(`"1"`, `'a>b'`, `"&lt;/"`, `'"'`),
    )
    const aside = fc.constantFrom('', 'text', '<!-- </a> -->', '<?i >?>', '<![CDATA[<a>]]>', '&gt;')
    const { element } = fc.letrec<{ element: string }>((tie) => ({
      element: fc
        .tuple(
          name,
          fc.uniqueArray(attribute, { maxLength: 3, selector: ([key]) => key.trim() }),
          fc.constantFrom('', ' xmlns="urn:n"', ` xmlns:p='urn:q'`, ' '),
          fc.array(fc.tuple(aside, fc.option(tie('element'), { nil: '', maxDepth: 4 })), {
            maxLength: 3,
          }),
        )
        .map(([tag, attributes, declaration, content]) => {
          const own = attributes.map(([key, value]) => `${key}=${value}`).join('')
          const inner = content.flat().join('')
          const start = `<${tag}${declaration}${own}`
          return inner === '' ? `${start}/>` : `${start}>${inner}</${tag} >`
        }),
    }))
    fc.assert(
      fc.property(element, (inner) => {
        const text = `<r xmlns:p="urn:p">${inner}</r>`
        const source = readSource(text)
        same(text, source, parseDocument(text, LIMITS))
        for (const { start, end, qname } of descendants(source)) {
          assert.match(text.slice(start, end), new RegExp(`^<${qname}[\\s\\S]*>$`))
        }
      }),
      { numRuns: 500 },
    )
  })
})

function same(text: string, source: SourceElement, element: Element): void {
  assert.deepEqual([source.name, source.ns], [element.name, element.ns])
  const attributes = source.attributes.map(({ qname, name, ns, value }) => {
    const key = qname.startsWith('xml:') ? qname : ns === '' ? name : `{${ns}}${name}`
    return [key, value]
  })
  assert.deepEqual(Object.fromEntries(attributes), { ...element.attrs })
  assert.equal(textOf(text, source), element.text())
  const children = [...element.elements()]
  assert.equal(source.children.length, children.length)
  for (const [at, child] of children.entries()) {
    const twin = source.children[at]
    assert.ok(twin)
    same(text, twin, child)
  }
}

it('keeps declarations once, however many elements are under them (XML Namespaces §6.1)', () => {
  const many = Array.from({ length: 1_000 }, (_, at) => ` xmlns:p${at}="urn:p"`).join('')
  const text = `<a${many}>${'<b xmlns:q="urn:q"/>'.repeat(5_000)}</a>`
  const before = process.memoryUsage().heapUsed
  const root = readSource(text)
  const grown = process.memoryUsage().heapUsed - before
  assert.ok(grown < 50_000_000, `took ${grown} bytes for ${text.length}`)
  const bindings = root.children.at(-1)?.bindings
  assert.equal(bindings?.get('p999'), 'urn:p')
  assert.equal(bindings?.get('q'), 'urn:q')
  assert.equal([...(bindings ?? [])].length, 1_002)
})
