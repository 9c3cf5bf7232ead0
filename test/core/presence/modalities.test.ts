import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { requireJid } from '../../../src/core/address.ts'
import { compose } from '../../../src/core/presence/composition/compose.ts'
import { modalities } from '../../../src/core/presence/modalities.ts'
import type { Observation } from '../../../src/core/presence/observation.ts'

const ALICE = requireJid('alice@example.com').bare

const PHONE: Observation = {
  id: 'desk',
  class: 'phone',
  basic: 'open',
  activity: 'available',
  manual: false,
  contact: 'sip:alice@desk.example.com',
  since: 1,
}
const CLIENT: Observation = {
  ...PHONE,
  id: 'client',
  class: 'enterprise-im',
  contact: 'xmpp:alice@example.com',
  capabilities: { im: true, video: true },
}

function reach(observations: Observation[], mailbox?: string) {
  const report = { presentity: ALICE, source: 'test', until: undefined, observations }
  return modalities(compose(ALICE, [report], 0).document, mailbox)
}

describe('a person', () => {
  it('is reached by what his sources offer, there', () => {
    assert.deepEqual(reach([PHONE, CLIENT], 'mailto:alice@mail.example.com'), {
      telephone: { reachable: true, contact: 'sip:alice@desk.example.com' },
      im: { reachable: true, contact: 'xmpp:alice@example.com' },
      video: { reachable: true, contact: 'xmpp:alice@example.com' },
      email: { reachable: true, contact: 'mailto:alice@mail.example.com' },
    })
    assert.deepEqual(reach([CLIENT]).telephone, undefined)
    assert.deepEqual(reach([]), {})
  })

  it('on a call is reached by message, and by another phone', () => {
    const onCall = { ...PHONE, activity: 'on-a-call' } as const
    assert.deepEqual(reach([onCall, CLIENT]).telephone, { reachable: false })
    assert.equal(reach([onCall, CLIENT]).im?.reachable, true)
    const mobile = { ...PHONE, id: 'mobile', contact: 'tel:+13035551234' }
    assert.deepEqual(reach([onCall, mobile]).telephone, {
      reachable: true,
      contact: 'tel:+13035551234',
    })
  })

  it('who wants not to be disturbed is reached by mail alone', () => {
    const dnd = { ...CLIENT, activity: 'do-not-disturb', manual: true } as const
    const reached = reach([PHONE, dnd], 'mailto:a@b.example')
    assert.deepEqual(
      Object.entries(reached).map(([medium, { reachable }]) => [medium, reachable]),
      [
        ['telephone', false],
        ['im', false],
        ['video', false],
        ['email', true],
      ],
    )
  })

  it('is not reached by what is closed, or what nobody knows any more', () => {
    for (const gone of [
      { basic: 'closed', activity: 'offline' },
      { basic: 'closed', activity: 'unknown' },
      { basic: 'open', activity: 'unknown' },
    ] as const) {
      assert.deepEqual(reach([{ ...PHONE, ...gone }, CLIENT]).telephone, { reachable: false })
    }
  })

  it('is reached where he prefers it', () => {
    const second = { ...PHONE, id: 'soft', contact: 'sip:alice@soft', contactPriority: 0.8 }
    assert.equal(reach([PHONE, second]).telephone?.contact, 'sip:alice@soft')
  })

  it('offers no medium that a source denies', () => {
    const pager = { ...CLIENT, capabilities: { im: false } }
    assert.deepEqual(reach([pager]), {})
  })
})
