import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { requireJid } from '../../../src/core/address.ts'
import { compose } from '../../../src/core/presence/composition.ts'
import { COMPOSITION_TABLE } from '../../../src/core/presence/composition-table.ts'
import {
  ACTIVITIES,
  type Activity,
  type Observation,
  type Report,
  SOURCE_CLASSES,
  type SourceClass,
} from '../../../src/core/presence/observation.ts'

const DAVE = requireJid('dave@example.com').bare
const NOON = Date.UTC(2030, 0, 1, 12)

interface Said {
  manual?: boolean
  since?: number
  note?: string
}

function says(source: string, klass: SourceClass, activity: Activity, more: Said = {}): Report {
  const observation: Observation = {
    id: '1',
    class: klass,
    basic: activity === 'offline' ? 'closed' : 'open',
    activity,
    manual: more.manual ?? false,
    note: more.note,
    since: more.since ?? NOON,
  }
  return { presentity: DAVE, source, observations: [observation], until: undefined }
}

const phoneCall = says('phone', 'phone', 'on-a-call')
const phoneIdle = says('phone', 'phone', 'available')
const clientActive = says('client', 'enterprise-im', 'available')
const clientIdle = says('client', 'enterprise-im', 'away')

function stateOf(...reports: Report[]): string {
  const { document, explanation } = compose(DAVE, reports, NOON)
  return `${document.person.state} by ${explanation.rule}`
}

describe('the composition table', () => {
  const manual = (activity: Activity) => says('hand', 'manual', activity, { manual: true })
  const cases: [string, Report[], string][] = [
    ['nobody says anything', [], 'offline by nothing'],
    ['a chosen offline hides a call', [manual('offline'), phoneCall], 'offline by manual-offline'],
    [
      'a chosen DND hides a call',
      [manual('do-not-disturb'), phoneCall],
      'do-not-disturb by manual-dnd',
    ],
    [
      'a chosen out of office hides a call',
      [manual('out-of-office'), phoneCall],
      'out-of-office by manual-out-of-office',
    ],
    [
      'a phone that takes no calls',
      [says('phone', 'phone', 'do-not-disturb'), clientActive],
      'do-not-disturb by automatic-dnd',
    ],
    ['a call shows over an active client', [phoneCall, clientActive], 'on-a-call by call'],
    ['a call shows over a chosen away', [phoneCall, manual('away')], 'on-a-call by call'],
    ['a chosen away hides an active client', [manual('away'), clientActive], 'away by manual-busy'],
    [
      'a chosen available is no bar to a meeting',
      [manual('available'), says('cal', 'calendar', 'in-a-meeting')],
      'in-a-meeting by meeting',
    ],
    [
      'out of office hides a meeting',
      [says('cal', 'calendar', 'out-of-office'), says('cal2', 'calendar', 'in-a-meeting')],
      'out-of-office by out-of-office',
    ],
    [
      'a meeting hides an active client',
      [says('cal', 'calendar', 'in-a-meeting'), clientActive],
      'in-a-meeting by meeting',
    ],
    [
      'an application says busy',
      [says('app', 'application', 'busy'), clientActive],
      'busy by busy',
    ],
    [
      'an active client speaks before a phone',
      [phoneIdle, clientActive],
      'available by active-client',
    ],
    [
      'a phone makes an idle person reachable',
      [phoneIdle, clientIdle],
      'available by phone-available',
    ],
    ['only idle clients', [clientIdle], 'away by idle'],
    ['only sources that are gone', [says('phone', 'phone', 'offline')], 'offline by offline'],
  ]
  for (const [title, reports, expected] of cases) {
    it(`${title}: ${expected}`, () => assert.equal(stateOf(...reports), expected))
  }

  it('has a case here for every rule', () => {
    const shown = new Set(cases.map(([, , expected]) => expected.split(' by ')[1]))
    assert.deepEqual(
      COMPOSITION_TABLE.map((rule) => rule.id).filter((id) => !shown.has(id)),
      [],
    )
  })

  it('covers every activity by hand or not, of every class', () => {
    for (const activity of ACTIVITIES) {
      for (const klass of SOURCE_CLASSES) {
        for (const manual of [true, false]) {
          const { document } = compose(DAVE, [says('s', klass, activity, { manual })], NOON)
          assert.equal(document.person.state, activity)
        }
      }
    }
  })

  it('follows the manual’s User D through his day', () => {
    const available = says('lync', 'enterprise-im', 'available')
    const dnd = says('lync', 'enterprise-im', 'do-not-disturb', { manual: true })
    assert.equal(stateOf(phoneCall, available), 'on-a-call by call')
    assert.equal(stateOf(phoneCall, dnd), 'do-not-disturb by manual-dnd')
    assert.equal(stateOf(phoneCall, available), 'on-a-call by call')
    assert.equal(stateOf(phoneIdle, available), 'available by active-client')
  })
})

describe('a composed person', () => {
  it('has been in his state since the first source that still says so', () => {
    const { document, explanation } = compose(
      DAVE,
      [
        says('desk', 'phone', 'on-a-call', { since: NOON - 60_000, note: 'On the phone' }),
        says('mobile', 'phone', 'on-a-call', { since: NOON }),
      ],
      NOON,
    )
    assert.equal(document.person.since, NOON - 60_000)
    assert.equal(explanation.winner?.source, 'mobile')
    assert.equal(document.person.note, 'On the phone')
  })

  it('is offline since the given time when nothing is known', () => {
    assert.equal(compose(DAVE, [], NOON - 5).document.person.since, NOON - 5)
  })
})

const observations: fc.Arbitrary<Observation> = fc.record({
  id: fc.constantFrom('a', 'b', 'c'),
  class: fc.constantFrom(...SOURCE_CLASSES),
  basic: fc.constantFrom('open', 'closed'),
  activity: fc.constantFrom(...ACTIVITIES),
  manual: fc.boolean(),
  note: fc.option(fc.string({ maxLength: 5 }), { nil: undefined }),
  since: fc.integer({ min: NOON - 5, max: NOON + 5 }),
})

const reports: fc.Arbitrary<Report[]> = fc.uniqueArray(
  fc.record({
    presentity: fc.constant(DAVE),
    source: fc.constantFrom('xmpp/a', 'xmpp/b', 'sip/1', 'sip/2', 'api/x', 'cal/1'),
    observations: fc.uniqueArray(observations, { selector: (one) => one.id, maxLength: 3 }),
    until: fc.constant(undefined),
  }),
  { selector: (report) => report.source, maxLength: 6 },
)

describe('composition', () => {
  it('does not depend on the order of reports or of what they hold', () => {
    const shuffled = reports.chain((list) =>
      fc.tuple(
        fc.constant(list),
        fc.shuffledSubarray(list, { minLength: list.length, maxLength: list.length }),
      ),
    )
    fc.assert(
      fc.property(shuffled, ([list, other]) => {
        const reversed = other.map((report) => ({
          ...report,
          observations: report.observations.toReversed(),
        }))
        assert.deepEqual(compose(DAVE, reversed, NOON), compose(DAVE, list, NOON))
      }),
      { numRuns: 2000 },
    )
  })

  it('gives every tuple an id of its own that is valid in XML, sorted', () => {
    fc.assert(
      fc.property(reports, (list) => {
        const ids = compose(DAVE, list, NOON).document.tuples.map((tuple) => tuple.id)
        assert.equal(new Set(ids).size, list.flatMap((report) => report.observations).length)
        assert.deepEqual(ids, ids.toSorted())
        for (const id of ids) assert.match(id, /^t[0-9a-f]{12}$/)
      }),
    )
  })
})
