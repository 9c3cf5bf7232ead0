import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  Element,
  escapeAttr,
  escapeText,
  NS_XML,
  newAttributes,
  xml,
} from '../../src/xml/element.ts'
import { stanzas } from './support.ts'

const NS = 'jabber:client'

describe('an element built', () => {
  it('gives its namespace to children that were built without one', () => {
    const message = xml(
      'message',
      { xmlns: NS },
      xml('body', {}, 'x'),
      xml('a', { xmlns: 'urn:a' }, xml('b')),
    )
    assert.equal(message.child('body')?.ns, NS)
    assert.equal(message.child('a', 'urn:a')?.child('b')?.ns, 'urn:a')
  })

  it('gives it to grandchildren that waited for it', () => {
    const outer = xml('iq', { xmlns: NS }, xml('a', {}, xml('b')))
    assert.equal(outer.child('a')?.child('b')?.ns, NS)
  })

  it('leaves out what is undefined or empty', () => {
    const element = xml('a', { xmlns: NS, b: undefined, c: '' }, undefined, '')
    assert.equal(String(element), "<a xmlns='jabber:client' c=''/>")
  })

  it('can be asked for its parts', () => {
    const element = xml('a', { xmlns: NS }, 'x', xml('b', {}, 'no'), 'y', xml('c', { xmlns: 'u' }))
    assert.equal(element.text(), 'xy')
    assert.equal(element.child('c'), undefined)
    assert.equal(element.child(undefined, 'u')?.name, 'c')
    assert.deepEqual(
      [...element.elements()].map(({ name }) => name),
      ['b', 'c'],
    )
    assert.ok(element.is('a', NS))
    assert.ok(!element.is('a', ''))
  })

  it('finds no attributes that were not written', () => {
    const element = xml('a')
    for (const name of ['constructor', 'toString', '__proto__', 'hasOwnProperty']) {
      assert.equal(element.attr(name), undefined)
    }
  })

  it('is copied with other attributes and the same children', () => {
    const element = xml('a', { xmlns: NS, from: 'x', id: '1' }, xml('b'))
    const copy = element.withAttrs({ from: 'y', id: undefined, to: 'z' })
    assert.deepEqual({ ...copy.attrs }, { from: 'y', to: 'z' })
    assert.deepEqual({ ...element.attrs }, { from: 'x', id: '1' })
    assert.equal(copy.children, element.children)
    assert.equal(copy.ns, NS)
  })
})

describe('an element written', () => {
  it('has xmlns only where the namespace changes', () => {
    const element = xml('a', { xmlns: NS }, xml('b', {}, xml('c', { xmlns: 'u' }, xml('d'))))
    assert.equal(String(element), "<a xmlns='jabber:client'><b><c xmlns='u'><d/></c></b></a>")
    assert.equal(element.toString(NS), "<a><b><c xmlns='u'><d/></c></b></a>")
    assert.equal(xml('a').toString(NS), "<a xmlns=''/>")
  })

  it('has prefixes for attributes of other namespaces, and xml: as it is', () => {
    const element = xml('a', { 'xml:lang': 'en', '{urn:p}b': '1', '{urn:{q}r}b': '2' })
    const text = String(element)
    assert.equal(text, "<a xml:lang='en' xmlns:a1='urn:p' a1:b='1' xmlns:a2='urn:{q}r' a2:b='2'/>")
    assert.deepEqual(stanzas(element.toString(NS))[0], element)
  })

  it('keeps the prefix of elements of the xml namespace, which cannot be declared', () => {
    const inner = new Element('b', NS, newAttributes(), [])
    const element = new Element('a', NS, newAttributes(), [
      new Element('x', NS_XML, newAttributes(), [inner]),
    ])
    assert.equal(element.toString(NS), '<a><xml:x><b/></xml:x></a>')
    assert.deepEqual(stanzas(element.toString(NS))[0], element)
  })

  it('escapes what markup is made of, and carriage returns', () => {
    assert.equal(escapeText('<a> & "b" \'c\' ]]>\r\n'), '&lt;a&gt; &amp; "b" \'c\' ]]&gt;&#13;\n')
    assert.equal(escapeAttr('<\'&"> \t\n\r'), '&lt;&apos;&amp;&quot;&gt; &#9;&#10;&#13;')
    assert.equal(escapeText('plain 日本 😀'), 'plain 日本 😀')
  })

  it('leaves out characters that XML cannot carry', () => {
    const text = 'a\u0000b\u001fc\ufffed\uffffe\ud800f\udc00g😀'
    assert.equal(escapeText(text), 'abcdefg😀')
    assert.equal(escapeAttr(text), 'abcdefg😀')
  })
})
