/** Location paths of RFC 5261 §4.1 and RFC 4661 §5. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseDocument } from '../../../src/xml/document.ts'
import { documentOf, locate, textAt } from '../../../src/xml/path/locate.ts'
import { parsePath } from '../../../src/xml/path/parse-path.ts'
import { PathError } from '../../../src/xml/path/path.ts'
import { LIMITS } from '../support.ts'

const BOUND: Readonly<Record<string, string>> = { '': '', p: 'urn:p', q: 'urn:q' }
const namespaces = (prefix: string) => BOUND[prefix]

const DOCUMENT = parseDocument(
  "<doc xmlns:p='urn:p' xml:lang='en'>text<a id='1' n='7'><b>x</b><b>y</b></a>" +
    "<a id='2' n='600' p:k='v'><b>z</b><p:b>w</p:b></a>more<p:a><a id='3'><b>x</b></a></p:a></doc>",
  LIMITS,
)

function find(path: string): string[] {
  return locate(documentOf(DOCUMENT), parsePath(path, namespaces)).map(textAt)
}

describe('a location path', () => {
  const found: Record<string, string[]> = {
    '/doc/a/b': ['x', 'y', 'z'],
    'doc/a': ['xy', 'zw'],
    '*/*': ['xy', 'zw', 'x'],
    'doc/p:a/a/b': ['x'],
    '*/a/p:b': ['w'],
    'doc/b': [],
    '*/a[2]/b[1]': ['z'],
    '*/*[3]/*[1]': ['x'],
    'doc/a[0]': [],
    "doc/a[@id='2']/b": ['z'],
    'doc/a[@id="2"][@n="600"]/b': ['z'],
    "doc/a[@p:k='v']": ['zw'],
    "doc/a[b='y']": ['xy'],
    "*/a/b[.='y']": ['y'],
    "*/a[.='zw']/@id": ['2'],
    'doc/@xml:lang': ['en'],
    'doc/text()[2]': ['more'],
    'doc/text()': ['text', 'more'],
    'doc/comment()': [],
    "doc/processing-instruction('x')": [],
    'doc/namespace::p': [],
    '//b': ['x', 'y', 'z', 'x'],
    '//a/b[1]': ['x', 'z', 'x'],
    '//@id': ['1', '2', '3'],
    '//a[@n<500]/b': ['x', 'y'],
    '//a[@n > 500]/b': ['z'],
    '//a[b="x" and @id="3"]': ['x'],
    '//a[b="z" or @id="3"]': ['zw', 'x'],
    '//a[@id=1]': ['xy'],
    '//b[..="x"]': ['x'],
    '//*[a/b="x"]/a/@id': ['1', '2', '3'],
    '/*/a [ @id = "1" or b = "w" ] / b': ['x', 'y'],
    'doc[a/@id="2"]/p:a': ['x'],
  }
  for (const [path, values] of Object.entries(found)) {
    it(`${path} finds ${values.length}`, () => assert.deepEqual(find(path), values))
  }

  it('has names without a prefix in the namespace that is bound to none', () => {
    const inDefault = (prefix: string) => (prefix === '' ? 'urn:p' : undefined)
    const root = parseDocument("<a xmlns='urn:p'><b c='1'/></a>", LIMITS)
    const path = parsePath('a/b/@c', inDefault)
    assert.deepEqual(locate(documentOf(root), path).map(textAt), ['1'])
  })
})

describe('what is no location path', () => {
  const refused: Record<string, PathError['kind']> = {
    '': 'syntax',
    '/': 'syntax',
    'doc/': 'syntax',
    'doc//': 'syntax',
    'a/@b/c': 'syntax',
    'a/text()/b': 'syntax',
    'a[': 'syntax',
    'a[]': 'syntax',
    'a[b]': 'syntax',
    "a[b='c]": 'syntax',
    "a[b='c' d='e']": 'syntax',
    'a b': 'syntax',
    'a|b': 'syntax',
    'a[count(b)=2]': 'syntax',
    'a/last()': 'syntax',
    '1a': 'syntax',
    'x:a': 'prefix',
    "a[@x:b='1']": 'prefix',
    "id('a')": 'id-function',
    [`a${'/a'.repeat(600)}`]: 'syntax',
    [`a${'[b="c"]'.repeat(13)}`]: 'syntax',
  }
  for (const [path, kind] of Object.entries(refused)) {
    it(`${path.slice(0, 20)} is refused: ${kind}`, () =>
      assert.throws(
        () => find(path),
        (error) => error instanceof PathError && error.kind === kind,
      ))
  }
})

it('reads the text of a parent once for all of its children (RFC 4661 §5)', () => {
  const wide = parseDocument(`<r>${'<a>x</a>'.repeat(500)}</r>`, LIMITS)
  const path = parsePath('r/a[..="1" or ..="2" or ..="3" or ..="4" or ..="5"]', namespaces)
  const { children } = wide
  let reads = 0
  Object.defineProperty(wide, 'children', {
    get() {
      reads += 1
      return children
    },
  })
  assert.deepEqual(locate(documentOf(wide), path), [])
  assert.ok(reads > 0 && reads < 10, `${reads} reads`)
})
