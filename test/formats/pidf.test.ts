import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Person, PresenceDocument, Tuple } from '../../src/core/presence/document.ts'
import { observationsFromPidf, parsePidf, renderPidf } from '../../src/formats/pidf.ts'
import { LOCATION_TYPES } from '../../src/formats/rpid-place.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { documentOf, documents, NOW, PERSON_STATES, TUPLE } from './arbitraries.ts'
import { validate } from './validate.ts'

const ENTITY = 'sip:alice@example.com'
const render = (document: PresenceDocument) => renderPidf(document, ENTITY)

describe('a rendered presence document', () => {
  it('names the presentity as the watcher does', () => {
    const document = documentOf()
    assert.equal(parsePidf(render(document)).entity, ENTITY)
    const odd = 'sip:"a&b"<c>@example.com'
    assert.equal(parsePidf(renderPidf(document, odd)).entity, odd)
  })

  it('is the same bytes for the same state, however it was put together', () => {
    const tuple = { ...TUPLE, capabilities: { im: true, voice: true } }
    const same = { ...TUPLE, capabilities: { voice: true, im: true } }
    assert.equal(render(documentOf({}, [tuple])), render(documentOf({}, [same])))
  })

  it('says a tuple’s status, class, contact, note and time in the order of the schema', () => {
    assert.ok(
      render(documentOf({}, [{ ...TUPLE, note: 'Desk' }])).includes(
        '<tuple id="t0123456789ab"><status><basic>open</basic></status>' +
          '<rpid:class>phone</rpid:class>' +
          '<contact priority="0.8">sip:alice@192.0.2.4</contact><note>Desk</note>' +
          '<timestamp>2030-01-01T08:59:00.000Z</timestamp></tuple>',
      ),
    )
  })

  it('puts a note both where RFC 3863 and where RFC 4479 look for it', () => {
    const text = render(documentOf({ note: 'Back at <3 & later' }))
    assert.ok(text.includes('</tuple><note>Back at &lt;3 &amp; later</note><dm:person'))
    assert.ok(text.includes('<dm:note>Back at &lt;3 &amp; later</dm:note>'))
  })

  it('tells nothing of an offline person’s services', () => {
    const hiding = render(documentOf({ state: 'offline' }, [{ ...TUPLE, note: 'Desk' }]))
    const gone = render(documentOf({ state: 'offline' }, []))
    assert.equal(hiding, gone)
    assert.ok(gone.includes('<basic>closed</basic>'))
    assert.ok(!gone.includes('open'))
  })

  it('does not tell since when somebody is offline, which would tell who is blocked', () => {
    const left = render(documentOf({ state: 'offline', since: 1_000 }))
    assert.equal(render(documentOf({ state: 'offline', since: 2_000 })), left)
    assert.ok(!left.includes('timestamp'))
  })

  it('says that a person is unknown, and promises none of his services', () => {
    const text = render(documentOf({ state: 'unknown' }))
    assert.ok(text.includes('<rpid:activities><rpid:unknown/></rpid:activities>'))
    assert.ok(!text.includes('open'))
    assert.ok(!render(documentOf({ state: 'unknown' }, [])).includes('open'))
  })

  it('says where the person is, by a location type or in his own words', () => {
    const place = (location: string | undefined) => {
      const text = render(documentOf({ location }))
      return [/<rpid:place-type>.*<\/rpid:place-type>/.exec(text)?.[0], text.includes('xmlns:lt=')]
    }
    assert.deepEqual(place('train-station'), [
      '<rpid:place-type><lt:train-station/></rpid:place-type>',
      true,
    ])
    assert.deepEqual(place('Desk <4>'), [
      '<rpid:place-type><rpid:other>Desk &lt;4&gt;</rpid:other></rpid:place-type>',
      false,
    ])
    assert.deepEqual(place(undefined), [undefined, false])
  })

  it('has a tuple even where no service is known, for readers of RFC 3863 alone', () => {
    const [tuple] = parsePidf(render(documentOf({ state: 'busy' }, []))).tuples
    assert.equal(tuple?.basic, 'open')
  })

  it('does not give the person the id of a tuple', () => {
    const document = parsePidf(render(documentOf({}, [{ ...TUPLE, id: 'p1' }])))
    assert.notEqual(document.person?.id, 'p1')
  })

  it('rounds priorities to three decimals between 0 and 1', () => {
    const priority = (contactPriority: number) =>
      /priority="([^"]*)"/.exec(render(documentOf({}, [{ ...TUPLE, contactPriority }])))?.[1]
    assert.deepEqual([0, 1 / 3, 1, 7, -1].map(priority), ['0', '0.333', '1', '1', '0'])
  })

  it('leaves out a contact that is no URI, which would make all of it invalid', () => {
    for (const contact of ['xmpp:50%@example.com', 'xmpp:a#b#c@example.com', 'alice', '']) {
      assert.ok(!render(documentOf({}, [{ ...TUPLE, contact }])).includes('<contact'), contact)
    }
  })

  it('leaves out characters that XML cannot carry', () => {
    const text = render(documentOf({ note: 'a\u0000b\ud800c\uffff' }))
    assert.equal(parsePidf(text).note, 'abc')
  })
})

describe('the schemas of RFC 3863, 4479, 4480 and 5196', () => {
  it('accept every activity, by hand or not, with and without all that is optional', () => {
    using directory = temporaryDirectory()
    const full = { ...TUPLE, note: 'n', capabilities: { voice: true, video: false, im: true } }
    const bare = { ...TUPLE, id: 'tb', contact: undefined, contactPriority: undefined }
    const mute = { ...bare, id: 'tc', basic: 'closed' as const, capabilities: { im: false } }
    const rendered = PERSON_STATES.flatMap((state) => [
      render(documentOf({ state, note: 'a note', manual: true }, [full, bare, mute])),
      render(documentOf({ state, location: 'at Ann’s' }, [])),
      render(documentOf({ state }, [])),
    ])
    rendered.push(...LOCATION_TYPES.map((location) => render(documentOf({ location }))))
    validate(directory.path, rendered)
  })

  it('accept whatever else is rendered', () => {
    using directory = temporaryDirectory()
    validate(directory.path, fc.sample(documents, { numRuns: 200, seed: 3863 }).map(render))
  })

  it('refuse what is not valid, so that the two tests above mean something', () => {
    using directory = temporaryDirectory()
    const wrong = render(documentOf({ state: 'busy' })).replaceAll('rpid:busy', 'rpid:bizzy')
    assert.throws(() => validate(directory.path, [wrong]), /bizzy/)
    const nowhere = render(documentOf({ location: 'office' })).replace('<lt:office/>', '')
    assert.throws(() => validate(directory.path, [nowhere]), /place-type/)
    const spoken = render(documentOf({ location: 'office' })).replace(
      '<lt:office/>',
      '<lt:office>x</lt:office>',
    )
    assert.throws(() => validate(directory.path, [spoken]), /office/)
  })
})

describe('a document rendered and read again', () => {
  it('says the same of the person and of every service', () => {
    fc.assert(
      fc.property(documents, (document) => {
        const { person, tuples } = document
        const read = observationsFromPidf(parsePidf(render(document)), {
          defaultClass: 'phone',
          now: NOW,
        })
        if (person.state === 'offline' || tuples.length === 0) assert.equal(read.length, 1)
        else assert.deepEqual(read.map(services), tuples.map(shown(person)).map(services))
        for (const { activity, basic, manual, location, class: sourceClass } of read) {
          if (person.state !== 'available') assert.equal(activity, person.state)
          assert.equal(location, person.location)
          assert.equal(manual, person.manual || sourceClass === 'manual')
          if (isGone(person)) assert.equal(basic, 'closed')
        }
      }),
      { numRuns: 500 },
    )
  })
})

function isGone({ state }: Person): boolean {
  return state === 'offline' || state === 'unknown'
}

/** Services of which nobody can tell are closed. */
function shown(person: Person) {
  return (tuple: Tuple): Tuple => (isGone(person) ? { ...tuple, basic: 'closed' } : tuple)
}

/** What of a tuple is its own. */
function services(tuple: {
  id: string
  class: string
  basic: string
  contact?: string | undefined
  contactPriority?: number | undefined
  capabilities?: object | undefined
}) {
  const { id, basic, contact, capabilities } = tuple
  const contactPriority = contact === undefined ? undefined : tuple.contactPriority
  return { id, class: tuple.class, basic, contact, contactPriority, capabilities }
}
