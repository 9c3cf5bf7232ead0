import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { renderPidf } from '../../src/formats/pidf.ts'
import { PidfError, type PidfErrorKind } from '../../src/formats/pidf-model.ts'
import { MAX_TUPLES, parsePidf } from '../../src/formats/pidf-parser.ts'
import { documents } from './arbitraries.ts'

const NAMESPACES =
  'xmlns="urn:ietf:params:xml:ns:pidf" xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model" ' +
  'xmlns:rpid="urn:ietf:params:xml:ns:pidf:rpid" xmlns:caps="urn:ietf:params:xml:ns:pidf:caps" ' +
  'xmlns:lt="urn:ietf:params:xml:ns:location-type" ' +
  'xmlns:pidf="urn:ietf:params:xml:ns:pidf" xmlns:x="urn:example:x"'

const presence = (inner: string) => `<presence ${NAMESPACES} entity="sip:a@b">${inner}</presence>`
const parse = (inner: string) => parsePidf(presence(inner))
const tuple = (inner: string) => parse(`<tuple id="t">${inner}</tuple>`).tuples[0]
const person = (inner: string) => parse(`<dm:person id="p">${inner}</dm:person>`).person
const OPEN = '<status><basic>open</basic></status>'

function refused(body: string | Uint8Array, kind: PidfErrorKind) {
  assert.throws(
    () => parsePidf(body),
    (error) => error instanceof PidfError && error.kind === kind,
  )
}

describe('a PIDF document', () => {
  it('is read with all that RFC 3863 defines', () => {
    const document = parsePidf(
      '<?xml version="1.0" encoding="UTF-8"?>\n' +
        '<impp:presence xmlns:impp="urn:ietf:params:xml:ns:pidf" entity="pres:someone@example.com">' +
        '<!-- a comment --><impp:tuple id="sg89ae"><impp:status><impp:basic> open </impp:basic>' +
        '</impp:status><impp:contact priority="0.8"> tel:+09012345678 </impp:contact>' +
        '<impp:note xml:lang="en">Don’t Disturb Please!</impp:note><impp:note>Non!</impp:note>' +
        '<impp:timestamp>2001-10-27T16:49:29+02:00</impp:timestamp></impp:tuple>' +
        '<impp:note>I’ll be in Tokyo next week</impp:note></impp:presence>',
    )
    assert.deepEqual(document, {
      entity: 'pres:someone@example.com',
      person: undefined,
      note: 'I’ll be in Tokyo next week',
      extras: [],
      tuples: [
        {
          id: 'sg89ae',
          activities: [],
          places: [],
          basic: 'open',
          capabilities: undefined,
          class: undefined,
          contact: 'tel:+09012345678',
          contactPriority: 0.8,
          note: 'Don’t Disturb Please!',
          extras: [],
          timed: [],
          timestamp: Date.UTC(2001, 9, 27, 14, 49, 29),
        },
      ],
    })
  })

  it('may lack an entity, as the example of RFC 4479 does', () => {
    const document = parsePidf('<presence xmlns="urn:ietf:params:xml:ns:pidf"/>')
    assert.equal(document.entity, undefined)
    assert.deepEqual(document.tuples, [])
  })

  it('is passed over where it goes beyond what we know', () => {
    const known = tuple(
      `${OPEN}<x:what><tuple id="no"/></x:what><rpid:mood><rpid:happy/></rpid:mood>`,
    )
    assert.equal(known?.basic, 'open')
    assert.deepEqual(known?.activities, [])
  })

  it('whose times or priorities are not such is read without them', () => {
    for (const time of [
      'yesterday',
      '2030-13-01T00:00:00Z',
      '2030-01-01',
      '0000-01-01T00:00:00Z',
      '',
    ]) {
      assert.equal(tuple(`${OPEN}<timestamp>${time}</timestamp>`)?.timestamp, undefined, time)
    }
    for (const priority of ['high', '-1', '', '1e3', '0x1', '1.001', '2']) {
      const read = tuple(`${OPEN}<contact priority="${priority}">sip:a@b</contact>`)
      assert.equal(read?.contactPriority, undefined, priority)
    }
  })

  it('has contacts that are URIs', () => {
    const contact = (text: string) => tuple(`${OPEN}<contact>${text}</contact>`)?.contact
    const uris = ['sip:a@[::1]:5060;x=1', 'tel:+1-555', 'xmpp:ü@b', 'sip:a%20b@c', 'urn:x#y']
    for (const uri of uris) assert.equal(contact(uri), uri)
    const long = `sip:${'a'.repeat(2_000)}@b`
    const none = [
      '',
      'a@b',
      ':::',
      'sip:a b',
      'sip:%zz@b',
      '&lt;sip:a@b&gt;',
      'http://[',
      'x:#a#',
      long,
    ]
    for (const text of none) assert.equal(contact(text), undefined, text.slice(0, 20))
  })

  it('takes a time without a zone as UTC', () => {
    const read = tuple(`${OPEN}<timestamp>2030-01-01T09:00:00.5</timestamp>`)
    assert.equal(read?.timestamp, Date.UTC(2030, 0, 1, 9, 0, 0, 500))
  })

  it('tells capabilities', () => {
    const caps = (inner: string) =>
      tuple(`${OPEN}<caps:servcaps>${inner}</caps:servcaps>`)?.capabilities
    assert.deepEqual(caps('<caps:audio>1</caps:audio><caps:video>false</caps:video>'), {
      voice: true,
      video: false,
    })
    const methods = (support: string) =>
      `<caps:methods><caps:${support}><caps:MESSAGE/></caps:${support}></caps:methods>`
    assert.deepEqual(caps(methods('supported')), { im: true })
    assert.deepEqual(caps(methods('notsupported')), { im: false })
    assert.deepEqual(caps('<caps:message>true</caps:message>'), { im: true })
    assert.equal(caps('<caps:audio>loud</caps:audio>'), undefined)
  })
})

describe('a place', () => {
  const places = (inner: string, attrs = '') =>
    person(`<rpid:place-type${attrs}>${inner}</rpid:place-type>`)?.places ?? []
  const place = (inner: string) => places(inner)[0]?.location

  it('is a type of the registry of RFC 4589, or free text', () => {
    assert.equal(place('<rpid:note>Gate 7</rpid:note><lt:airport/>'), 'airport')
    assert.equal(place('<rpid:other> Ann’s desk </rpid:other>'), 'Ann’s desk')
    assert.equal(place('<lt:other>a tree house</lt:other>'), 'a tree house')
    assert.equal(place('<lt:bicyle/>'), 'bicycle')
  })

  it('that is not known is none', () => {
    for (const nothing of ['', '<lt:unknown/>', '<rpid:other> </rpid:other>', '<x:office/>']) {
      assert.deepEqual(places(nothing), [])
    }
  })

  it('has no more of free text than every watcher can take', () => {
    assert.equal(place(`<rpid:other>${'x'.repeat(5_000)}</rpid:other>`)?.length, 128)
  })

  it('holds for a time', () => {
    const [{ from, until } = {}] = places(
      '<lt:train/>',
      ' from="2030-01-01T00:00:00Z" until="2030-01-02T00:00:00Z"',
    )
    assert.deepEqual([from, until], [Date.UTC(2030, 0, 1), Date.UTC(2030, 0, 2)])
  })
})

describe('activities', () => {
  const activity = (inner: string) =>
    person(`<rpid:activities>${inner}</rpid:activities>`)?.activities[0]

  it('are the foremost of those that stand there', () => {
    assert.equal(activity('<rpid:away/><rpid:on-the-phone/>')?.activity, 'on-a-call')
    assert.equal(activity('<rpid:unknown/>')?.activity, 'unknown')
    assert.equal(activity('<rpid:unknown/><rpid:away/>')?.activity, 'away')
  })

  it('may be free text or elements of others', () => {
    const dnd = activity('<rpid:busy/><rpid:other>Do not disturb</rpid:other>')
    assert.equal(dnd?.activity, 'do-not-disturb')
    assert.equal(activity('<x:dnd/>')?.activity, 'do-not-disturb')
    assert.equal(activity('<rpid:other>juggling</rpid:other>')?.note, 'juggling')
  })

  it('hold for a time', () => {
    const [read] =
      person(
        '<rpid:activities from="2030-01-01T00:00:00Z" until="2030-01-02T00:00:00Z"><rpid:tv/></rpid:activities>',
      )?.activities ?? []
    assert.equal(read?.from, Date.UTC(2030, 0, 1))
    assert.equal(read?.until, Date.UTC(2030, 0, 2))
  })

  it('are found in tuples and in their status too, where drafts of RPID had them', () => {
    const inside = '<rpid:activities><rpid:meeting/></rpid:activities>'
    assert.equal(tuple(`${OPEN}${inside}`)?.activities[0]?.activity, 'in-a-meeting')
    const status = tuple(`<status><basic>open</basic>${inside}</status>`)
    assert.equal(status?.activities[0]?.activity, 'in-a-meeting')
  })

  it('are taken from an XMPP show value in the status', () => {
    const show = tuple('<status><basic>open</basic><show xmlns="jabber:client">dnd</show></status>')
    assert.equal(show?.activities[0]?.activity, 'do-not-disturb')
  })
})

describe('what must be understood and is not', () => {
  it('takes the extension around it away, and nothing else', () => {
    const document = parse(
      `<tuple id="t">${OPEN}</tuple><dm:person id="p"><rpid:activities><rpid:busy/>` +
        '<x:doing pidf:mustUnderstand="1"/></rpid:activities><dm:note>n</dm:note></dm:person>',
    )
    assert.deepEqual(document.person?.activities, [])
    assert.equal(document.person?.note, 'n')
    assert.equal(document.tuples[0]?.basic, 'open')
  })

  it('takes a person away', () => {
    assert.equal(person('<rpid:class>x</rpid:class><x:y pidf:mustUnderstand="true"/>'), undefined)
  })

  it('counts only where it is true, and only on what we do not know', () => {
    const read = person(
      '<rpid:activities><rpid:busy pidf:mustUnderstand="1"/><x:y pidf:mustUnderstand="0"/></rpid:activities>',
    )
    assert.equal(read?.activities[0]?.activity, 'busy')
  })
})

describe('of several persons', () => {
  const aged = (id: string, time: string) =>
    `<dm:person id="${id}"><dm:timestamp>${time}</dm:timestamp></dm:person>`

  it('the newest counts', () => {
    const old = aged('old', '2029-01-01T00:00:00Z')
    const fresh = aged('new', '2030-01-01T00:00:00Z')
    assert.equal(parse(old + fresh).person?.id, 'new')
    assert.equal(parse(fresh + old).person?.id, 'new')
  })

  it('one with a time is newer than one without', () => {
    const timeless = '<dm:person id="when"/>'
    assert.equal(parse(timeless + aged('then', '2029-01-01T00:00:00Z')).person?.id, 'then')
  })
})

describe('a body that is not PIDF', () => {
  it('is refused with what is wrong', () => {
    refused('', 'not-well-formed')
    refused('v=0\r\no=- 1 1 IN IP4 192.0.2.1', 'not-well-formed')
    refused(presence('<tuple>'), 'not-well-formed')
    refused(new Uint8Array([0x3c, 0xff, 0x3e]), 'not-well-formed')
    refused('<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', 'not-well-formed')
    refused('<presence/>', 'not-pidf')
    refused('<dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info"/>', 'not-pidf')
    refused(presence('<tuple id="t"><status><basic>perhaps</basic></status></tuple>'), 'invalid')
  })

  it('or too much of it, is refused as too large', () => {
    refused(presence(`<note>${'x'.repeat(70_000)}</note>`), 'too-large')
    refused(presence(`<tuple id="t">${OPEN}</tuple>`.repeat(MAX_TUPLES + 1)), 'too-large')
    refused(presence(`${'<x:a>'.repeat(100)}${'</x:a>'.repeat(100)}`), 'too-large')
  })

  it('never throws anything but PidfError', () => {
    const bodies = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc
        .tuple(documents, fc.nat(), fc.string({ maxLength: 3 }))
        .map(([document, at, junk]) => mutate(renderPidf(document, 'sip:a@b'), at, junk)),
    )
    fc.assert(
      fc.property(bodies, (body) => {
        try {
          parsePidf(body)
        } catch (error) {
          assert.ok(error instanceof PidfError, String(error))
        }
      }),
      { numRuns: 1_000 },
    )
  })
})

function mutate(text: string, at: number, junk: string): string {
  const where = at % text.length
  return text.slice(0, where) + junk + text.slice(where + 1)
}
