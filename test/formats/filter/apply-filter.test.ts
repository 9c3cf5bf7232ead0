/** RFC 4660 §5.3, RFC 4661: what a filter leaves of a document, and which changes it lets through. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { filtered, isTriggered } from '../../../src/formats/filter/apply-filter.ts'
import { parseFilterSet } from '../../../src/formats/filter/parse-filter.ts'
import { renderPidf } from '../../../src/formats/pidf.ts'
import { PresenceView } from '../../../src/formats/presence-view.ts'
import { parseDocument } from '../../../src/xml/document.ts'
import { temporaryDirectory } from '../../support/temporary.ts'
import { extendedDocuments } from '../arbitraries.ts'
import { validate } from '../validate.ts'

const LIMITS = { maxStanzaBytes: 100_000, maxDepth: 24, maxAttributes: 64 }
const read = (text: string) => parseDocument(text, LIMITS)

function filterOf(content: string) {
  const [filter] = parseFilterSet(
    '<filter-set xmlns="urn:ietf:params:xml:ns:simple-filter"><ns-bindings>' +
      '<ns-binding prefix="pidf" urn="urn:ietf:params:xml:ns:pidf"/>' +
      '<ns-binding prefix="rpid" urn="urn:ietf:params:xml:ns:pidf:rpid"/>' +
      '<ns-binding prefix="dm" urn="urn:ietf:params:xml:ns:pidf:data-model"/>' +
      '<ns-binding prefix="wi" urn="urn:ietf:params:xml:ns:watcherinfo"/></ns-bindings>' +
      `<filter id="1">${content}</filter></filter-set>`,
  ).filters
  assert.ok(filter)
  return filter
}

/** That of RFC 4660 §7.1, and a person. */
const PRESENCE = (im = 'closed', voice = 'open') =>
  '<presence xmlns="urn:ietf:params:xml:ns:pidf" xmlns:rpid="urn:ietf:params:xml:ns:pidf:rpid"' +
  ' xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model" entity="sip:presentity@example.com">' +
  `<tuple id="432sd"><status><basic>${im}</basic></status><rpid:class>IM</rpid:class><contact priority="0.5">im:presentity@example.com</contact></tuple>` +
  `<tuple id="thr76jk"><status><basic>${voice}</basic></status><rpid:class>voice</rpid:class><contact>tel:2224055555</contact><note>Desk</note></tuple>` +
  '<note>Hi</note><dm:person id="p1"><rpid:activities><rpid:busy/></rpid:activities><dm:note>Hi</dm:note></dm:person></presence>'

function left(what: string, text = PRESENCE()): string {
  const filter = filterOf(`<what>${what}</what>`)
  assert.ok(filter.what)
  return PresenceView.ofTree('sip:presentity@example.com', filtered(read(text), filter.what))
    .content
}

const IM_TUPLE =
  '<tuple id="432sd"><status><basic>closed</basic></status><rpid:class>IM</rpid:class><contact priority="0.5">im:presentity@example.com</contact></tuple>'

describe('what a filter leaves (RFC 4660 §5.3.1)', () => {
  const cases: Record<string, [what: string, left: string]> = {
    'an element with all that is around it (RFC 4661 §3.5.1)': [
      '<include>/pidf:presence/pidf:tuple[rpid:class="IM"]/pidf:status/pidf:basic</include>',
      '<tuple id="432sd"><status><basic>closed</basic></status></tuple>',
    ],
    'several, added up (RFC 4660 §7.1.1)': [
      '<include type="xpath">/pidf:presence/pidf:tuple[rpid:class="IM" or rpid:class="SMS" or rpid:class="MMS"]/pidf:status/pidf:basic</include>' +
        '<include>/pidf:presence/pidf:tuple[rpid:class="IM"]/rpid:class</include>' +
        '<include>/pidf:presence/pidf:tuple[rpid:class="IM"]/pidf:contact</include>',
      IM_TUPLE,
    ],
    'a whole element': ['<include>//pidf:tuple[@id="432sd"]</include>', IM_TUPLE],
    'those that are open (RFC 4660 §7.1.2)': [
      '<include>//pidf:tuple[pidf:status/pidf:basic="open"]/pidf:contact</include>',
      '<tuple id="thr76jk"><status><basic>open</basic></status><contact>tel:2224055555</contact></tuple>',
    ],
    'what a schema demands, whatever is asked for': [
      '<include>//pidf:tuple[@id="thr76jk"]/pidf:note</include>',
      '<tuple id="thr76jk"><status><basic>open</basic></status><note>Desk</note></tuple>',
    ],
    'all of a namespace but what is excluded (RFC 4661 §3.5.2)': [
      '<include type="namespace">urn:ietf:params:xml:ns:pidf</include><exclude>//pidf:tuple/pidf:note</exclude><exclude>//pidf:contact</exclude>',
      '<tuple id="432sd"><status><basic>closed</basic></status></tuple><tuple id="thr76jk"><status><basic>open</basic></status></tuple><note>Hi</note>',
    ],
    'everything but': [
      '<exclude>//pidf:tuple</exclude><exclude type="namespace">urn:ietf:params:xml:ns:pidf:rpid</exclude>',
      '<note>Hi</note><dm:person id="p1"><dm:note>Hi</dm:note></dm:person>',
    ],
    'no attribute that is excluded, but those that have to be': [
      '<include>//pidf:tuple[@id="432sd"]</include><exclude>//pidf:contact/@priority</exclude><exclude>//pidf:tuple/@id</exclude><exclude>//pidf:status</exclude>',
      IM_TUPLE.replace(' priority="0.5"', ''),
    ],
    'an attribute in its element': ['<include>//dm:person/@id</include>', '<dm:person id="p1"/>'],
    'nothing that is not there': ['<include>//pidf:tuple[rpid:class="MMS"]</include>', ''],
    'nothing by names that nothing binds to the namespace (RFC 4661 §5)': [
      '<include>/presence/tuple</include>',
      '',
    ],
  }
  for (const [name, [what, expected]] of Object.entries(cases)) {
    it(name, () => assert.equal(left(what), expected))
  }

  it('of watchers is those who wait (RFC 4661 §6.3)', () => {
    const watcher = (id: string, status: string) =>
      `<watcher id='${id}' status='${status}' event='subscribe' duration-subscribed='9'>sip:${id}@x</watcher>`
    const info = (watchers: string) =>
      `<watcherinfo xmlns='urn:ietf:params:xml:ns:watcherinfo' version='0' state='full'><watcher-list resource='sip:a@x' package='presence'>${watchers}</watcher-list></watcherinfo>`
    const whole = read(
      info(watcher('b', 'active') + watcher('c', 'pending') + watcher('d', 'waiting')),
    )
    const pending = filterOf(
      '<what><include>/wi:watcherinfo/wi:watcher-list/wi:watcher[@status="pending" or @status="waiting"]</include></what>',
    )
    assert.ok(pending.what)
    assert.equal(
      String(filtered(whole, pending.what)),
      info(watcher('c', 'pending') + watcher('d', 'waiting')),
    )
    const status = filterOf('<what><include>//wi:watcher[@id="c"]/@event</include></what>')
    assert.ok(status.what)
    assert.equal(
      String(filtered(whole, status.what)),
      info("<watcher id='c' status='pending' event='subscribe'>sip:c@x</watcher>"),
    )
  })

  it('is valid, whatever it is', () => {
    using directory = temporaryDirectory()
    const selection = fc.constantFrom(
      ...[
        '//pidf:basic',
        '//pidf:contact/@priority',
        '//dm:person',
        '//rpid:class',
        '//dm:note',
        '//*',
        '//pidf:tuple[1]',
        '//@id',
        '//pidf:status',
        '//dm:deviceID',
      ].map((path) => `clude>${path}</`),
      'clude type="namespace">urn:ietf:params:xml:ns:pidf:rpid</',
      'clude type="namespace">urn:ietf:params:xml:ns:pidf</',
    )
    const list = fc.array(selection, { maxLength: 3 })
    const samples = fc.sample(fc.tuple(extendedDocuments, list, list), { numRuns: 150, seed: 4661 })
    const texts = samples.flatMap(([document, include, exclude]) => {
      const what = [
        ...include.map((one) => `<in${one}include>`),
        ...exclude.map((one) => `<ex${one}exclude>`),
      ]
      const filter = filterOf(`<what>${what.join('')}</what>`)
      if (!filter.what) return []
      const tree = filtered(read(renderPidf(document, 'sip:a@example.com')), filter.what)
      return [PresenceView.ofTree('sip:a@example.com', tree).pidf()]
    })
    validate(directory.path, texts)
  })
})

describe('a change that is worth telling (RFC 4660 §5.3.2)', () => {
  const triggered = (triggers: string, before: string, now: string) =>
    isTriggered(filterOf(triggers).triggers, read(before), read(now))
  const basic = '/pidf:presence/pidf:tuple/pidf:status/pidf:basic'
  const changed = (attributes: string, path = basic) =>
    `<trigger><changed ${attributes}>${path}</changed></trigger>`

  it('is any where nothing is said', () => {
    assert.ok(triggered('', PRESENCE(), PRESENCE()))
  })

  it('is one of a value, from one, to one (RFC 4661 §3.6.1, §6.2)', () => {
    const opened: [string, string] = [PRESENCE('closed'), PRESENCE('open')]
    const closed: [string, string] = [PRESENCE('open', 'open'), PRESENCE('open', 'closed')]
    assert.ok(triggered(changed(''), ...opened))
    assert.ok(!triggered(changed(''), PRESENCE(), PRESENCE().replace('Desk', 'Home')))
    assert.ok(triggered(changed('from="CLOSED" to="OPEN"'), ...opened))
    assert.ok(!triggered(changed('from="CLOSED" to="OPEN"'), ...closed))
    assert.ok(triggered(changed('to="closed"'), ...closed))
    assert.ok(!triggered(changed('from="closed"'), ...closed))
  })

  it('is one of anything in an element', () => {
    const activities = changed('', '//rpid:activities')
    assert.ok(triggered(activities, PRESENCE(), PRESENCE().replace('rpid:busy', 'rpid:away')))
    assert.ok(!triggered(activities, PRESENCE('open'), PRESENCE('closed')))
  })

  it('is one by so much (RFC 4661 §3.6.1.3)', () => {
    const path = '//pidf:contact/@priority'
    const to = (priority: string) => PRESENCE().replace('0.5', priority)
    assert.ok(triggered(changed('by="0.2"', path), PRESENCE(), to('0.7')))
    assert.ok(triggered(changed('by="0.2"', path), PRESENCE(), to('0.3')))
    assert.ok(!triggered(changed('by="0.2"', path), PRESENCE(), to('0.6')))
    assert.ok(!triggered(changed('by="0.2"', path), PRESENCE(), to('high')))
  })

  it('is something that comes, or goes (RFC 4661 §3.6.2, §3.6.3)', () => {
    const less = PRESENCE().replace(/<tuple id="432sd">.*?<\/tuple>/, '')
    const added = '<trigger><added>//pidf:tuple</added></trigger>'
    const removed = '<trigger><removed>//pidf:tuple</removed></trigger>'
    assert.ok(triggered(added, less, PRESENCE()) && !triggered(added, PRESENCE(), less))
    assert.ok(triggered(removed, PRESENCE(), less) && !triggered(removed, less, PRESENCE()))
    assert.ok(!triggered(added, PRESENCE('open'), PRESENCE('closed')))
  })

  it('is all of one trigger, or all of another (RFC 4661 §3.6)', () => {
    const both = `<trigger><changed>${basic}</changed><changed>//pidf:tuple/pidf:note</changed></trigger>`
    const note = PRESENCE('open').replace('Desk', 'Home')
    assert.ok(triggered(both, PRESENCE(), note))
    assert.ok(!triggered(both, PRESENCE(), PRESENCE('open')))
    const other = '<trigger><removed>//dm:person</removed></trigger>'
    assert.ok(!triggered(both + other, PRESENCE(), PRESENCE('open')))
    assert.ok(
      triggered(
        both + other,
        PRESENCE(),
        PRESENCE('open').replace(/<dm:person.*<\/dm:person>/, ''),
      ),
    )
  })
})
