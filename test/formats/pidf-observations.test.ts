import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { PidfDocument, PidfState, PidfTuple } from '../../src/formats/pidf-model.ts'
import {
  type ObservationOptions,
  observationsFromPidf,
} from '../../src/formats/pidf-observations.ts'
import { NOW } from './arbitraries.ts'

const HOUR = 3_600_000
const STATE: PidfState = {
  id: 'x',
  activities: [],
  places: [],
  class: undefined,
  note: undefined,
  timestamp: NOW - HOUR,
  extras: [],
}
const TUPLE: PidfTuple = {
  ...STATE,
  basic: 'open',
  contact: undefined,
  contactPriority: undefined,
  capabilities: undefined,
  timed: [],
}
const doing = (
  activity: PidfState['activities'][number]['activity'],
  from?: number,
  until?: number,
) => ({ activity, from, until, note: undefined })

function observe(document: Partial<PidfDocument>, options: Partial<ObservationOptions> = {}) {
  const nothing = { entity: undefined, tuples: [], person: undefined, note: undefined, extras: [] }
  const whole = { ...nothing, ...document }
  return observationsFromPidf(whole, { defaultClass: 'phone', now: NOW, ...options })
}

function observeOne(document: Partial<PidfDocument>) {
  const [only, ...more] = observe(document)
  assert.ok(only)
  assert.equal(more.length, 0)
  return only
}

describe('a tuple', () => {
  it('that says no more than open or closed is available or offline', () => {
    assert.deepEqual(observe({ tuples: [TUPLE] }), [
      {
        id: 'x',
        class: 'phone',
        basic: 'open',
        activity: 'available',
        manual: false,
        note: undefined,
        location: undefined,
        contact: undefined,
        contactPriority: undefined,
        capabilities: undefined,
        extras: undefined,
        since: NOW - HOUR,
      },
    ])
    assert.equal(observeOne({ tuples: [{ ...TUPLE, basic: 'closed' }] }).activity, 'offline')
  })

  it('without a basic status takes no communication', () => {
    assert.equal(observeOne({ tuples: [{ ...TUPLE, basic: undefined }] }).basic, 'closed')
  })

  it('has the activity of the person, since the person has it', () => {
    const person = { ...STATE, activities: [doing('on-a-call')], timestamp: NOW - 60_000 }
    const { activity, basic, since } = observeOne({ tuples: [TUPLE], person })
    assert.equal(activity, 'on-a-call')
    assert.equal(basic, 'open')
    assert.equal(since, NOW - 60_000)
  })

  it('has its own activity where it says one', () => {
    const person = { ...STATE, activities: [doing('away')] }
    const tuple = { ...TUPLE, activities: [doing('busy')], timestamp: NOW - 5 }
    const { activity, since } = observeOne({ tuples: [tuple], person })
    assert.equal(activity, 'busy')
    assert.equal(since, NOW - 5)
  })

  it('is of the class that it says if it is one of ours, of the person’s or of the default', () => {
    const classes = (tuple: string | undefined, person: string | undefined) =>
      observeOne({ tuples: [{ ...TUPLE, class: tuple }], person: { ...STATE, class: person } })
        .class
    assert.equal(classes('calendar', undefined), 'calendar')
    assert.equal(classes('gadget', undefined), 'phone')
    assert.equal(classes(undefined, 'enterprise-im'), 'enterprise-im')
    assert.equal(classes('Internet IM', undefined), 'internet-im')
    assert.equal(classes('LOB Application', undefined), 'lob')
  })

  it('may be of a class that this system added', () => {
    const tuples = [{ ...TUPLE, class: 'Door-Badge' }]
    const [one] = observe({ tuples }, { addedClasses: ['door-badge'] })
    assert.equal(one?.class, 'door-badge')
  })

  it('takes the person’s note where it has none', () => {
    const tuple = { ...TUPLE, note: 'tuple' }
    const person = { ...STATE, note: 'person' }
    assert.equal(observeOne({ tuples: [tuple], person, note: 'all' }).note, 'tuple')
    assert.equal(observeOne({ tuples: [TUPLE], person, note: 'all' }).note, 'person')
    assert.equal(observeOne({ tuples: [TUPLE], note: 'all' }).note, 'all')
  })

  it('of a phone that knows no RPID tells its state in its note', () => {
    assert.equal(observeOne({ tuples: [{ ...TUPLE, note: 'On the phone' }] }).activity, 'on-a-call')
    assert.equal(observeOne({ tuples: [TUPLE], note: 'Busy (DND)' }).activity, 'do-not-disturb')
    assert.equal(observeOne({ tuples: [TUPLE], note: 'In Tokyo' }).activity, 'available')
  })
})

describe('a state set by hand', () => {
  it('is that of a person or a tuple of the class manual', () => {
    const person = { ...STATE, class: 'manual', activities: [doing('do-not-disturb')] }
    assert.equal(observeOne({ tuples: [TUPLE], person }).manual, true)
    assert.equal(observeOne({ tuples: [{ ...TUPLE, class: 'manual' }] }).manual, true)
    assert.equal(observeOne({ tuples: [TUPLE] }).manual, false)
  })
})

describe('appearing offline', () => {
  it('is always the person’s own choice', () => {
    const person = { ...STATE, activities: [doing('appear-offline')] }
    for (const observation of [...observe({ person }), ...observe({ person, tuples: [TUPLE] })]) {
      assert.equal(observation.activity, 'appear-offline')
      assert.equal(observation.manual, true)
    }
  })
})

describe('an unknown activity', () => {
  const person = { ...STATE, activities: [doing('unknown')] }

  it('leaves an open service available', () => {
    assert.equal(observeOne({ person, tuples: [TUPLE] }).activity, 'available')
  })

  it('is all there is to a closed service, or to a person without any', () => {
    const closed = observeOne({ person, tuples: [{ ...TUPLE, basic: 'closed' }] })
    assert.equal(closed.activity, 'unknown')
    const alone = observeOne({ person })
    assert.deepEqual([alone.activity, alone.basic], ['unknown', 'closed'])
  })
})

describe('a location', () => {
  const at = (location: string, from?: number, until?: number) => ({ location, from, until })

  it('is the tuple’s own or the person’s', () => {
    const person = { ...STATE, places: [at('office')] }
    assert.equal(observeOne({ person, tuples: [TUPLE] }).location, 'office')
    const tuples = [{ ...TUPLE, places: [at('hotel')] }]
    assert.equal(observeOne({ person, tuples }).location, 'hotel')
    const alone = { ...person, activities: [doing('busy')] }
    assert.equal(observeOne({ person: alone }).location, 'office')
  })

  it('is the first that holds', () => {
    const places = [at('train', NOW - 5, NOW), at('airport', NOW + 5), at('hotel', NOW)]
    assert.equal(observeOne({ tuples: [{ ...TUPLE, places }] }).location, 'hotel')
  })
})

describe('a person without tuples', () => {
  it('is an observation of his own', () => {
    const person = { ...STATE, class: 'calendar', activities: [doing('in-a-meeting')] }
    const observation = observeOne({ person })
    assert.equal(observation.activity, 'in-a-meeting')
    assert.equal(observation.class, 'calendar')
    assert.equal(observation.basic, 'open')
    assert.equal(observation.id, 'x')
  })

  it('who does nothing is none', () => {
    assert.deepEqual(observe({ person: STATE }), [])
    assert.deepEqual(observe({}), [])
  })
})

describe('time', () => {
  it('that has not come yet is now', () => {
    const tuple = { ...TUPLE, timestamp: NOW + HOUR }
    assert.equal(observeOne({ tuples: [tuple] }).since, NOW)
    const person = { ...STATE, activities: [doing('busy')], timestamp: NOW + HOUR }
    assert.equal(observeOne({ person }).since, NOW)
    assert.equal(observeOne({ person, tuples: [TUPLE] }).since, NOW)
  })

  it('that is not told is now', () => {
    assert.equal(observeOne({ tuples: [{ ...TUPLE, timestamp: undefined }] }).since, NOW)
  })

  it('bounds activities', () => {
    const during = (from?: number, until?: number) =>
      observeOne({
        tuples: [TUPLE],
        person: { ...STATE, activities: [doing('busy', from, until)] },
      })
    assert.equal(during(NOW - 5, NOW + 5).activity, 'busy')
    assert.equal(during(NOW - 5, NOW + 5).since, NOW - 5)
    assert.equal(during(NOW + 1).activity, 'available')
    assert.equal(during(undefined, NOW).activity, 'available')
  })

  it('leaves the foremost of the activities that hold', () => {
    const activities = [doing('on-a-call', 0, NOW - 1), doing('away'), doing('in-a-meeting')]
    assert.equal(observeOne({ person: { ...STATE, activities } }).activity, 'in-a-meeting')
  })
})

describe('ids', () => {
  it('are made unique, and kept apart by a prefix', () => {
    const tuples = [TUPLE, TUPLE, { ...TUPLE, id: '' }, { ...TUPLE, id: 'x~2' }]
    const ids = observe({ tuples }, { idPrefix: 'a/' }).map(({ id }) => id)
    assert.deepEqual(ids, ['a/x', 'a/x~2', 'a/pidf', 'a/x~2~2'])
  })
})
