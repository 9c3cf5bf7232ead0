import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import fc from 'fast-check'
import { requireJid } from '../../../src/core/address.ts'
import {
  ACTIVITIES,
  type Activity,
  type Observation,
  type Report,
} from '../../../src/core/presence/observation.ts'
import { PresenceService } from '../../../src/core/presence/presence.ts'
import { FakeClock } from '../../support/fake-clock.ts'

const ALICE = requireJid('alice@example.com').bare
const DAMPING = 1500
const GRACE = 45_000

let clock: FakeClock
let presence: PresenceService

function observed(activity: Activity, more: Partial<Observation> = {}): Observation {
  return {
    id: 'desk',
    class: 'phone',
    basic: 'open',
    activity,
    manual: false,
    since: clock.now(),
    ...more,
  }
}

function says(activity: Activity, more: Partial<Observation> = {}, report: Partial<Report> = {}) {
  const observations = [observed(activity, more)]
  presence.report({ presentity: ALICE, source: 'sip/1', until: undefined, observations, ...report })
}

const state = () => presence.document(ALICE).person.state

beforeEach(() => {
  clock = new FakeClock()
  presence = new PresenceService({ clock, dampingMs: DAMPING, graceMs: GRACE })
})

describe('what sets a person free', () => {
  it('is held back for a moment, and dated from when it was said', () => {
    says('on-a-call')
    clock.advance(60_000)
    const ended = clock.now()
    says('available')
    assert.equal(state(), 'on-a-call')
    assert.deepEqual(presence.explain(ALICE).held, ['sip/1'])
    clock.advance(DAMPING - 1)
    assert.equal(state(), 'on-a-call')
    clock.advance(1)
    assert.equal(state(), 'available')
    assert.equal(presence.document(ALICE).person.since, ended)
    assert.deepEqual(presence.explain(ALICE).held, [])
  })

  it('is never told where the next call begins meanwhile', () => {
    const told: string[] = []
    says('on-a-call')
    presence.subscribe({
      name: 'test',
      presenceChanged: ({ document }) => told.push(document.person.state),
    })
    says('available')
    clock.advance(DAMPING - 1)
    says('on-a-call')
    clock.advance(10 * DAMPING)
    // The next call is news; the pause was not.
    assert.deepEqual(told, ['on-a-call'])
  })

  it('is not held back longer for being said twice', () => {
    says('busy')
    says('available')
    clock.advance(DAMPING - 1)
    says('away')
    clock.advance(1)
    assert.equal(state(), 'away')
  })

  it('is told at once where the person said it himself, or the source went', () => {
    says('do-not-disturb', { manual: true })
    says('available')
    assert.equal(state(), 'available')
    says('busy')
    says('available', { manual: true })
    assert.equal(state(), 'available')
    says('on-a-call')
    presence.withdraw(ALICE, 'sip/1')
    assert.equal(state(), 'offline')
  })

  it('ends with its report, held back or not', () => {
    says('on-a-call')
    says('available', {}, { until: clock.now() + 1000 })
    clock.advance(1000)
    assert.equal(state(), 'offline')
  })

  it('is told at once where damping is off', () => {
    presence = new PresenceService({ clock, dampingMs: 0 })
    says('on-a-call')
    says('available')
    assert.equal(state(), 'available')
  })
})

describe('a lost source', () => {
  it('is believed for the grace period, and then unknown', () => {
    says('available')
    presence.lost(ALICE, 'sip/1')
    clock.advance(GRACE - 1)
    assert.equal(state(), 'available')
    clock.advance(1)
    assert.equal(state(), 'unknown')
    assert.equal(presence.document(ALICE).tuples[0]?.basic, 'closed')
  })

  it('is back with its next report', () => {
    says('on-a-call')
    presence.lost(ALICE, 'sip/1')
    clock.advance(GRACE)
    says('available')
    assert.equal(state(), 'available')
    clock.advance(10 * GRACE)
    assert.equal(state(), 'available')
  })

  it('says no more than before where others know better, and ends when it would have', () => {
    says('available', {}, { until: clock.now() + 2 * GRACE })
    says('in-a-meeting', { class: 'calendar' }, { source: 'cal/1' })
    presence.lostAll('sip/')
    clock.advance(GRACE)
    assert.equal(state(), 'in-a-meeting')
    presence.withdraw(ALICE, 'cal/1')
    assert.equal(state(), 'unknown')
    clock.advance(GRACE)
    assert.equal(state(), 'offline')
  })

  it('that nobody knows is no error', () => {
    presence.lost(ALICE, 'sip/9')
    assert.equal(state(), 'offline')
  })
})

describe('any sequence of reports', () => {
  const step = fc.record({
    source: fc.constantFrom('sip/1', 'sip/2', 'cal/1'),
    activity: fc.constantFrom(...ACTIVITIES.filter((one) => one !== 'appear-offline')),
    manual: fc.boolean(),
    wait: fc.integer({ min: 0, max: 2 * DAMPING }),
  })
  const BUSY = ['on-a-call', 'in-a-meeting', 'busy', 'do-not-disturb']

  it('ends where it would without damping, and is never late to say that somebody is busy', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        clock = new FakeClock()
        presence = new PresenceService({ clock, dampingMs: DAMPING })
        const plain = new PresenceService({ clock, dampingMs: 0 })
        for (const { source, activity, manual, wait } of steps) {
          const observations = [observed(activity, { manual })]
          const report = { presentity: ALICE, source, until: undefined, observations }
          presence.report(report)
          plain.report(report)
          const now = plain.document(ALICE).person.state
          if (BUSY.includes(now)) assert.ok([...BUSY, 'out-of-office'].includes(state()))
          if (presence.explain(ALICE).held.length === 0) assert.equal(state(), now)
          clock.advance(wait)
        }
        clock.advance(DAMPING)
        const { person } = presence.document(ALICE)
        assert.equal(person.state, plain.document(ALICE).person.state)
        assert.equal(person.note, plain.document(ALICE).person.note)
      }),
    )
  })
})

describe('what a source says of times to come', () => {
  const HOUR = 3_600_000
  const later = (...states: [hours: number, activity: Activity][]) => ({
    later: states.map(([hours, activity]) => ({
      from: clock.now() + hours * HOUR,
      observations: [observed(activity, { since: clock.now() + hours * HOUR })],
    })),
  })

  it('holds from its time on, dated from then', () => {
    says('available', {}, later([1, 'in-a-meeting'], [2, 'available']))
    const begun = clock.now()
    assert.equal(state(), 'available')
    clock.advance(HOUR)
    assert.equal(state(), 'in-a-meeting')
    assert.equal(presence.document(ALICE).person.since, begun + HOUR)
    clock.advance(HOUR)
    assert.equal(state(), 'available')
  })

  it('is no news where it is what holds already', () => {
    says('busy', {}, later([1, 'busy']))
    const { since } = presence.document(ALICE).person
    const document = presence.document(ALICE)
    clock.advance(HOUR)
    assert.equal(presence.document(ALICE), document)
    assert.equal(document.person.since, since)
  })

  it('is replaced with what the source says next', () => {
    says('available', {}, later([1, 'busy']))
    says('away')
    clock.advance(2 * HOUR)
    assert.equal(state(), 'away')
  })

  it('is not believed of a source that is lost', () => {
    says('available', {}, later([1, 'busy']))
    presence.lost(ALICE, 'sip/1')
    clock.advance(GRACE)
    assert.equal(state(), 'unknown')
    clock.advance(HOUR)
    assert.equal(state(), 'unknown')
  })
})
