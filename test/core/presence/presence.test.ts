import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import { requireJid } from '../../../src/core/address.ts'
import { EVERYTHING, NOTHING, Visibility } from '../../../src/core/presence/access/access.ts'
import { ENTERPRISE } from '../../../src/core/presence/composition/presets/enterprise.ts'
import { MICROSOFT } from '../../../src/core/presence/composition/presets/microsoft.ts'
import { PRESETS } from '../../../src/core/presence/composition/presets/presets.ts'
import type { PresenceDocument } from '../../../src/core/presence/document.ts'
import type { Activity, Report, SourceClass } from '../../../src/core/presence/observation.ts'
import { type PresenceChange, PresenceService } from '../../../src/core/presence/presence.ts'
import { SharedRendering } from '../../../src/core/presence/shared-rendering.ts'
import { COMPOSITION_TABLES } from '../../../src/directory/domain.ts'
import { FakeClock } from '../../support/fake-clock.ts'

const ALICE = requireJid('alice@example.com').bare
const BOB = requireJid('bob@example.com').bare

let clock: FakeClock
let presence: PresenceService
let heard: PresenceChange[]

function start(): void {
  clock = new FakeClock()
  presence = new PresenceService({ clock })
  heard = []
  presence.subscribe({ name: 'test', presenceChanged: (change) => void heard.push(change) })
}

function report(source: string, activity: Activity, until?: number): Report {
  const observation = {
    id: '1',
    class: 'phone',
    basic: 'open',
    activity,
    manual: false,
    since: clock.now(),
  } as const
  return { presentity: ALICE, source, observations: [observation], until }
}

const states = () =>
  heard.map(({ previous, document }) => `${previous.person.state}→${document.person.state}`)

describe('the presence service', () => {
  beforeEach(() => start())

  it('tells audiences each change once, with what it was before and who won', () => {
    presence.report(report('sip/1', 'available'))
    presence.report(report('sip/1', 'available'))
    presence.report(report('sip/2', 'on-a-call'))
    assert.deepEqual(states(), ['offline→available', 'available→on-a-call'])
    assert.deepEqual(heard[1]?.winner, { source: 'sip/2', observation: '1' })
  })

  it('lets a source replace and withdraw only what it said itself', () => {
    presence.report(report('sip/1', 'available'))
    presence.report(report('sip/2', 'on-a-call'))
    presence.withdraw(ALICE, 'sip/2')
    assert.equal(presence.document(ALICE).person.state, 'available')
    presence.withdraw(ALICE, 'sip/2')
    presence.withdraw(BOB, 'sip/2')
    assert.equal(heard.length, 3)
  })

  it('takes no word for newer than now', () => {
    const { observations, ...rest } = report('sip/1', 'on-a-call')
    const ahead = observations.map((one) => ({ ...one, since: clock.now() + 60_000 }))
    presence.report({ ...rest, observations: ahead })
    assert.equal(presence.document(ALICE).person.since, clock.now())
  })

  it('tells nobody that somebody who is offline hides, nor what he does while he hides', () => {
    presence.report(report('sip/1', 'available'))
    clock.advance(1_000)
    presence.withdraw(ALICE, 'sip/1')
    const gone = presence.document(ALICE)
    clock.advance(1_000)
    presence.report(report('api/manual', 'appear-offline'))
    clock.advance(1_000)
    presence.report(report('sip/1', 'on-a-call'))
    assert.equal(presence.document(ALICE), gone)
    assert.equal(heard.length, 2)
    assert.equal(presence.explain(ALICE).explanation.state, 'appear-offline')
  })

  it('dates a state from when it began, not from when it was last said', () => {
    presence.report(report('sip/1', 'on-a-call'))
    const began = clock.now()
    clock.advance(60_000)
    presence.report(report('sip/1', 'on-a-call'))
    assert.equal(presence.document(ALICE).person.since, began)
    assert.equal(heard.length, 1)
    presence.report(report('sip/1', 'available'))
    assert.equal(presence.document(ALICE).person.since, clock.now())
  })

  it('cuts a note that is longer than anybody reads', () => {
    const [observation] = report('sip/1', 'on-a-call').observations
    assert.ok(observation)
    const long = { ...observation, note: 'x'.repeat(60_000) }
    presence.report({ ...report('sip/1', 'on-a-call'), observations: [long] })
    assert.equal(presence.document(ALICE).person.note?.length, 1024)
  })

  it('ends a report at its time, and not a moment before', () => {
    presence.report(report('sip/1', 'on-a-call', clock.now() + 60_000))
    presence.report(report('sip/2', 'available', clock.now() + 90_000))
    clock.advance(59_999)
    assert.equal(presence.document(ALICE).person.state, 'on-a-call')
    clock.advance(1)
    assert.equal(presence.document(ALICE).person.state, 'available')
    clock.advance(30_000)
    assert.equal(presence.document(ALICE).person.state, 'offline')
    assert.equal(presence.document(ALICE).person.since, clock.now())
    assert.equal(clock.pendingTimers, 0)
  })

  it('takes a report that has ended already as a withdrawal', () => {
    presence.report(report('sip/1', 'available'))
    presence.report(report('sip/1', 'on-a-call', clock.now()))
    assert.equal(presence.document(ALICE).person.state, 'offline')
  })

  it('remembers since when somebody has been offline', () => {
    presence.report(report('sip/1', 'available'))
    clock.advance(1000)
    presence.withdraw(ALICE, 'sip/1')
    const wentAt = clock.now()
    clock.advance(5000)
    assert.equal(presence.document(ALICE).person.since, wentAt)
  })

  it('answers the same document for somebody offline, so that its renderings are shared', () => {
    assert.equal(presence.document(BOB), presence.document(BOB))
    presence.report(report('sip/1', 'available'))
    presence.withdraw(ALICE, 'sip/1')
    assert.equal(presence.document(ALICE), heard.at(-1)?.document)
  })

  it('refuses more sources than a person can have, and keeps those it has', () => {
    for (let n = 0; n < 200; n++) presence.report(report(`sip/${n}`, 'available'))
    assert.throws(() => presence.report(report('sip/one-more', 'on-a-call')), RangeError)
    presence.report(report('sip/7', 'on-a-call'))
    assert.equal(presence.document(ALICE).person.state, 'on-a-call')
  })

  it('explains: the rule, the winner and every report', () => {
    presence.report(report('sip/1', 'available'))
    presence.report(report('sip/2', 'on-a-call'))
    const { explanation, reports } = presence.explain(ALICE)
    assert.equal(explanation.rule, 'call')
    assert.equal(explanation.winner?.source, 'sip/2')
    assert.deepEqual(
      reports.map(({ source }) => source),
      ['sip/1', 'sip/2'],
    )
    assert.equal(presence.explain(BOB).explanation.rule, 'nothing')
  })

  it('stops telling an audience that left', () => {
    const late: PresenceChange[] = []
    const audience = {
      name: 'late',
      presenceChanged: (change: PresenceChange) => void late.push(change),
    }
    presence.subscribe(audience)[Symbol.dispose]()
    presence.report(report('sip/1', 'available'))
    assert.equal(late.length, 0)
  })
})

describe('a view', () => {
  const TELEPHONY = new Visibility('phone', ['phone'], false)
  const says = (source: string, klass: SourceClass, activity: Activity, manual = false) =>
    presence.report({
      presentity: ALICE,
      source,
      until: undefined,
      observations: [
        { id: '1', class: klass, basic: 'open', activity, manual, since: clock.now(), note: klass },
      ],
    })
  const seen = (visible: Visibility) => presence.view(ALICE, visible).document

  beforeEach(() => start())

  it('of everything is the document itself', () => {
    says('sip/1', 'phone', 'on-a-call')
    assert.equal(seen(EVERYTHING), presence.document(ALICE))
  })

  it('of nothing is that of somebody who never was on line', () => {
    const offline = presence.document(ALICE)
    says('sip/1', 'phone', 'on-a-call')
    assert.deepEqual(seen(NOTHING), offline)
    assert.equal(seen(NOTHING), seen(NOTHING))
  })

  it('is composed from what it shows alone: the person tells no more than the services', () => {
    says('cal/1', 'calendar', 'in-a-meeting')
    assert.equal(seen(TELEPHONY).person.state, 'offline')
    says('sip/1', 'phone', 'available')
    assert.equal(seen(EVERYTHING).person.state, 'in-a-meeting')
    const { person, tuples } = seen(TELEPHONY)
    assert.deepEqual([person.state, person.note], ['available', 'phone'])
    assert.deepEqual(
      tuples.map((tuple) => tuple.class),
      ['phone'],
    )
  })

  it('stays the same object while what it shows does', () => {
    says('sip/1', 'phone', 'available')
    const before = seen(TELEPHONY)
    clock.advance(1000)
    says('cal/1', 'calendar', 'in-a-meeting')
    assert.equal(seen(TELEPHONY), before)
    says('sip/1', 'phone', 'on-a-call')
    assert.equal(seen(TELEPHONY).person.state, 'on-a-call')
  })

  it('hides a person who chose to appear offline, by whatever source, and with him his services', () => {
    says('sip/1', 'phone', 'available')
    says('api/manual', 'manual', 'offline', true)
    assert.equal(seen(TELEPHONY).person.state, 'offline')
    assert.deepEqual(seen(TELEPHONY).tuples, [])
  })

  it('dates the end of what it showed, and survives it', () => {
    says('sip/1', 'phone', 'available')
    seen(TELEPHONY)
    clock.advance(5000)
    presence.withdraw(ALICE, 'sip/1')
    const gone = seen(TELEPHONY)
    assert.deepEqual([gone.person.state, gone.person.since], ['offline', clock.now()])
    clock.advance(5000)
    says('cal/1', 'calendar', 'in-a-meeting')
    assert.equal(seen(TELEPHONY), gone)
  })
})

describe('a shared rendering', () => {
  it('is made once for each document and variant', () => {
    start()
    let made = 0
    const rendering = new SharedRendering('test', (document: PresenceDocument, entity: string) => {
      made += 1
      return `${entity} is ${document.person.state}`
    })
    presence.report(report('sip/1', 'available'))
    const first = presence.document(ALICE)
    for (let n = 0; n < 50; n++)
      assert.equal(rendering.of(first, 'sip:alice'), 'sip:alice is available')
    rendering.of(first, 'pres:alice')
    assert.equal(made, 2)
    presence.report(report('sip/1', 'on-a-call'))
    assert.equal(rendering.of(presence.document(ALICE), 'sip:alice'), 'sip:alice is on-a-call')
  })
})

describe('the table of a domain', () => {
  it('may be changed while people are on line', () => {
    clock = new FakeClock()
    let preset = ENTERPRISE
    const service = new PresenceService({ clock, presetOf: () => preset })
    const says = (source: string, activity: Activity, manual: boolean) =>
      service.report({
        ...report(source, activity),
        observations: [{ ...observed(activity), manual }],
      })
    const observed = (activity: Activity) =>
      ({ id: '1', class: 'enterprise-im', basic: 'open', activity, since: 0 }) as const
    says('xmpp/desk', 'busy', true)
    says('sip/1', 'on-a-call', false)
    assert.equal(service.document(ALICE).person.state, 'on-a-call')
    preset = MICROSOFT
    const told: string[] = []
    service.subscribe({
      name: 'test',
      presenceChanged: ({ document }) => void told.push(document.person.state),
    })
    service.recompose((presentity) => presentity === BOB)
    assert.deepEqual(told, [])
    service.recompose((presentity) => presentity === ALICE)
    assert.deepEqual(told, ['busy'])
  })

  it('is one that there is', () => {
    assert.deepEqual(
      PRESETS.map(({ name }) => name),
      [...COMPOSITION_TABLES],
    )
  })
})
