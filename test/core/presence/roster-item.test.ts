import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { requireJid } from '../../../src/core/address.ts'
import { newRosterItem, stepped } from '../../../src/core/presence/roster-item.ts'

const bob = requireJid('bob@corp.example').bare

describe('a contact after a step', () => {
  it('is kept off the roster while there is only his request (RFC 6121 §3.1.3)', () => {
    const item = stepped(undefined, bob, { state: 'none+in' }, '<presence/>')
    assert.equal(item?.inRoster, false)
    assert.equal(item?.pendingInStanza, '<presence/>')
    assert.equal(stepped(item, bob, { state: 'none' }), undefined)
  })

  it('keeps the first of several requests', () => {
    const first = stepped(undefined, bob, { state: 'none+in' }, 'first')
    assert.equal(stepped(first, bob, { state: 'none+in' }, 'second'), first)
    assert.equal(stepped(first, bob, { state: 'none+out+in' }, 'second')?.pendingInStanza, 'first')
  })

  it('comes onto the roster with an approval, and the request is forgotten', () => {
    const request = stepped(undefined, bob, { state: 'none+in' }, '<presence/>')
    const granted = stepped(request, bob, { state: 'from' })
    assert.equal(granted?.inRoster, true)
    assert.equal(granted?.pendingInStanza, undefined)
  })

  it('stays on the roster that the user put him on, whatever becomes of the subscription', () => {
    const listed = { ...newRosterItem(bob), name: 'Bob', subscription: 'to' as const }
    const left = stepped(listed, bob, { state: 'none' })
    assert.equal(left?.name, 'Bob')
    assert.equal(left?.subscription, 'none')
  })

  it('is the same object where nothing changed, and nothing where nothing is', () => {
    const listed = newRosterItem(bob)
    assert.equal(stepped(listed, bob, { state: 'none' }), listed)
    assert.equal(stepped(undefined, bob, { state: 'none' }), undefined)
  })

  it('is on the roster where approved beforehand', () => {
    const approved = stepped(undefined, bob, { state: 'none', approved: true })
    assert.deepEqual([approved?.inRoster, approved?.approved], [true, true])
    const taken = stepped(approved, bob, { state: 'none', approved: false })
    assert.deepEqual([taken?.inRoster, taken?.approved], [true, false])
  })
})
