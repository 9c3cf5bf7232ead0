import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { compose } from '../../../../src/core/presence/composition/compose.ts'
import type { Extra, Observation, Report } from '../../../../src/core/presence/observation.ts'
import { DAVE, NOON, says } from './reports.ts'

const extra = (of: Extra['of'], kind: string, text: string): Extra => ({ of, kind, text })

const saying = (
  source: string,
  extras: readonly Extra[],
  changes: Partial<Observation> = {},
): Report => says(source, 'phone', 'available', { ...changes, extras })

const composed = (...reports: Report[]) => compose(DAVE, reports, NOON).document
const textsOf = (extras: readonly Extra[] | undefined) => extras?.map(({ text }) => text)

describe('what sources say beside what is composed', () => {
  it('of a service stays with it, of the person is the document’s', () => {
    const { tuples, extras } = composed(
      saying('a', [
        extra('service', 'k', 's'),
        extra('status', 'k', 't'),
        extra('person', 'k', 'p'),
      ]),
    )
    assert.deepEqual(textsOf(tuples[0]?.extras), ['s', 't'])
    assert.deepEqual(textsOf(extras), ['p'])
  })

  it('is one source’s word of each kind: who speaks for the person, else the newest', () => {
    const call = says('call', 'phone', 'on-a-call', {
      extras: [extra('person', 'mood', 'calm')],
      since: 0,
    })
    const old = saying('old', [extra('person', 'mood', 'sad'), extra('person', 'icon', '1')], {
      since: 1,
    })
    const young = saying('young', [extra('person', 'icon', '2'), extra('person', 'icon', '3')], {
      since: 2,
    })
    assert.deepEqual(textsOf(composed(old, young, call).extras), ['2', '3', 'calm'])
    assert.deepEqual(textsOf(composed(old, young).extras), ['2', '3', 'sad'])
  })

  it('tells devices apart by their ID', () => {
    const device = (id: string, text: string) => extra('device', id, text)
    const { extras } = composed(
      saying('a', [device('urn:2', 'x'), device('urn:1', 'y')], { since: 1 }),
      saying('b', [device('urn:1', 'z')], { since: 2 }),
    )
    assert.deepEqual(textsOf(extras), ['z', 'x'])
  })

  it('is nothing where he hides, and no field where nobody says any', () => {
    const hides = says('a', 'enterprise-im', 'appear-offline', {
      extras: [extra('person', 'k', 'p')],
    })
    assert.deepEqual(composed(hides), composed())
    assert.equal(composed(saying('a', [])).extras, undefined)
  })

  it('of one who says nothing else makes no service, and leaves his state to the others', () => {
    const bare = says('card', 'enterprise-im', 'offline', {
      bare: true,
      basic: 'closed',
      extras: [extra('person', 'card', 'c')],
    })
    assert.equal(composed(bare).person.state, 'offline')
    const both = composed(bare, saying('a', []))
    assert.deepEqual([both.person.state, both.tuples.length], ['available', 1])
    assert.deepEqual(textsOf(both.extras), ['c'])
  })

  it('does not depend on the order in which it came', () => {
    const anyExtra = fc.record({
      of: fc.constantFrom('service', 'status', 'person', 'device', 'presentity'),
      kind: fc.constantFrom('a', 'b'),
      text: fc.constantFrom('1', '2', '3'),
    })
    const reports = fc.uniqueArray(
      fc.record({
        source: fc.constantFrom('p', 'q', 'r', 's'),
        extras: fc.array(anyExtra, { maxLength: 4 }),
        since: fc.integer({ min: 0, max: 2 }),
      }),
      { selector: ({ source }) => source, minLength: 1 },
    )
    fc.assert(
      fc.property(reports, fc.infiniteStream(fc.nat()), (said, keys) => {
        const made = said.map(({ source, extras, since }) => saying(source, extras, { since }))
        const order = made.map((report) => ({ report, key: keys.next().value ?? 0 }))
        const shuffled = order.sort((a, b) => a.key - b.key).map(({ report }) => report)
        assert.deepEqual(composed(...shuffled), composed(...made))
      }),
    )
  })
})
