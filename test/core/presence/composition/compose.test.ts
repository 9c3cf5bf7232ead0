import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { compose } from '../../../../src/core/presence/composition/compose.ts'
import type { Observation, Report } from '../../../../src/core/presence/observation.ts'
import { byHand, calendar, clientActive, DAVE, NOON, phoneCall, says } from './reports.ts'

const MINUTE = 60_000

const composed = (...reports: Report[]) => compose(DAVE, reports, NOON - 5)
const personOf = (...reports: Report[]) => composed(...reports).document.person

describe('a composed person', () => {
  it('has been in his state since the first source that still says so', () => {
    const { document, explanation } = composed(
      says('desk', 'phone', 'on-a-call', { since: NOON - MINUTE, note: 'On the phone' }),
      says('mobile', 'phone', 'on-a-call', { since: NOON }),
    )
    assert.equal(document.person.since, NOON - MINUTE)
    assert.equal(explanation.winner?.source, 'mobile')
    assert.equal(document.person.note, 'On the phone')
  })

  it('is offline since the given time when nothing is known', () => {
    assert.equal(personOf().since, NOON - 5)
  })

  it('is what he said last of what he said by hand', () => {
    const away = says('lync', 'enterprise-im', 'away', { manual: true, since: NOON - MINUTE })
    assert.equal(personOf(away, byHand('busy')).state, 'busy')
    assert.equal(personOf({ ...away, source: 'z' }, byHand('busy', { since: 0 })).state, 'away')
  })

  it('is where the source that speaks for him says, or else who said so last', () => {
    const atDesk = says('desk', 'phone', 'available', { location: 'office', since: NOON - MINUTE })
    const onTheWay = says('mobile', 'phone', 'available', { location: 'train' })
    assert.equal(personOf(phoneCall, atDesk, onTheWay).location, 'train')
    const call = says('desk', 'phone', 'on-a-call', { location: 'office', since: 0 })
    assert.equal(personOf(call, onTheWay).location, 'office')
    assert.equal(personOf(phoneCall).location, undefined)
  })

  it('is nowhere when he is gone, and not where a lost source left him', () => {
    const gone = says('desk', 'phone', 'offline', { location: 'office' })
    const lost = says('desk', 'phone', 'unknown', { location: 'office' })
    assert.equal(personOf(gone).location, undefined)
    assert.equal(personOf(lost).location, undefined)
    assert.equal(personOf(lost, clientActive).location, undefined)
  })
})

describe('whoever appears offline', () => {
  const hidden = { note: 'Ssh', location: 'office' }

  it('looks to watchers like somebody of whom nothing is known', () => {
    const nothing = composed().document
    for (const choice of ['appear-offline', 'offline'] as const) {
      assert.deepEqual(composed(byHand(choice, hidden), phoneCall).document, nothing)
    }
    const published = says('lync', 'enterprise-im', 'appear-offline', hidden)
    assert.deepEqual(composed(published, phoneCall).document, nothing)
  })

  it('knows it himself', () => {
    for (const choice of ['appear-offline', 'offline'] as const) {
      const { explanation } = composed(byHand(choice), phoneCall)
      assert.equal(explanation.state, 'appear-offline')
      assert.equal(explanation.winner?.source, 'hand')
    }
    assert.equal(composed(phoneCall).explanation.state, 'on-a-call')
    assert.equal(composed(says('phone', 'phone', 'offline')).explanation.state, 'offline')
  })
})

it('a free calendar is no more than nothing', () => {
  const { document, explanation } = composed(calendar('available'))
  assert.deepEqual(document, composed().document)
  assert.equal(explanation.state, 'offline')
})

describe('a tuple', () => {
  it('offers what its class does, unless its source says otherwise', () => {
    const offers = (source: string, name: string, more: Partial<Observation> = {}) =>
      composed(says(source, name, 'available', more)).document.tuples[0]?.capabilities
    assert.deepEqual(offers('desk', 'phone'), { voice: true })
    assert.deepEqual(offers('room', 'video'), { video: true })
    assert.deepEqual(offers('client', 'enterprise-im'), { im: true })
    assert.deepEqual(offers('desk', 'phone', { capabilities: { im: true } }), {
      voice: true,
      im: true,
    })
    assert.deepEqual(offers('fax', 'phone', { capabilities: { voice: false } }), { voice: false })
    assert.equal(offers('app', 'application'), undefined)
  })

  it('says whether its state was set by hand', () => {
    const { tuples } = composed(byHand('busy'), phoneCall).document
    assert.deepEqual(tuples.map((tuple) => [tuple.activity, tuple.manual]).toSorted(), [
      ['busy', true],
      ['on-a-call', false],
    ])
  })

  it('of a lost source takes no communication', () => {
    const { tuples } = composed(says('phone', 'phone', 'unknown'), clientActive).document
    assert.deepEqual(tuples.map((tuple) => tuple.basic).toSorted(), ['closed', 'open'])
  })
})
