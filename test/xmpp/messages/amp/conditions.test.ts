/** XEP-0079 §3.3: what meets each condition, as a table. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { requireJid } from '../../../../src/core/address.ts'
import { DELIVERED } from '../../../../src/core/messaging/message.ts'
import type { Prospect } from '../../../../src/core/messaging/messaging.ts'
import type { Session } from '../../../../src/core/sessions.ts'
import { isMet } from '../../../../src/xmpp/messages/amp/conditions.ts'
import type { Rule } from '../../../../src/xmpp/messages/amp/rules.ts'

const BARE = requireJid('bob@corp.example')
const FULL = requireJid('bob@corp.example/desk')
const NOW = Date.UTC(2030, 0, 1)

const session = (resource: string, protocol: 'xmpp' | 'sip' = 'xmpp'): Session => ({
  ...{ account: BARE.bare, resource, protocol, priority: 0 },
  deliver: () => DELIVERED,
})
const delivered = (...sessions: Session[]): Prospect => ({ kind: 'delivered', sessions })
const DESK = delivered(session('desk'))
const PHONE = delivered(session('phone'))
const SIP = delivered(session('sip', 'sip'))
const STORED: Prospect = { kind: 'stored', sessions: [] }
const NONE: Prospect = { kind: 'none', sessions: [] }

const met = (condition: Rule['condition'], prospect: Prospect, to = BARE) => {
  const values =
    condition === 'deliver'
      ? ['direct', 'forward', 'gateway', 'none', 'stored']
      : ['any', 'exact', 'other']
  return values
    .filter((value) => isMet({ condition, action: 'drop', value }, { prospect, to, now: NOW }))
    .join(' ')
}

describe('a condition', () => {
  it('deliver is met by what would become of it (§3.3.1)', () => {
    assert.equal(met('deliver', DESK), 'direct')
    assert.equal(met('deliver', delivered(session('sip', 'sip'), session('desk'))), 'direct')
    assert.equal(met('deliver', SIP), 'gateway')
    assert.equal(met('deliver', STORED), 'stored')
    assert.equal(met('deliver', NONE), 'none')
  })

  it('match-resource is met by the client that it would go to (§3.3.3)', () => {
    assert.equal(met('match-resource', DESK, FULL), 'any exact')
    assert.equal(met('match-resource', PHONE, FULL), 'any other')
    assert.equal(met('match-resource', STORED, FULL), 'other')
    assert.equal(met('match-resource', NONE, FULL), '')
    assert.equal(met('match-resource', DESK), 'any other')
    assert.equal(met('match-resource', STORED), 'exact')
    assert.equal(met('match-resource', NONE), '')
  })

  it('expire-at is met from that instant on (§3.3.2)', () => {
    const at = (value: string) =>
      isMet(
        { condition: 'expire-at', action: 'drop', value },
        { prospect: DESK, to: BARE, now: NOW },
      )
    assert.equal(at('2030-01-01T00:00:01Z'), false)
    assert.equal(at('2030-01-01T00:00:00Z'), true)
    assert.equal(at('2029-12-31T23:59:59Z'), true)
  })
})
