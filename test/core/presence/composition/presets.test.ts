import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { compose } from '../../../../src/core/presence/composition/compose.ts'
import { ENTERPRISE } from '../../../../src/core/presence/composition/presets/enterprise.ts'
import { MICROSOFT } from '../../../../src/core/presence/composition/presets/microsoft.ts'
import { PRESETS, presetNamed } from '../../../../src/core/presence/composition/presets/presets.ts'
import type { CompositionPreset } from '../../../../src/core/presence/composition/table.ts'
import {
  ACTIVITIES,
  type Report,
  sourceClasses,
} from '../../../../src/core/presence/observation.ts'
import {
  byHand,
  calendar,
  clientActive,
  clientIdle,
  DAVE,
  NOON,
  outcome,
  phoneCall,
  phoneIdle,
  says,
} from './reports.ts'

type Case = [title: string, reports: Report[], expected: string]

const COMMON: Case[] = [
  ['nobody says anything', [], 'offline by nothing'],
  [
    'who appears offline hides a call',
    [byHand('appear-offline'), phoneCall],
    'offline by appear-offline',
  ],
  ['a chosen offline is the same', [byHand('offline'), phoneCall], 'offline by appear-offline'],
  [
    'appearing offline stands above another choice',
    [byHand('appear-offline'), says('client', 'enterprise-im', 'busy', { manual: true })],
    'offline by appear-offline',
  ],
  [
    'a chosen DND hides a call',
    [byHand('do-not-disturb'), phoneCall],
    'do-not-disturb by manual-dnd',
  ],
  [
    'a phone that takes no calls',
    [says('phone', 'phone', 'do-not-disturb'), clientActive, phoneCall],
    'do-not-disturb by automatic-dnd',
  ],
  ['a call shows over an active client', [phoneCall, clientActive], 'on-a-call by call'],
  [
    'a video call is a call',
    [says('room', 'video', 'on-a-call'), clientActive],
    'on-a-call by call',
  ],
  [
    'a chosen available is no bar to a meeting',
    [byHand('available'), calendar('in-a-meeting')],
    'in-a-meeting by meeting',
  ],
  [
    'a meeting hides an active client',
    [calendar('in-a-meeting'), clientActive],
    'in-a-meeting by meeting',
  ],
  [
    'a meeting hides an idle one',
    [calendar('in-a-meeting'), clientIdle],
    'in-a-meeting by meeting',
  ],
  ['an application says busy', [says('app', 'application', 'busy'), clientActive], 'busy by busy'],
  [
    'an idle client for a moment',
    [says('client', 'internet-im', 'be-right-back'), clientIdle],
    'be-right-back by be-right-back',
  ],
  ['only idle clients', [clientIdle, says('desk', 'phone', 'offline')], 'away by away'],
  [
    'only sources that are gone',
    [says('phone', 'phone', 'offline'), says('client', 'lob', 'unknown')],
    'offline by offline',
  ],
  [
    'only sources that are lost',
    [says('phone', 'phone', 'unknown'), calendar('available')],
    'unknown by unknown',
  ],
  ['only a free calendar', [calendar('available')], 'offline by free-calendar'],
  ['a free calendar and an idle client', [calendar('available'), clientIdle], 'away by away'],
]

const CASES: [CompositionPreset, Case[]][] = [
  [
    ENTERPRISE,
    [
      ...COMMON,
      [
        'a chosen out of office hides a call',
        [byHand('out-of-office'), phoneCall],
        'out-of-office by manual-out-of-office',
      ],
      ['a call shows over a chosen away', [phoneCall, byHand('away')], 'on-a-call by call'],
      [
        'DND of a device shows over a chosen busy',
        [says('phone', 'phone', 'do-not-disturb'), byHand('busy')],
        'do-not-disturb by automatic-dnd',
      ],
      [
        'a chosen away hides an active client',
        [byHand('away'), clientActive],
        'away by manual-state',
      ],
      [
        'out of office hides a meeting',
        [says('mail', 'out-of-office', 'out-of-office'), calendar('in-a-meeting')],
        'out-of-office by out-of-office',
      ],
      [
        'an active client speaks before a phone',
        [phoneIdle, clientActive],
        'available by active-client',
      ],
      [
        'an added class counts as a client',
        [phoneIdle, says('door', 'door-badge', 'available')],
        'available by active-client',
      ],
      [
        'a phone makes an idle person reachable',
        [phoneIdle, clientIdle],
        'available by device-available',
      ],
    ],
  ],
  [
    MICROSOFT,
    [
      ...COMMON,
      ['a chosen busy stays in a call', [byHand('busy'), phoneCall], 'busy by manual-state'],
      ['a chosen away stays in a call', [byHand('away'), phoneCall], 'away by manual-state'],
      [
        'a chosen busy stays where a device says DND',
        [says('phone', 'phone', 'do-not-disturb'), byHand('busy')],
        'busy by manual-state',
      ],
      [
        'who is active is available though out of office',
        [calendar('out-of-office'), clientActive],
        'available by active',
      ],
      [
        'who is idle is out of office',
        [calendar('out-of-office'), clientIdle],
        'out-of-office by out-of-office',
      ],
      ['an active client shows over an idle one', [phoneIdle, clientIdle], 'available by active'],
    ],
  ],
]

for (const [preset, cases] of CASES) {
  describe(`the preset ${preset.name}`, () => {
    for (const [title, reports, expected] of cases) {
      it(`${title}: ${expected}`, () => assert.equal(outcome(preset, ...reports), expected))
    }

    it('has a case here for every rule', () => {
      const shown = new Set(cases.map(([, , expected]) => expected.split(' by ')[1]))
      assert.deepEqual(
        preset.rules.map((rule) => rule.id).filter((id) => !shown.has(id)),
        [],
      )
    })

    it('has rules with names of their own and a sentence each', () => {
      const ids = preset.rules.map(({ id }) => id)
      assert.equal(new Set(ids).size, ids.length)
      for (const { text } of preset.rules) assert.match(text, /^[A-Z].*\.$/)
    })

    it('covers every activity, by hand or not, of every class', () => {
      for (const activity of ACTIVITIES) {
        for (const name of sourceClasses(['added'])) {
          for (const manual of [true, false]) {
            const said = [says('s', name, activity, { manual })]
            const { document, explanation } = compose(DAVE, said, NOON, preset)
            assert.notEqual(explanation.rule, 'nothing')
            if (explanation.rule === 'free-calendar') continue
            const expected = activity === 'appear-offline' ? 'offline' : activity
            assert.equal(document.person.state, expected)
          }
        }
      }
    })
  })
}

describe('presets', () => {
  it('are found by their names', () => {
    for (const preset of PRESETS) assert.equal(presetNamed(preset.name), preset)
    assert.equal(presetNamed('avaya'), undefined)
  })

  it('follow the manual’s User D through his day', () => {
    const available = says('lync', 'enterprise-im', 'available')
    const dnd = says('lync', 'enterprise-im', 'do-not-disturb', { manual: true })
    for (const preset of PRESETS) {
      assert.equal(outcome(preset, phoneCall, available), 'on-a-call by call')
      assert.equal(outcome(preset, phoneCall, dnd), 'do-not-disturb by manual-dnd')
      assert.equal(outcome(preset, phoneCall, available), 'on-a-call by call')
      assert.match(outcome(preset, phoneIdle, available), /^available /)
    }
  })
})
