/** Every pair of sources, with every state by hand: what ADR 3 says of each, held against all of them. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Composition, compose } from '../../../../src/core/presence/composition/compose.ts'
import { PRESETS } from '../../../../src/core/presence/composition/presets/presets.ts'
import type { CompositionPreset } from '../../../../src/core/presence/composition/table.ts'
import {
  ACTIVITIES,
  type Activity,
  type Report,
  sourceClasses,
} from '../../../../src/core/presence/observation.ts'
import { byHand, DAVE, NOON, says } from './reports.ts'

const AUTOMATIC = sourceClasses(['added']).flatMap((name) =>
  ACTIVITIES.filter((activity) => activity !== 'appear-offline').map((activity) => ({
    name,
    activity,
  })),
)
type Source = (typeof AUTOMATIC)[number]

interface Met {
  readonly one: Source
  readonly other: Source
  readonly manual: Activity | undefined
  readonly composition: Composition
}

/** Some 50,000: each unordered pair, also of one source with another that says the same. */
function* everything(preset: CompositionPreset): Generator<Met> {
  for (const [at, one] of AUTOMATIC.entries()) {
    for (const other of AUTOMATIC.slice(at)) {
      for (const manual of [undefined, ...ACTIVITIES]) {
        const composition = composed(preset, one, other, manual)
        yield { one, other, manual, composition }
      }
    }
  }
}

function composed(
  preset: CompositionPreset,
  one: Source,
  other: Source,
  manual?: Activity,
): Composition {
  const reports: Report[] = [
    says('one', one.name, one.activity),
    says('other', other.name, other.activity),
    ...(manual ? [byHand(manual)] : []),
  ]
  return compose(DAVE, reports, NOON, preset)
}

const stateOf = ({ document }: Composition) => document.person.state
const title = ({ one, other, manual }: Met) =>
  `${one.name} ${one.activity}, ${other.name} ${other.activity}, by hand ${manual}`

for (const preset of PRESETS) {
  const rank = (id: string) => preset.rules.findIndex((rule) => rule.id === id)
  const alone = new Map(
    AUTOMATIC.map((source) => {
      const { explanation } = composed(preset, source, source)
      return [source, rank(explanation.rule)]
    }),
  )
  const every = (check: (met: Met) => void) => {
    for (const met of everything(preset)) check(met)
  }

  describe(`every pair of sources and state by hand, by the preset ${preset.name}`, () => {
    it('gives the state of one of the three, and offline to nobody but who hides or is not there', () => {
      every((met) => {
        const state = stateOf(met.composition)
        const { one, other, manual, composition } = met
        const { rule } = composition.explanation
        if (rule === 'appear-offline' || rule === 'free-calendar') {
          assert.equal(state, 'offline', title(met))
        } else assert.ok([one.activity, other.activity, manual].includes(state), title(met))
      })
    })

    it('hides who appears offline, whatever else is said', () => {
      every((met) => {
        const hides = met.manual === 'appear-offline' || met.manual === 'offline'
        assert.equal(met.composition.explanation.rule === 'appear-offline', hides, title(met))
        if (hides) assert.deepEqual(met.composition.document, compose(DAVE, [], NOON).document)
      })
    })

    it('shows a chosen Do Not Disturb over everything else', () => {
      every((met) => {
        if (met.manual !== 'do-not-disturb') return
        assert.equal(met.composition.explanation.rule, 'manual-dnd', title(met))
      })
    })

    it('follows the rule that comes first for any of them', () => {
      every((met) => {
        if (met.manual) return
        const first = Math.min(alone.get(met.one) ?? 99, alone.get(met.other) ?? 99)
        assert.equal(rank(met.composition.explanation.rule), first, title(met))
      })
    })

    it('is the same for the other order', () => {
      for (const one of AUTOMATIC) {
        for (const other of AUTOMATIC) {
          for (const manual of [undefined, ...ACTIVITIES]) {
            const there = composed(preset, one, other, manual)
            const back = composed(preset, other, one, manual)
            assert.equal(stateOf(back), stateOf(there))
            assert.equal(back.explanation.rule, there.explanation.rule)
          }
        }
      }
    })

    it('takes no word of a lost source or a free calendar against one that is there', () => {
      every((met) => {
        if (met.manual || !isNothing(met.other)) return
        if (isNothing(met.one)) return
        const one = composed(preset, met.one, met.one)
        assert.equal(stateOf(met.composition), stateOf(one), title(met))
      })
    })

    it('never shows as available who is on a call', () => {
      every((met) => {
        if (met.one.activity !== 'on-a-call') return
        assert.notEqual(stateOf(met.composition), 'available', title(met))
      })
    })
  })
}

function isNothing({ name, activity }: Source): boolean {
  const plans = name === 'calendar' || name === 'out-of-office'
  return activity === 'unknown' || (plans && activity === 'available')
}

describe('what tells the presets apart', () => {
  const choices = ['busy', 'be-right-back', 'away'] as const

  it('is that a call shows over such a choice in one, and not in the other', () => {
    for (const manual of choices) {
      const call: Source = { name: 'phone', activity: 'on-a-call' }
      const states = PRESETS.map((preset) => stateOf(composed(preset, call, call, manual)))
      assert.deepEqual(states, ['on-a-call', manual])
    }
  })

  it('is that such a choice stands above every machine in one', () => {
    const [, microsoft] = PRESETS
    assert.ok(microsoft)
    for (const met of everything(microsoft)) {
      if (!choices.some((choice) => choice === met.manual)) continue
      assert.equal(stateOf(met.composition), met.manual, title(met))
    }
  })
})
