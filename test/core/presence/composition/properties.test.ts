import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { compose } from '../../../../src/core/presence/composition/compose.ts'
import { PRESETS } from '../../../../src/core/presence/composition/presets/presets.ts'
import type { CompositionPreset } from '../../../../src/core/presence/composition/table.ts'
import {
  ACTIVITIES,
  type Observation,
  type Report,
  sourceClasses,
} from '../../../../src/core/presence/observation.ts'
import { PresenceService } from '../../../../src/core/presence/presence.ts'
import { FakeClock } from '../../../support/fake-clock.ts'
import { DAVE, NOON } from './reports.ts'

const observations: fc.Arbitrary<Observation> = fc.record({
  id: fc.constantFrom('a', 'b', 'c'),
  class: fc.constantFrom(...sourceClasses(['added'])),
  basic: fc.constantFrom('open', 'closed'),
  activity: fc.constantFrom(...ACTIVITIES),
  manual: fc.boolean(),
  note: fc.option(fc.string({ maxLength: 5 }), { nil: undefined }),
  location: fc.option(fc.constantFrom('office', 'train'), { nil: undefined }),
  since: fc.integer({ min: NOON - 5, max: NOON + 5 }),
})

const SOURCES = ['xmpp/a', 'xmpp/b', 'sip/1', 'sip/2', 'api/x', 'cal/1']

const report: fc.Arbitrary<Report> = fc.record({
  presentity: fc.constant(DAVE),
  source: fc.constantFrom(...SOURCES),
  observations: fc.uniqueArray(observations, { selector: (one) => one.id, maxLength: 3 }),
  until: fc.constant(undefined),
})

const reports = fc.uniqueArray(report, { selector: ({ source }) => source, maxLength: 6 })

const shuffled = <T>(list: readonly T[]) =>
  fc.shuffledSubarray([...list], { minLength: list.length, maxLength: list.length })

/** What a source does: it says something, or goes. */
interface Step {
  readonly report: Report
  readonly goes: boolean
}
const step: fc.Arbitrary<Step> = fc.record({ report, goes: fc.boolean() })

/** What the service has in the end, whose sources overwrite only themselves. */
function inTheEnd(preset: CompositionPreset, steps: readonly Step[]) {
  const presence = new PresenceService({ clock: new FakeClock(NOON), presetOf: () => preset })
  for (const { report, goes } of steps) {
    if (goes) presence.withdraw(DAVE, report.source)
    else presence.report(report)
  }
  const { document, explanation } = presence.explain(DAVE)
  // Since when somebody is gone is history, and not what his sources say now.
  const { since, ...person } = document.person
  const dated = document.tuples.length > 0 ? since : undefined
  return { person, since: dated, tuples: document.tuples, explanation }
}

for (const preset of PRESETS) {
  const composed = (said: readonly Report[]) => compose(DAVE, said, NOON, preset)

  describe(`composition by the preset ${preset.name}`, () => {
    it('does not depend on the order of reports or of what they hold', () => {
      const orders = reports.chain((list) => fc.tuple(fc.constant(list), shuffled(list)))
      fc.assert(
        fc.property(orders, ([list, other]) => {
          const reversed = other.map((one) => ({
            ...one,
            observations: one.observations.toReversed(),
          }))
          assert.deepEqual(composed(reversed), composed(list))
        }),
        { numRuns: 1000 },
      )
    })

    it('does not depend on how reports of different sources come between each other, or twice', () => {
      const histories = fc.array(step, { maxLength: 12 }).chain((history) => {
        const bySource = [...Map.groupBy(history, (each) => each.report.source).values()]
        return fc.tuple(fc.constant(history), interleaved(bySource))
      })
      fc.assert(
        fc.property(histories, fc.boolean(), ([history, other], twice) => {
          const repeated = twice ? other.flatMap((one) => [one, one]) : other
          assert.deepEqual(inTheEnd(preset, repeated), inTheEnd(preset, history))
        }),
        { numRuns: 1000 },
      )
    })

    it('lets no clock decide which rule wins, nor which state, but for his last word by hand', () => {
      const skews = fc.dictionary(
        fc.constantFrom(...SOURCES),
        fc.integer({ min: -3_600_000, max: 3_600_000 }),
      )
      fc.assert(
        fc.property(reports, skews, (list, skew) => {
          const skewed = list.map((one) => ({
            ...one,
            observations: one.observations.map((said) => ({
              ...said,
              since: said.since + (skew[one.source] ?? 0),
            })),
          }))
          const [right, wrong] = [composed(list), composed(skewed)]
          assert.equal(wrong.explanation.rule, right.explanation.rule)
          if (right.explanation.rule === 'manual-state') return
          assert.equal(wrong.document.person.state, right.document.person.state)
          assert.equal(wrong.document.person.manual, right.document.person.manual)
        }),
        { numRuns: 1000 },
      )
    })

    it('has one activity in each rule, but for what is set by hand', () => {
      for (const { id, activities, manual } of preset.rules) {
        if (!manual) assert.equal(activities.length, 1, id)
      }
    })

    it('gives every tuple an id of its own that is valid in XML, sorted', () => {
      fc.assert(
        fc.property(reports, (list) => {
          const { document, explanation } = composed(list)
          const ids = document.tuples.map((tuple) => tuple.id)
          const hidden = ['appear-offline', 'free-calendar', 'nothing'].includes(explanation.rule)
          const said = hidden ? 0 : list.flatMap((one) => one.observations).length
          assert.equal(new Set(ids).size, said)
          assert.deepEqual(ids, ids.toSorted())
          for (const id of ids) assert.match(id, /^t[0-9a-f]{12}$/)
        }),
      )
    })
  })
}

/** The lists in one, each in its own order. */
function interleaved<T>(lists: readonly (readonly T[])[]): fc.Arbitrary<T[]> {
  const turns = lists.flatMap((list, at) => list.map(() => at))
  return shuffled(turns).map((order) => {
    const rest = lists.map((list) => [...list])
    return order.flatMap((at) => rest[at]?.splice(0, 1) ?? [])
  })
}
