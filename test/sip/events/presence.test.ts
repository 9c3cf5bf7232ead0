import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { EVERYTHING, NOTHING } from '../../../src/core/presence/access/access.ts'
import type { Fallback } from '../../../src/core/presence/access/rule-index.ts'
import { PresenceService } from '../../../src/core/presence/presence.ts'
import { PIDF } from '../../../src/formats/pidf.ts'
import { SipError } from '../../../src/sip/errors.ts'
import type { PublishedState } from '../../../src/sip/events/event-package.ts'
import { presencePackage } from '../../../src/sip/events/presence.ts'
import { testAccess } from '../../support/access.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { ALICE, BOB, eventDeps } from './support.ts'

function setUp(policy: Fallback = 'allow') {
  const clock = new FakeClock()
  const access = testAccess({ sameSystem: policy })
  const presence = new PresenceService({ clock })
  const events = eventDeps({ clock, presence, access })
  const watcher = { address: BOB, account: BOB, protocol: 'sip' as const }
  const subject = { presentity: ALICE, watcher, entity: 'sip:alice@example.com' }
  const publish = (tuple: string, id = 'p1') => {
    const body = Buffer.from(
      `<presence xmlns="urn:ietf:params:xml:ns:pidf" xmlns:r="urn:ietf:params:xml:ns:pidf:rpid" entity="sip:alice@example.com">${tuple}</presence>`,
    )
    const state: PublishedState = {
      id,
      presentity: ALICE,
      contentType: PIDF,
      body,
      publishedAt: clock.now(),
      expiresAt: clock.now() + 60_000,
    }
    presencePackage.publication.prepare(events, state)()
    return state
  }
  const shown = () => {
    const visible = policy === 'allow' ? EVERYTHING : NOTHING
    const viewing = { contentType: PIDF, visible, version: 0, since: 0, known: undefined }
    return presencePackage.render(events, subject, viewing).body.toString()
  }
  return { clock, presence, events, subject, publish, shown }
}

const OPEN = '<tuple id="a"><status><basic>open</basic></status>'

describe('the presence package', () => {
  test('decides as the access rules do', async () => {
    for (const policy of ['allow', 'confirm', 'block'] as const) {
      const { events, subject } = setUp(policy)
      const { decision } = await presencePackage.authorize(events, subject)
      assert.equal(decision, policy)
    }
  })

  test('shows who may see the composed state, under the URI that he asked for', () => {
    const { publish, shown } = setUp()
    publish(`${OPEN}<note>back soon</note></tuple>`)
    assert.match(shown(), /entity="sip:alice@example\.com"/)
    assert.match(shown(), /<basic>open<\/basic>/)
    assert.match(shown(), /back soon/)
  })

  test('shows who may not see it what it shows of an offline person', () => {
    const { publish, shown } = setUp('block')
    const before = shown()
    publish(`${OPEN}<note>secret</note></tuple>`)
    assert.equal(shown(), before)
  })

  test('tells of each change of the presentity', () => {
    const { events, publish } = setUp()
    const changed: (string | undefined)[] = []
    using _ = presencePackage.watch(events, (presentity) => changed.push(presentity))
    publish(`${OPEN}</tuple>`)
    assert.deepEqual(changed, [ALICE])
  })
})

describe('a publication', () => {
  test('is a phone’s unless it names a class of ours', () => {
    const { publish, presence } = setUp()
    publish(`${OPEN}</tuple>`, 'p1')
    publish(`${OPEN}<r:class>enterprise-im</r:class></tuple>`, 'p2')
    publish(`${OPEN}<r:class>gadget</r:class></tuple>`, 'p3')
    const classes = presence.document(ALICE).tuples.map((tuple) => tuple.class)
    assert.deepEqual(classes.sort(), ['enterprise-im', 'phone', 'phone'])
  })

  test('ends when it is withdrawn, and by itself', () => {
    const { publish, presence, events, clock } = setUp()
    const state = publish(`${OPEN}</tuple>`, 'p1')
    publish(`${OPEN}</tuple>`, 'p2')
    presencePackage.publication.withdraw(events, state)
    assert.equal(presence.explain(ALICE).reports.length, 1)
    clock.advance(60_000)
    assert.equal(presence.document(ALICE).person.state, 'offline')
  })

  test('that cannot be read gets 400, one with too much in it 413', () => {
    const { publish } = setUp()
    const refusedWith = (status: number) => (error: unknown) =>
      error instanceof SipError && error.status === status
    assert.throws(() => publish('<tuple'), refusedWith(400))
    assert.throws(
      () => publish('<tuple id="a"><status><basic>ajar</basic></status></tuple>'),
      refusedWith(400),
    )
    assert.throws(() => publish(`${OPEN}</tuple>`.repeat(100)), refusedWith(413))
  })
})
