/** RFC 4661 §3: filter sets, and what is none. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FilterError } from '../../../src/formats/filter/filter-model.ts'
import {
  MAX_EXPRESSIONS,
  MAX_FILTERS,
  parseFilterSet,
} from '../../../src/formats/filter/parse-filter.ts'
import { temporaryDirectory } from '../../support/temporary.ts'
import { validate } from '../validate.ts'

const set = (content: string, attributes = '') =>
  `<filter-set xmlns="urn:ietf:params:xml:ns:simple-filter"${attributes}>` +
  '<ns-bindings><ns-binding prefix="pidf" urn="urn:ietf:params:xml:ns:pidf"/></ns-bindings>' +
  `${content}</filter-set>`

const INCLUDE = '<include>//pidf:basic</include>'

describe('a filter set', () => {
  it('has filters for resources and domains, on or off (§3.4)', () => {
    const { package: event, filters } = parseFilterSet(
      set(
        `<filter id="1" uri="sip:bob@example.com"><what>${INCLUDE}</what></filter>` +
          '<filter id="2" domain="Example.COM" enabled="false"/><filter id="3" remove="1"/>',
        ' package="presence"',
      ),
    )
    assert.equal(event, 'presence')
    assert.deepEqual(
      filters.map(({ id, uri, domain, enabled, remove }) => [id, uri, domain, enabled, remove]),
      [
        ['1', 'sip:bob@example.com', undefined, true, false],
        ['2', undefined, 'example.com', false, false],
        ['3', undefined, undefined, true, true],
      ],
    )
  })

  it('names what is wanted by paths and namespaces (§3.5)', () => {
    const [filter] = parseFilterSet(
      set(
        `<filter id="1"><what>${INCLUDE}<include type="namespace"> urn:x </include>` +
          '<exclude type="xpath">//pidf:note</exclude></what></filter>',
      ),
    ).filters
    assert.deepEqual(
      filter?.what?.include.map((one) => (one.type === 'namespace' ? one.ns : one.path.length)),
      [1, 'urn:x'],
    )
    assert.equal(filter?.what?.exclude.length, 1)
  })

  it('names the changes that are wanted (§3.6); what is empty is not there (RFC 4660 §5.4)', () => {
    const [filter] = parseFilterSet(
      set(
        '<filter id="1"><what/><trigger/><trigger><changed from="a" to="b" by="2.5">//pidf:basic</changed>' +
          '<added>//pidf:tuple</added></trigger><trigger><removed>//pidf:tuple</removed></trigger></filter>',
      ),
    ).filters
    assert.equal(filter?.what, undefined)
    assert.deepEqual(
      filter?.triggers.map((criteria) => criteria.map(({ path: _, ...rest }) => rest)),
      [
        [{ kind: 'changed', from: 'a', to: 'b', by: 2.5 }, { kind: 'added' }],
        [{ kind: 'removed' }],
      ],
    )
  })

  it('may have extensions, which are passed over (§4)', () => {
    const text = set('<x:more xmlns:x="urn:x"/><filter id="1"><x:more xmlns:x="urn:x"/></filter>')
    assert.equal(parseFilterSet(text).filters.length, 1)
  })
})

describe('the examples of RFC 4661 §6 and RFC 4660 §7, in short', () => {
  const binding = (prefix: string, urn: string) => `<ns-binding prefix="${prefix}" urn="${urn}"/>`
  const example = (filters: string) =>
    '<?xml version="1.0" encoding="UTF-8"?>\n<filter-set xmlns="urn:ietf:params:xml:ns:simple-filter">\n<ns-bindings>' +
    binding('pidf', 'urn:ietf:params:xml:ns:pidf') +
    binding('rpid', 'urn:ietf:params:xml:ns:pidf:rpid') +
    binding('wi', 'urn:ietf:params:xml:ns:watcherinfo') +
    `</ns-bindings>\n${filters}</filter-set>`
  const examples = [
    '<filter id="123" uri="sip:presentity@example.com"><what><include type="xpath">\n  /pidf:presence/pidf:tuple[rpid:class="IM" or rpid:class="SMS"\n  or rpid:class="MMS"]/pidf:status/pidf:basic\n</include></what></filter>',
    '<filter id="123" uri="sip:presentity@example.com"><trigger><changed from="CLOSED" to="OPEN">\n  /pidf:presence/pidf:tuple/pidf:status/pidf:basic\n</changed></trigger></filter>',
    '<filter id="123"><what><include>\n  /wi:watcherinfo/wi:watcher-list/wi:watcher[@status="pending"\n  or @status="waiting"]\n</include></what><trigger><changed to="pending">/wi:watcherinfo/wi:watcher-list/wi:watcher/@status</changed></trigger>' +
      '<trigger><changed to="waiting">/wi:watcherinfo/wi:watcher-list/wi:watcher/@status</changed></trigger></filter>',
    '<filter id="8439" uri="sip:buddies@example.com"><what><include>\n  /pidf:presence/pidf:tuple[rpid:class="service"]/pidf:status/\n  pidf:basic\n</include></what></filter>' +
      '<filter id="999" uri="sip:bob@example.com"><what><include type="namespace">\n  urn:ietf:params:xml:ns:pidf\n</include><exclude>/pidf:presence/pidf:tuple/pidf:note</exclude></what></filter>',
  ].map(example)

  it('are taken', () => {
    for (const text of examples) assert.ok(parseFilterSet(text).filters.length > 0)
  })

  it('are valid, as are those that tests here use', () => {
    using directory = temporaryDirectory()
    validate(directory.path, [...examples, set(`<filter id="1"><what>${INCLUDE}</what></filter>`)])
  })
})

describe('what is no filter set', () => {
  const refused: [text: string, kind: FilterError['kind']][] = [
    ['<filter-set', 'not-well-formed'],
    ['<!DOCTYPE x><filter-set/>', 'not-well-formed'],
    ['<filter-set/>', 'invalid'],
    [set('<filter/>'), 'invalid'],
    [set('<filter id="1"/><filter id="1"/>'), 'invalid'],
    [set('<filter id="1" uri="sip:a@b" domain="b"/>'), 'invalid'],
    [set('<filter id="1" enabled="maybe"/>'), 'invalid'],
    [set('<filter id="1"><what/><what/></filter>'), 'invalid'],
    [set('<filter id="1"><what><include>/a[</include></what></filter>'), 'invalid'],
    [set('<filter id="1"><what><include>/x:a</include></what></filter>'), 'invalid'],
    [set('<filter id="1"><what><include type="regex">a</include></what></filter>'), 'invalid'],
    [set('<filter id="1"><trigger><moved>/a</moved></trigger></filter>'), 'invalid'],
    [set('<filter id="1"><trigger><changed by="x">/a</changed></trigger></filter>'), 'invalid'],
    [set('').replace('urn="urn:ietf:params:xml:ns:pidf"', ''), 'invalid'],
    [
      set(`<filter id="1"><what>${INCLUDE.repeat(MAX_EXPRESSIONS + 1)}</what></filter>`),
      'too-large',
    ],
    [
      set(Array.from({ length: MAX_FILTERS + 1 }, (_, id) => `<filter id="${id}"/>`).join('')),
      'too-large',
    ],
    [set(' '.repeat(40_000)), 'too-large'],
  ]
  for (const [text, kind] of refused) {
    it(`is ${kind}: ${text.slice(158, 230)}`, () =>
      assert.throws(
        () => parseFilterSet(text),
        (error) => error instanceof FilterError && error.kind === kind,
      ))
  }
})
