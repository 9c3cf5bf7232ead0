import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { ACTIVITIES } from '../../src/core/presence/observation.ts'
import {
  activityOfElement,
  activityOfText,
  foremost,
  RPID_SPELLING,
} from '../../src/formats/rpid.ts'
import { PERSON_STATES } from './arbitraries.ts'

/** Every activity of RFC 4480 §3.2 that says something by itself. */
function standardActivities(): string[] {
  const schema = readFileSync(join(import.meta.dirname, 'schemas/rpid.xsd'), 'utf8')
  const [activities = ''] =
    /<xs:element name="activities">.*?\n {2}<\/xs:element>/s.exec(schema) ?? []
  const names = [...activities.matchAll(/<xs:element name="([a-z-]+)" type="empty"/g)]
  return names.map(([, name = '']) => name)
}

describe('RPID activities', () => {
  it('are spelt so that both we and others read them back', () => {
    for (const activity of PERSON_STATES) {
      const spelling = RPID_SPELLING[activity]
      if (!spelling) continue
      const { element, other } = spelling
      const understood = [activityOfElement(element), activityOfText(other ?? '')]
      assert.equal(foremost(understood.flatMap((known) => known ?? [])), activity)
      assert.ok(activityOfElement(element), 'a reader of RFC 4480 alone understands the element')
    }
  })

  it('are all known', () => {
    const activities = standardActivities()
    assert.equal(activities.length, 26)
    for (const name of activities) assert.ok(activityOfElement(name), name)
  })

  it('other says nothing by itself', () => {
    assert.equal(activityOfElement('other'), undefined)
    assert.equal(activityOfElement('constructor'), undefined)
  })
})

describe('states in free text', () => {
  const cases: [string, string | undefined][] = [
    ['On the phone', 'on-a-call'],
    ['On The Phone', 'on-a-call'],
    ['Busy (DND)', 'do-not-disturb'],
    ['dnd', 'do-not-disturb'],
    ['urgent-interruptions-only', 'do-not-disturb'],
    ['in-a-conference', 'on-a-call'],
    ['Be right back', 'be-right-back'],
    ['Out of Office', 'out-of-office'],
    ['Ready', 'available'],
    ['Unavailable', 'offline'],
    ['Appear offline', 'appear-offline'],
    ['Unknown', undefined],
    ['Gone fishing', undefined],
    ['busy bee', undefined],
    ['', undefined],
    ['-'.repeat(100_000), undefined],
  ]
  for (const [text, activity] of cases) {
    it(`${JSON.stringify(text.slice(0, 30))} is ${activity ?? 'not one of them'}`, () => {
      assert.equal(activityOfText(text), activity)
    })
  }
})

describe('several activities at once', () => {
  it('are told by the one that matters most to a caller', () => {
    assert.equal(foremost(['away', 'on-a-call', 'available']), 'on-a-call')
    assert.equal(foremost(['busy', 'do-not-disturb']), 'do-not-disturb')
    assert.equal(foremost([]), undefined)
  })

  it('have a place for each activity', () => {
    for (const activity of ACTIVITIES) assert.equal(foremost([activity]), activity)
  })
})
