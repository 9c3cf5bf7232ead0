/** RFC 4481 (timed status) and the spans of RFC 4480 §3.1: what a document says of times to come. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { EVERYTHING } from '../../src/core/presence/access/access.ts'
import { PresenceService } from '../../src/core/presence/presence.ts'
import { parsePidf, renderPidf, timelineFromPidf } from '../../src/formats/pidf.ts'
import { MAX_LATER } from '../../src/formats/pidf-timeline.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { ALICE, NOW } from './arbitraries.ts'
import { validate } from './validate.ts'

const HOUR = 3_600_000
const at = (hours: number) => new Date(NOW + hours * HOUR).toISOString()

function pidf(content: string): string {
  return (
    '<presence xmlns="urn:ietf:params:xml:ns:pidf" xmlns:d="urn:ietf:params:xml:ns:pidf:data-model"' +
    ' xmlns:r="urn:ietf:params:xml:ns:pidf:rpid" xmlns:t="urn:ietf:params:xml:ns:pidf:timed-status"' +
    ` entity="sip:alice@example.com">${content}</presence>`
  )
}

const tuple = (timed: string) =>
  `<tuple id="a"><status><basic>open</basic></status>${timed}</tuple>`
const timed = (from: number, until: number | undefined, content: string) =>
  `<t:timed-status from="${at(from)}"${until === undefined ? '' : ` until="${at(until)}"`}>${content}</t:timed-status>`

/** What is published at `NOW`, in a system whose clock can be moved. */
function published(content: string) {
  const clock = new FakeClock(NOW)
  const presence = new PresenceService({ clock })
  let changes = 0
  presence.subscribe({ name: 'test', presenceChanged: () => void changes++ })
  const timeline = timelineFromPidf(parsePidf(pidf(content)), { defaultClass: 'phone', now: NOW })
  presence.report({ presentity: ALICE, source: 's', ...timeline, until: NOW + 100 * HOUR })
  changes = 0
  return {
    clock,
    changes: () => changes,
    document: () => presence.view(ALICE, EVERYTHING).document,
    text: () => renderPidf(presence.view(ALICE, EVERYTHING).document, 'sip:alice@example.com'),
  }
}

describe('a timed status (RFC 4481 §3)', () => {
  it('that is to come is shown, and changes nothing yet', () => {
    const { text, document } = published(tuple(timed(1, 2, '<t:basic>closed</t:basic>')))
    assert.ok(
      text().includes(
        `<ts:timed-status from="${at(1)}" until="${at(2)}"><ts:basic>closed</ts:basic></ts:timed-status>`,
      ),
    )
    assert.equal(document().tuples[0]?.basic, 'open')
  })

  it('is the status from its time on, and ends by itself', () => {
    const system = published(tuple(timed(1, 2, '<t:basic>closed</t:basic><t:note>Gone</t:note>')))
    system.clock.advance(HOUR)
    assert.equal(system.changes(), 1)
    assert.equal(system.document().tuples[0]?.basic, 'closed')
    assert.equal(system.document().tuples[0]?.note, 'Gone')
    assert.equal(system.document().person.state, 'offline')
    system.clock.advance(HOUR)
    assert.equal(system.changes(), 2)
    assert.equal(system.document().tuples[0]?.basic, 'open')
    assert.equal(system.document().person.state, 'available')
    assert.ok(!system.text().includes('timed-status'))
  })

  it('may have activities, which are his then', () => {
    const system = published(
      tuple(
        timed(1, undefined, '<t:basic>open</t:basic><r:activities><r:meeting/></r:activities>'),
      ),
    )
    assert.equal(system.document().person.state, 'available')
    system.clock.advance(HOUR)
    assert.equal(system.document().person.state, 'in-a-meeting')
    assert.equal(system.document().person.since, NOW + HOUR)
    system.clock.advance(50 * HOUR)
    assert.equal(system.document().person.state, 'in-a-meeting')
  })

  it('may overlap another: the one that began last holds', () => {
    const closed = timed(1, 5, '<t:basic>closed</t:basic>')
    const open = timed(2, 3, '<t:basic>open</t:basic><t:note>Back for a moment</t:note>')
    const system = published(tuple(open + closed))
    const seen = [1, 2, 3, 4, 5].map(() => {
      system.clock.advance(HOUR)
      return system.document().tuples[0]?.basic
    })
    assert.deepEqual(seen, ['closed', 'open', 'closed', 'closed', 'open'])
  })

  it('of the past is not shown, and one without a beginning is none', () => {
    const past = timed(-2, -1, '<t:basic>closed</t:basic>')
    const never = '<t:timed-status><t:basic>closed</t:basic></t:timed-status>'
    const bad = `<t:timed-status from="${at(-1)}" until="soon"><t:basic>closed</t:basic></t:timed-status>`
    const { text, document } = published(tuple(past + never + bad))
    assert.ok(!text().includes('timed-status'))
    assert.equal(document().tuples[0]?.basic, 'open')
  })

  it('is valid as it is shown, however it was written', () => {
    using directory = temporaryDirectory()
    const odd = timed(
      1,
      undefined,
      '<r:sphere><r:home/></r:sphere><t:note xml:lang="en">x</t:note><t:basic> Open </t:basic>',
    )
    validate(directory.path, [published(tuple(odd)).text()])
  })
})

describe('a span of time (RFC 4480 §3.1)', () => {
  it('begins and ends activities and places of the person by itself', () => {
    const person =
      `<d:person id="p"><r:activities from="${at(1)}" until="${at(2)}"><r:meeting/></r:activities>` +
      `<r:place-type until="${at(3)}"><r:other>Room 4</r:other></r:place-type></d:person>`
    const system = published(tuple('') + person)
    const seen = [0, 1, 2, 3].map((hours) => {
      system.clock.advance(hours === 0 ? 0 : HOUR)
      const { state, location } = system.document().person
      return [state, location]
    })
    assert.deepEqual(seen, [
      ['available', 'Room 4'],
      ['in-a-meeting', 'Room 4'],
      ['available', 'Room 4'],
      ['available', undefined],
    ])
  })

  it('ends what is only shown', () => {
    const mood = `<d:person id="p"><r:mood until="${at(1)}"><r:happy/></r:mood></d:person>`
    const system = published(tuple('') + mood)
    assert.ok(system.text().includes('<rpid:mood'))
    system.clock.advance(HOUR)
    assert.ok(!system.text().includes('<rpid:mood'))
    assert.equal(system.changes(), 1)
  })

  it('is kept for a bounded number of times to come', () => {
    const many = Array.from({ length: 100 }, (_, hour) => timed(hour + 1, hour + 2, '')).join('')
    const { later } = timelineFromPidf(parsePidf(pidf(tuple(many))), {
      defaultClass: 'phone',
      now: NOW,
    })
    assert.equal(later?.length, MAX_LATER)
  })
})
