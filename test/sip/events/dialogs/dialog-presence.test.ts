/** A confirmed dialog (RFC 4235 §3.7.1) is on-the-phone (RFC 4480 §3.2). */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { PresenceService } from '../../../../src/core/presence/presence.ts'
import { DIALOG_INFO, type DialogState } from '../../../../src/formats/dialog-info.ts'
import { DialogPresence } from '../../../../src/sip/events/dialogs/dialog-presence.ts'
import type { PublishedState } from '../../../../src/sip/events/event-package.ts'
import { silentLog } from '../../../../src/util/log.ts'
import { FakeClock } from '../../../support/fake-clock.ts'
import { ALICE } from '../support.ts'

function setUp(dampingMs = 0) {
  const clock = new FakeClock()
  const presence = new PresenceService({ clock, dampingMs, graceMs: 5_000 })
  const calls = new DialogPresence({ clock, presence, log: silentLog })
  const publication = (id = 'desk'): PublishedState => ({
    id,
    presentity: ALICE,
    contentType: DIALOG_INFO,
    body: Buffer.alloc(0),
    publishedAt: clock.now(),
    expiresAt: clock.now() + 60_000,
  })
  const tells = (...states: DialogState[]) => {
    const dialogs = states.map((state, at) => ({ id: String(at), state }))
    calls.told(publication(), { version: 0, state: 'full', entity: 'sip:a', dialogs })
  }
  const state = () => presence.document(ALICE).person.state
  return { clock, presence, calls, publication, tells, state }
}

describe('a call that is published (RFC 4235)', () => {
  it('puts its user on a call once it is answered, and no longer than it lasts', () => {
    const { tells, state } = setUp()
    for (const dialog of ['trying', 'proceeding', 'early'] as const) {
      tells(dialog)
      assert.equal(state(), 'offline', dialog)
    }
    tells('early', 'confirmed')
    assert.equal(state(), 'on-a-call')
    tells('terminated')
    assert.equal(state(), 'offline')
  })

  it('is his phone: who may not see that class sees no call', async () => {
    const { tells, presence } = setUp()
    tells('confirmed')
    assert.deepEqual(
      presence.explain(ALICE).reports.flatMap((one) => one.observations.map((seen) => seen.class)),
      ['phone'],
    )
  })

  it('is over a moment later, so that the pause between two calls is no news (presence.damping)', () => {
    const { clock, tells, state } = setUp(1500)
    tells('confirmed')
    tells()
    tells()
    clock.advance(1400)
    assert.equal(state(), 'on-a-call')
    tells('confirmed')
    clock.advance(1400)
    assert.equal(state(), 'on-a-call')
    tells()
    clock.advance(1500)
    assert.equal(state(), 'offline')
  })

  it('ends with its publication, at once, and is unknown a while after its connection is lost', () => {
    const { clock, calls, publication, tells, state } = setUp(1500)
    tells('confirmed')
    tells()
    calls.ended(publication())
    assert.equal(state(), 'offline')
    tells('confirmed')
    calls.lost(publication())
    assert.equal(state(), 'on-a-call')
    clock.advance(5_000)
    assert.equal(state(), 'unknown')
  })

  it('is believed no longer than its publication lasts (RFC 3903 §6)', () => {
    const { clock, tells, state } = setUp()
    tells('confirmed')
    clock.advance(60_000)
    assert.equal(state(), 'offline')
  })

  it('of somebody with more sources than are kept is told to his watchers all the same', () => {
    const { presence, tells, state } = setUp()
    for (let at = 0; at < 200; at += 1) {
      presence.report({
        presentity: ALICE,
        source: `api/${at}`,
        observations: [],
        until: undefined,
      })
    }
    tells('confirmed')
    assert.equal(state(), 'offline')
  })
})
