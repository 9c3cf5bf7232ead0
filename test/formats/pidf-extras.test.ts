/**
 * What publishers say beside what the core reads is shown again: RFC 3863 §4.2, RFC 4480, RFC 4482,
 * RFC 5196, and devices of RFC 4479 §3.4.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { compose } from '../../src/core/presence/composition/compose.ts'
import type { PresenceDocument } from '../../src/core/presence/document.ts'
import type { Report } from '../../src/core/presence/observation.ts'
import { parsePidf, renderPidf, timelineFromPidf } from '../../src/formats/pidf.ts'
import { MAX_EXTRAS_LENGTH } from '../../src/formats/pidf-extras.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { ALICE, NOW } from './arbitraries.ts'
import { validate } from './validate.ts'

const ENTITY = 'sip:alice@example.com'

/** In a document that declares what these tests need, and calls it other names than we do. */
function pidf(content: string): string {
  return (
    '<presence xmlns="urn:ietf:params:xml:ns:pidf" xmlns:d="urn:ietf:params:xml:ns:pidf:data-model"' +
    ' xmlns:r="urn:ietf:params:xml:ns:pidf:rpid" xmlns:c="urn:ietf:params:xml:ns:pidf:cipid"' +
    ' xmlns:k="urn:ietf:params:xml:ns:pidf:caps" xmlns:x="urn:example:x"' +
    ` xmlns:p="urn:ietf:params:xml:ns:pidf" entity="${ENTITY}">${content}</presence>`
  )
}

const tuple = (content = '', status = '') =>
  `<tuple id="a"><status><basic>open</basic>${status}</status>${content}</tuple>`

function report(source: string, text: string, defaultClass = 'phone', now = NOW): Report {
  return {
    presentity: ALICE,
    source,
    ...timelineFromPidf(parsePidf(text), { defaultClass, now }),
    until: undefined,
  }
}

const composed = (...reports: Report[]): PresenceDocument => compose(ALICE, reports, NOW).document
const shown = (content: string) => renderPidf(composed(report('s', pidf(content))), ENTITY)

/** RFC 4480’s elements for persons that nothing is concluded from. */
const PERSON_ELEMENTS = [
  '<rpid:mood><rpid:note xml:lang="en">Hm</rpid:note><rpid:happy/><rpid:other>so so</rpid:other></rpid:mood>',
  '<rpid:place-is><rpid:audio><rpid:noisy/></rpid:audio></rpid:place-is>',
  '<rpid:privacy from="2030-01-01T08:00:00Z" until="2030-01-02T08:00:00Z"><rpid:audio/></rpid:privacy>',
  '<rpid:sphere><rpid:work/></rpid:sphere>',
  '<rpid:status-icon>http://example.com/a.gif</rpid:status-icon>',
  '<rpid:time-offset description="EST">-300</rpid:time-offset>',
  '<rpid:user-input idle-threshold="600" last-input="2030-01-01T08:59:00Z">idle</rpid:user-input>',
  '<ci:card>http://example.com/a.vcd</ci:card>',
  '<ci:display-name>Alice &amp; Co</ci:display-name>',
  '<ci:homepage>http://example.com/</ci:homepage>',
  '<ci:icon>http://example.com/a.png</ci:icon>',
  '<ci:map>http://example.com/map.xml</ci:map>',
  '<ci:sound>http://example.com/a.wav</ci:sound>',
  '<weather xmlns="urn:example:x" a1:b="c" xmlns:a1="urn:example:y">mild <i>and</i> dry</weather>',
]
const TUPLE_ELEMENTS = [
  '<rpid:relationship><rpid:assistant/></rpid:relationship>',
  '<rpid:service-class><rpid:electronic/></rpid:service-class>',
  '<rpid:privacy><rpid:video/></rpid:privacy>',
  '<rpid:status-icon>http://example.com/s.gif</rpid:status-icon>',
  '<rpid:user-input>active</rpid:user-input>',
  '<dm:deviceID>urn:uuid:d27459b7-8213-4395-aa77-ed859a3e5b3a</dm:deviceID>',
  '<ci:homepage>http://example.com/assistant</ci:homepage>',
  '<caps:servcaps><caps:audio>true</caps:audio><caps:duplex><caps:supported><caps:full/></caps:supported></caps:duplex></caps:servcaps>',
  '<caps:servcaps><caps:actor><caps:supported><caps:attendant/></caps:supported></caps:actor><caps:application>true</caps:application>' +
    '<caps:class><caps:notsupported><caps:personal/></caps:notsupported></caps:class><caps:description xml:lang="en">Desk</caps:description>' +
    '<caps:event-packages><caps:supported><caps:presence/></caps:supported></caps:event-packages>' +
    '<caps:extensions><caps:supported><caps:rel100/><caps:timer/></caps:supported></caps:extensions><caps:isfocus>false</caps:isfocus>' +
    '<caps:methods><caps:supported><caps:INVITE/><caps:MESSAGE/></caps:supported></caps:methods>' +
    '<caps:languages><caps:supported><caps:l>en</caps:l></caps:supported></caps:languages>' +
    '<caps:priority><caps:supported><caps:range minvalue="1" maxvalue="9"/></caps:supported></caps:priority>' +
    '<caps:schemes><caps:supported><caps:s>sip</caps:s></caps:supported></caps:schemes><caps:type>x</caps:type></caps:servcaps>',
  '<urgency xmlns="urn:example:x">low</urgency>',
]

/** As the publisher may write it, with prefixes of his own and white space. */
const published = (element: string) =>
  element
    .replaceAll('rpid:', 'r:')
    .replaceAll('ci:', 'c:')
    .replaceAll('caps:', 'k:')
    .replaceAll('dm:', 'd:')
    .replace(/^(<[^>]*>)(<)/, '$1\n  $2')

describe('what a publisher says of a person', () => {
  for (const element of PERSON_ELEMENTS) {
    it(`is shown again: ${element.slice(0, 30)} (RFC 4480, RFC 4482, RFC 3863 §4.2)`, () => {
      const text = shown(`${tuple()}<d:person id="p">${published(element)}</d:person>`)
      assert.ok(
        text.includes(
          element.replace(
            / a1:b="c" xmlns:a1="urn:example:y"/,
            ' xmlns:a1="urn:example:y" a1:b="c"',
          ),
        ),
        text,
      )
    })
  }

  it('is his before the devices, and valid', () => {
    const text = shown(`${tuple()}<d:person id="p"><r:sphere><r:home/></r:sphere></d:person>`)
    assert.match(text, /<dm:person id="p1"><rpid:sphere><rpid:home\/><\/rpid:sphere><dm:timestamp>/)
  })

  it('is what speaks for him says, then what is newest, kind by kind', () => {
    const said = (mood: string, icon: string) =>
      `<d:person id="p"><r:mood><r:${mood}/></r:mood>${icon}</d:person>`
    const call =
      '<d:person id="p"><r:activities><r:on-the-phone/></r:activities><r:mood><r:calm/></r:mood></d:person>'
    const icon = '<c:icon>http://example.com/1</c:icon>'
    const busy = report('phone', pidf(tuple() + call), 'phone', NOW - 5_000)
    const newer = report('im', pidf(tuple() + said('happy', icon)), 'enterprise-im', NOW)
    const older = report(
      'im2',
      pidf(tuple() + said('sad', icon.replace('1', '2'))),
      'enterprise-im',
      NOW - 9_000,
    )
    const text = renderPidf(composed(older, newer, busy), ENTITY)
    assert.match(text, /<ci:icon>http:\/\/example.com\/1<\/ci:icon><rpid:mood><rpid:calm\/>/)
    assert.equal(text, renderPidf(composed(busy, older, newer), ENTITY))
    assert.ok(!text.includes('happy') && !text.includes('sad') && !text.includes('com/2'))
  })

  it('is no service of his where he says nothing else', () => {
    const card = '<d:person id="p"><c:card>http://example.com/a.vcd</c:card></d:person>'
    const only = composed(report('s', pidf(card)))
    assert.equal(only.person.state, 'offline')
    assert.ok(!renderPidf(only, ENTITY).includes('card'))
    const with_ = composed(report('s', pidf(card)), report('t', pidf(tuple())))
    assert.equal(with_.tuples.length, 1)
    assert.equal(with_.person.state, 'available')
    assert.ok(renderPidf(with_, ENTITY).includes('<ci:card>'))
  })

  it('is hidden with him who appears offline', () => {
    const hiding =
      '<d:person id="p"><r:activities><r:other>appear-offline</r:other></r:activities><c:card>http://example.com/a.vcd</c:card></d:person>'
    assert.deepEqual(composed(report('s', pidf(tuple() + hiding))), composed())
  })
})

describe('what a publisher says of a service', () => {
  for (const element of TUPLE_ELEMENTS) {
    it(`is shown again: ${element.slice(0, 30)} (RFC 4480, RFC 5196, RFC 3863 §4.2)`, () => {
      assert.ok(shown(tuple(published(element))).includes(element))
    })
  }

  it('is in its status where it was (RFC 3863 §4.1.4)', () => {
    const text = shown(tuple('', '<x:im>busy</x:im>'))
    assert.ok(text.includes('<basic>open</basic><im xmlns="urn:example:x">busy</im></status>'))
  })

  it('is its capabilities where they are more than the core knows (RFC 5196 §3.2)', () => {
    const servcaps = (more: string) => `<k:servcaps><k:audio>true</k:audio>${more}</k:servcaps>`
    const plain = shown(tuple(servcaps('<k:video>false</k:video>')))
    assert.ok(plain.includes('<caps:audio>true</caps:audio><caps:video>false</caps:video>'))
    const text = shown(tuple(servcaps('<k:isfocus>true</k:isfocus>')))
    assert.equal(text.match(/<caps:servcaps>/g)?.length, 1)
    assert.ok(text.includes('<caps:isfocus>true</caps:isfocus>'))
  })

  it('keeps what must be understood, for watchers to decide (RFC 3863 §4.2.3)', () => {
    const text = shown(tuple('<x:a p:mustUnderstand="1">b</x:a>'))
    assert.match(
      text,
      /<a xmlns="urn:example:x" xmlns:(\w+)="urn:ietf:params:xml:ns:pidf" \1:mustUnderstand="1">b<\/a>/,
    )
  })
})

describe('a device (RFC 4479 §3.4)', () => {
  const device = (id: string, content: string) =>
    `<d:device id="${id}">${content}<d:deviceID>urn:uuid:1</d:deviceID><d:note>PDA</d:note><d:timestamp>2030-01-01T08:00:00Z</d:timestamp></d:device>`

  it('is shown with all that was said of it', () => {
    const caps =
      '<k:devcaps><k:mobility><k:supported><k:mobile/></k:supported></k:mobility></k:devcaps>'
    assert.match(
      shown(tuple() + device('x', `${caps}<r:user-input>idle</r:user-input>`)),
      /<\/dm:person><dm:device id="d[0-9a-f]{12}"><caps:devcaps><caps:mobility><caps:supported><caps:mobile\/><\/caps:supported><\/caps:mobility><\/caps:devcaps><rpid:user-input>idle<\/rpid:user-input><dm:deviceID>urn:uuid:1<\/dm:deviceID><dm:note>PDA<\/dm:note><dm:timestamp>/,
    )
  })

  it('is one, whoever speaks of it', () => {
    const text = renderPidf(
      composed(
        report('a', pidf(tuple() + device('x', ''))),
        report('b', pidf(tuple() + device('y', ''))),
      ),
      ENTITY,
    )
    assert.equal(text.match(/<dm:device /g)?.length, 1)
  })

  it('without an ID is none', () => {
    assert.ok(!shown(`${tuple()}<d:device id="x"><d:note>?</d:note></d:device>`).includes('device'))
  })
})

describe('what would make a document of ours invalid or too large', () => {
  const unsound = [
    '<c:icon>no uri at all</c:icon>',
    '<r:status-icon>%</r:status-icon>',
    '<r:time-offset>soon</r:time-offset>',
    '<r:user-input>asleep</r:user-input>',
    '<r:user-input idle-threshold="-1">idle</r:user-input>',
    '<r:mood from="yesterday"><r:happy/></r:mood>',
    '<d:unknown/>',
    '<bare xmlns=""/>',
  ]
  for (const element of unsound) {
    it(`is left out: ${element}`, () => {
      const text = shown(`${tuple()}<d:person id="p">${element}</d:person>`)
      assert.equal(text, shown(`${tuple()}<d:person id="p"/>`))
    })
  }

  it('is left out where there is more than is kept of one document', () => {
    const long = `<x:long>${'x'.repeat(MAX_EXTRAS_LENGTH / 2)}</x:long>`
    const text = shown(tuple(`${long}${long}<x:short>y</x:short>`))
    assert.equal(text.match(/<long /g)?.length, 1)
    assert.ok(text.includes('<short xmlns="urn:example:x">y</short>'))
    const many = shown(tuple('<x:a/>'.repeat(100)))
    assert.equal(many.match(/<a /g)?.length, 64)
  })
})

describe('the schemas', () => {
  it('accept all of it together, from several sources at once', () => {
    using directory = temporaryDirectory()
    const one = pidf(
      tuple(TUPLE_ELEMENTS.map(published).join('')) +
        `<d:person id="p">${PERSON_ELEMENTS.map(published).join('')}</d:person>` +
        '<d:device id="x"><d:deviceID>urn:uuid:1</d:deviceID></d:device><x:whole/>',
    )
    const other = pidf(
      `${tuple()}<d:person id="p"><r:mood id="m1"><r:happy/></r:mood></d:person><d:device id="x"><d:deviceID>urn:uuid:2</d:deviceID></d:device>`,
    )
    const third = other.replace('uuid:2', 'uuid:3').replace('happy', 'sad')
    const services = TUPLE_ELEMENTS.map((element, at) =>
      tuple(published(element)).replace('id="a"', `id="a${at}"`),
    )
    const each = pidf(services.join(''))
    validate(
      directory.path,
      [[each], [one], [one, other], [other, third], [third, one, other]].map((texts) =>
        renderPidf(composed(...texts.map((text, at) => report(`s${at}`, text))), ENTITY),
      ),
    )
  })
})
