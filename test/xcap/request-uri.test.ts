/** URIs of XCAP (RFC 4825 §6). */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseBindings, parseXcapUri } from '../../src/xcap/request-uri.ts'
import { XcapRefusal } from '../../src/xcap/xcap-refusal.ts'

describe('RFC 4825 §6.2: document selectors', () => {
  it('name an application, a tree, a user and a document', () => {
    const uri = parseXcapUri('/resource-lists/users/sip%3Aj%C3%BCrgen@example.com/index')
    assert.deepEqual(uri, {
      document: { auid: 'resource-lists', user: 'sip:jürgen@example.com', name: 'index' },
      documentPath: '/resource-lists/users/sip%3Aj%C3%BCrgen@example.com/index',
      node: undefined,
      query: '',
    })
    const global = parseXcapUri('/rls-services/global/a/b')
    assert.deepEqual(global?.document, { auid: 'rls-services', user: undefined, name: 'a/b' })
  })

  it('end at the first separator', () => {
    const uri = parseXcapUri('/a/users/u/index/~~/x/~~/y?xmlns(p=urn:p)')
    assert.deepEqual(
      [uri?.documentPath, uri?.node, uri?.query],
      ['/a/users/u/index', 'x/~~/y', 'xmlns(p=urn:p)'],
    )
    assert.equal(parseXcapUri('/a/users/u/index/~~')?.node, '')
    assert.equal(parseXcapUri('/a/users/u/~~index')?.document.name, '~~index')
  })

  it('are refused where they are none', () => {
    for (const url of [
      '',
      '/',
      '/a',
      '/a/users/u',
      '/a/users/u/',
      '/a/users//index',
      '/a/tree/u/index',
      '/a/global/',
    ]) {
      assert.equal(parseXcapUri(url), undefined, url)
    }
    const statusOf = (url: string) => {
      try {
        parseXcapUri(url)
        return 0
      } catch (error) {
        assert.ok(error instanceof XcapRefusal)
        return error.status
      }
    }
    assert.equal(statusOf('/a/users/%ff/index'), 400)
    assert.equal(statusOf(`/a/users/${'u'.repeat(9_000)}/index`), 414)
  })
})

describe('RFC 4825 §6.4: the query', () => {
  it('is a sequence of pointers, of which xmlns() ones count', () => {
    const bindings = (query: string) => Object.fromEntries(parseBindings(query))
    assert.deepEqual(bindings(''), {})
    assert.deepEqual(bindings('xmlns(a=urn:a)xmlns(b = urn:b ) xmlns(c=x(y)z)'), {
      a: 'urn:a',
      b: 'urn:b',
      c: 'x(y)z',
    })
    assert.deepEqual(bindings('element(/1/2)xmlns(a=b^)c^^d)'), { a: 'b)c^d' })
  })

  it('is refused where it is not', () => {
    for (const query of ['x', 'xmlns(', 'xmlns(a)', 'xmlns(a=b', 'xmlns(a=b))', 'xmlns(a=b^']) {
      assert.throws(() => parseBindings(query), XcapRefusal, query)
    }
  })
})
