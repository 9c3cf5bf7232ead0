/** RFC 5263: what a watcher gets who accepts partial presence. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { EVERYTHING } from '../../../src/core/presence/access/access.ts'
import { PresenceService } from '../../../src/core/presence/presence.ts'
import { PIDF_DIFF, parsePidfDiff } from '../../../src/formats/pidf-diff.ts'
import type { Rendered, State } from '../../../src/sip/events/event-package.ts'
import { negotiate } from '../../../src/sip/events/headers.ts'
import { isSameState } from '../../../src/sip/events/notify.ts'
import { presencePackage } from '../../../src/sip/events/presence.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { ALICE, BOB, eventDeps, sipRequest } from './support.ts'

function setUp() {
  const clock = new FakeClock()
  const presence = new PresenceService({ clock })
  const events = eventDeps({ clock, presence })
  const watcher = { address: BOB, account: BOB, protocol: 'sip' as const }
  const say = (phone: string, activity: 'available' | 'on-a-call') =>
    presence.report({
      presentity: ALICE,
      source: phone,
      observations: [
        {
          id: phone,
          class: 'phone',
          basic: 'open',
          activity,
          manual: false,
          since: clock.now(),
          contact: `sip:${phone}@example.com`,
        },
      ],
      until: undefined,
    })
  const render = (version: number, known?: State, entity = 'sip:alice@example.com'): Rendered => {
    const viewing = { contentType: PIDF_DIFF, visible: EVERYTHING, version, since: 0, known }
    const rendered = presencePackage.render(events, { presentity: ALICE, watcher, entity }, viewing)
    assert.ok(!(rendered instanceof Promise))
    return rendered
  }
  for (const phone of ['desk', 'mobile', 'home']) say(phone, 'available')
  return { clock, say, render }
}

const text = ({ body }: Rendered) => body.toString()

describe('a watcher of partial presence (RFC 5263 §4.4)', () => {
  test('gets all of it first, with version 1', () => {
    const { render } = setUp()
    assert.match(text(render(0)), /<p:pidf-full [^>]*version="1" entity="sip:alice@example.com">/)
  })

  test('gets what has changed since what he has, with the next version', () => {
    const { render, say } = setUp()
    const first = render(0)
    say('desk', 'on-a-call')
    const second = render(1, first.state)
    assert.match(text(second), /<p:pidf-diff [^>]*version="2"/)
    assert.match(
      text(second),
      /<p:add sel="\*\/dm:person[^>]*><rpid:activities><rpid:on-the-phone\/>/,
    )
    assert.ok(!text(second).includes('mobile'))
    assert.equal(parsePidfDiff(second.body).kind, 'diff')
  })

  test('gets all of it where nobody knows what he has', () => {
    const { render, say } = setUp()
    render(0)
    say('desk', 'on-a-call')
    assert.match(text(render(4)), /<p:pidf-full [^>]*version="5"/)
    assert.match(text(render(4, Buffer.from('of another format'))), /<p:pidf-full /)
  })

  test('has the same state as whoever has the same document, and its own version', () => {
    const { render, say } = setUp()
    const first = render(0)
    assert.equal(render(6).state, first.state)
    assert.match(text(render(6)), /version="7"/)
    say('desk', 'on-a-call')
    const called = render(1, first.state)
    assert.ok(!isSameState(called.state, first.state))
    assert.equal(render(3, first.state).state, called.state)
  })

  test('is told apart by the URI that he asked for', () => {
    const { render } = setUp()
    const [one, other] = [render(0), render(0, undefined, 'tel:+4989123')]
    assert.match(text(other), /entity="tel:\+4989123"/)
    assert.ok(!isSameState(one.state, other.state))
  })
})

describe('the format of presence (RFC 5263 §4.3)', () => {
  const { contentTypes } = presencePackage
  const cases: Record<string, string | undefined> = {
    'application/pidf+xml': 'application/pidf+xml',
    'application/pidf+xml, application/pidf-diff+xml': PIDF_DIFF,
    'application/pidf-diff+xml;q=0.5, application/pidf+xml;q=0.9': 'application/pidf+xml',
    'application/pidf+xml;q=0.3, application/pidf-diff+xml;q=1': PIDF_DIFF,
    'application/*': 'application/pidf+xml',
    '*/*': 'application/pidf+xml',
    'text/plain': undefined,
  }
  for (const [accept, expected] of Object.entries(cases)) {
    test(`of “${accept}” is ${expected}`, () => {
      const request = sipRequest('SUBSCRIBE', { headers: [['Accept', accept]] })
      assert.equal(negotiate(request, contentTypes), expected)
    })
  }

  test('is PIDF for who accepts nothing in particular', () => {
    assert.equal(negotiate(sipRequest('SUBSCRIBE'), contentTypes), 'application/pidf+xml')
  })
})
