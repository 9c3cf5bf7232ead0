/** RFC 4660 §4.1, §5.2: which filter is for a resource, and how a refresh changes them. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FilterError } from '../../../src/formats/filter/filter-model.ts'
import { filterFor, mergeFilters, parseFilters } from '../../../src/formats/filter/filter-sets.ts'

const set = (content: string, attributes = '') =>
  Buffer.from(
    `<filter-set xmlns="urn:ietf:params:xml:ns:simple-filter"${attributes}>${content}</filter-set>`,
  )
const what = (path: string) => `<what><include>${path}</include></what>`
const filter = (id: string, attributes = '', content = what(`/${id}`)) =>
  `<filter id="${id}" ${attributes}>${content}</filter>`

const chosen = (bytes: Uint8Array, resource: string, event?: string) =>
  filterFor(parseFilters(bytes), resource, event)?.id

describe('the filter for a resource', () => {
  const all = set(
    filter('any') +
      filter('bob', 'uri="sip:bob@Example.com;transport=tcp"') +
      filter('dom', 'domain="example.com"'),
  )
  const cases: Record<string, string> = {
    'sip:bob@example.com': 'bob',
    'sips:bob@example.com': 'dom',
    'sip:Bob@example.com': 'dom',
    'pres:carol@EXAMPLE.com': 'dom',
    'sip:carol@example.com:5061': 'dom',
    'sip:carol@other.example': 'any',
    'tel:+4989123': 'any',
  }
  for (const [resource, id] of Object.entries(cases)) {
    it(`of ${resource} is that for ${id}`, () => assert.equal(chosen(all, resource), id))
  }

  it('is none where it is switched off (§5.3), or the set is for another package (RFC 4661 §3.2)', () => {
    assert.equal(chosen(set(filter('a', 'enabled="false"')), 'sip:a@b'), undefined)
    const winfo = set(filter('a'), ' package="presence.winfo"')
    assert.equal(chosen(winfo, 'sip:a@b', 'presence'), undefined)
    assert.equal(chosen(winfo, 'sip:a@b', 'presence.winfo'), 'a')
    assert.equal(filterFor(undefined, 'sip:a@b'), undefined)
  })

  it('cannot be one of two (§5.2)', () => {
    for (const attributes of ['', 'uri="sip:a@b"', 'domain="b"']) {
      assert.throws(
        () => parseFilters(set(filter('a', attributes) + filter('b', attributes))),
        FilterError,
        attributes,
      )
    }
  })
})

describe('a refresh (RFC 4660 §5.2.2)', () => {
  const before = set(filter('a', 'uri="sip:a@x"') + filter('b', 'uri="sip:b@x"'))
  const after = (...refreshes: Buffer[]) =>
    refreshes.reduce<Buffer>((kept, one) => mergeFilters(kept, one), before)
  const pathOf = (bytes: Uint8Array, resource: string) => {
    const include = filterFor(parseFilters(bytes), resource)?.what?.include[0]
    const [step] = include?.type === 'xpath' ? include.path : []
    return step?.test.kind === 'element' ? step.test.name.local : undefined
  }

  it('replaces the filter of the same id and leaves the others', () => {
    const kept = after(set(filter('a', 'uri="sip:a@x"', what('/new'))))
    assert.equal(pathOf(kept, 'sip:a@x'), 'new')
    assert.equal(pathOf(kept, 'sip:b@x'), 'b')
  })

  it('adds one, and removes one', () => {
    const kept = after(set(filter('c', 'uri="sip:c@x"') + filter('a', 'remove="true"', '')))
    assert.equal(pathOf(kept, 'sip:c@x'), 'c')
    assert.equal(pathOf(kept, 'sip:a@x'), undefined)
  })

  it('switches one off, and on again as it was (RFC 4661 §3.4)', () => {
    const off = after(set(filter('a', 'enabled="false"', '')))
    assert.equal(pathOf(off, 'sip:a@x'), undefined)
    assert.equal(pathOf(mergeFilters(off, set(filter('a', '', ''))), 'sip:a@x'), 'a')
  })

  it('keeps the bindings of what came before', () => {
    const bound = (urn: string, id: string) =>
      set(
        `<ns-bindings><ns-binding prefix="p" urn="${urn}"/></ns-bindings>${filter(id, `uri="sip:${id}@x"`, what('/p:q'))}`,
      )
    const kept = mergeFilters(bound('urn:one', 'a'), bound('urn:two', 'b'))
    const [a, b] = parseFilters(kept).filters.map(({ what: wanted }) => JSON.stringify(wanted))
    assert.ok(a?.includes('urn:one') && b?.includes('urn:two'))
  })

  it('cannot have another filter for the same resource under another id', () => {
    assert.throws(() => parseFilters(after(set(filter('z', 'uri="sip:a@x"')))), FilterError)
  })

  it('leaves no more behind, however often it comes', () => {
    const refreshes = Array.from({ length: 200 }, (_, count) =>
      set(
        filter('a', `enabled="${count % 2 === 0}"`, '') +
          filter('b', 'uri="sip:b@x"', what(`/n${count}`)),
      ),
    )
    const kept = after(...refreshes)
    assert.ok(kept.length < 1_000, `${kept.length} bytes`)
    assert.equal(pathOf(kept, 'sip:b@x'), 'n199')
    assert.equal(pathOf(mergeFilters(kept, set(filter('a', 'enabled="true"', ''))), 'sip:a@x'), 'a')
  })
})
