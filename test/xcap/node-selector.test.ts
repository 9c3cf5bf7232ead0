/** Node selectors (RFC 4825 §6.3), with the examples of the RFC. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import {
  parseNodeSelector,
  type SelectorContext,
  select,
  UnboundPrefix,
} from '../../src/xcap/node-selector.ts'
import { readSource } from '../../src/xml/source-tree.ts'

const WATCHERINFO = `<?xml version="1.0"?>
<watcherinfo xmlns="urn:ietf:params:xml:ns:watcherinfo" version="0" state="full">
  <watcher-list resource="sip:professor@example.net" package="presence">
    <watcher status="active" id="8ajksjda7s">sip:userA@example.net</watcher>
    <watcher status="pending" id="hh8juja87s997-ass7">sip:userB@example.org</watcher>
  </watcher-list>
</watcherinfo>`

const NAMESPACES = `<?xml version="1.0"?>
<foo xmlns="urn:test:default-namespace">
  <ns1:bar xmlns:ns1="urn:test:namespace1-uri" xmlns="urn:test:namespace1-uri">
    <baz/>
    <ns2:baz xmlns:ns2="urn:test:namespace2-uri"/>
  </ns1:bar>
  <ns3:hi xmlns:ns3="urn:test:namespace3-uri"><there/></ns3:hi>
</foo>`

function found(text: string, selector: string, context: Partial<SelectorContext> = {}): string {
  const whole = { prefixes: new Map<string, string>(), defaultNs: '', ...context }
  const parsed = parseNodeSelector(selector, whole)
  if (!parsed) return 'extension'
  const selected = select(readSource(text), parsed)
  if (selected.kind === 'no-match') return selected.kind
  const { start, end } = selected.kind === 'attribute' ? selected.attribute : selected.element
  return text.slice(start, end)
}

describe('RFC 4825 §6.3: steps', () => {
  const watchers = { defaultNs: 'urn:ietf:params:xml:ns:watcherinfo' }
  const active = '<watcher status="active" id="8ajksjda7s">sip:userA@example.net</watcher>'
  const cases: [selector: string, expected: string][] = [
    ['watcherinfo/watcher-list/watcher[@id="8ajksjda7s"]', active],
    [`watcherinfo/watcher-list/watcher[@id='8ajksjda7s']`, active],
    ['watcherinfo/*/watcher[1]', active],
    ['*/*/*[1]', active],
    ['watcherinfo/watcher-list/*[1][@status="active"]', active],
    ['watcherinfo/watcher-list/*[1][@status="pending"]', 'no-match'],
    ['watcherinfo/watcher-list/watcher', 'no-match'],
    ['watcherinfo/watcher-list/watcher[3]', 'no-match'],
    ['watcherinfo/watcher-list/watcher[0]', 'no-match'],
    ['watcherinfo/@version', ' version="0"'],
    ['watcherinfo/@xmlns', 'no-match'],
    // A declaration is no attribute.
    ['watcherinfo[@xmlns="urn:ietf:params:xml:ns:watcherinfo"]', 'no-match'],
    [
      'watcherinfo/watcher-list[@resource="sip:professor@example.net"]/@package',
      ' package="presence"',
    ],
    // Extensions.
    ['watcherinfo/watcher-list/watcher[last()]', 'extension'],
    ['watcherinfo//watcher', 'extension'],
    ['/watcherinfo', 'extension'],
    ['watcherinfo/', 'extension'],
    ['watcherinfo/text()', 'extension'],
    ['@version', 'extension'],
    ['watcherinfo/@version/more', 'extension'],
    ['watcherinfo/watcher-list[@id="a"][1]', 'extension'],
    ['watcherinfo/watcher-list[@id="a]', 'extension'],
    ['watcherinfo[@a="&none;"]', 'extension'],
    ['namespace::*', 'extension'],
    ['', 'extension'],
  ]
  for (const [selector, expected] of cases) {
    it(`${selector} is ${expected.slice(0, 30)}`, () => {
      assert.equal(found(WATCHERINFO, selector, watchers), expected)
    })
  }

  it('may have slashes and references within quotes', () => {
    const text = '<l><e u="http://a/b?c=1&amp;d"/><e u="it&apos;s"/></l>'
    assert.equal(found(text, 'l/e[@u="http://a/b?c=1&amp;d"]'), '<e u="http://a/b?c=1&amp;d"/>')
    assert.equal(found(text, `l/e[@u="it's"]`), '<e u="it&apos;s"/>')
  })
})

describe('RFC 4825 §6.4: bindings', () => {
  const defaultNs = 'urn:test:default-namespace'
  const of = (selector: string, bindings: Record<string, string>) =>
    found(NAMESPACES, selector, { defaultNs, prefixes: new Map(Object.entries(bindings)) })

  it('say what prefixes are, whatever those of the document', () => {
    const [a, b] = ['urn:test:namespace1-uri', 'urn:test:namespace2-uri']
    assert.equal(of('foo/a:bar/b:baz', { a, b: a }), '<baz/>')
    const second = '<ns2:baz xmlns:ns2="urn:test:namespace2-uri"/>'
    assert.equal(of('foo/a:bar/b:baz', { a, b }), second)
    assert.equal(of('d:foo/a:bar/b:baz', { a, b, d: defaultNs }), second)
    assert.equal(of('foo/h:hi/there', { h: 'urn:test:namespace3-uri' }), '<there/>')
    assert.throws(() => of('foo/a:bar', {}), UnboundPrefix)
    assert.throws(() => of('foo/*[@a:b="c"]', {}), UnboundPrefix)
  })
})

describe('any text as a node selector', () => {
  const pieces = fc.constantFrom(
    ...['a', 'p:a', '*', '/', '[', ']', '@', '=', '"', "'", '1', '[1]', '[@a="b"]', '::', '&amp;'],
    ...['namespace::*', '~~', '(', ')', ' ', '\u0000', 'ü', '&', '<', '.', '-', '[99999999999]'],
  )
  const context = { prefixes: new Map([['p', 'urn:p']]), defaultNs: '' }
  const root = readSource('<a><a b="c"/><p:a xmlns:p="urn:p" a="b">x</p:a></a>')

  it('is read or not, and selects something or not, without ado', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(pieces, { maxLength: 12 }).map((all) => all.join('')),
        ),
        (text) => {
          try {
            const selector = parseNodeSelector(text, context)
            if (selector) select(root, selector)
          } catch (error) {
            assert.ok(error instanceof UnboundPrefix)
          }
        },
      ),
      { numRuns: 3_000 },
    )
  })
})
