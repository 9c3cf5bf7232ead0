/** Dialogs of several publishers are one list (RFC 4235 §3.11, §4.1.1). */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { DIALOG_INFO, type DialogElement } from '../../../../src/formats/dialog-info.ts'
import { DialogStates } from '../../../../src/sip/events/dialogs/dialog-states.ts'
import type { PublishedState } from '../../../../src/sip/events/event-package.ts'
import { ALICE } from '../support.ts'

function publication(id: string, publishedAt = 0): PublishedState {
  const body = Buffer.alloc(0)
  return { id, presentity: ALICE, contentType: DIALOG_INFO, body, publishedAt, expiresAt: 60_000 }
}

function info(...dialogs: DialogElement[]) {
  return { version: 0, state: 'full', entity: 'sip:alice@example.com', dialogs } as const
}

function told(states: DialogStates): [string, string][] {
  return states.of(ALICE).map(({ element: { id, state } }) => [id, state])
}

describe('the dialogs of a user (RFC 4235 §3.11)', () => {
  it('are those of all his publishers, each under an id of its own (§4.1.1)', () => {
    const states = new DialogStates()
    states.put(publication('desk'), info({ id: '1', state: 'confirmed' }))
    states.put(
      publication('mobile'),
      info({ id: '1', state: 'early' }, { id: '2', state: 'trying' }),
    )
    assert.deepEqual(told(states), [
      ['1', 'confirmed'],
      ['1.mobile', 'early'],
      ['2', 'trying'],
    ])
    states.put(publication('desk'), info())
    states.put(publication('mobile'), info({ id: '1', state: 'confirmed' }))
    assert.deepEqual(told(states), [['1.mobile', 'confirmed']])
    states.remove(publication('mobile'))
    assert.deepEqual(told(states), [])
  })

  it('are told of once, though a phone and its call server publish the same one: the latest word counts', () => {
    const states = new DialogStates()
    const half = { callId: 'c1', localTag: 'a' }
    states.put(publication('server', 1), info({ id: 's', ...half, state: 'early' }))
    states.put(
      publication('phone', 2),
      info({ id: 'p', ...half, remoteTag: 'b', state: 'confirmed' }),
    )
    assert.deepEqual(told(states), [['s', 'confirmed']])
    states.put(
      publication('server', 3),
      info({ id: 's', ...half, remoteTag: 'b', state: 'terminated' }),
    )
    assert.deepEqual(told(states), [['s', 'terminated']])
    states.put(
      publication('phone', 4),
      info({ id: 'p', ...half, remoteTag: 'c', state: 'confirmed' }),
    )
    assert.equal(told(states).length, 2)
  })

  it('stay the same object until one of them changes, and everybody is told then', () => {
    const states = new DialogStates()
    const changed: string[] = []
    const listening = states.onChange((presentity) => changed.push(presentity))
    states.put(publication('desk'), info({ id: '1', state: 'early' }))
    assert.equal(states.of(ALICE), states.of(ALICE))
    const before = states.of(ALICE)
    states.put(publication('desk'), info({ id: '1', state: 'confirmed' }))
    assert.notEqual(states.of(ALICE), before)
    states.remove(publication('nobody'))
    assert.deepEqual(changed, [ALICE, ALICE])
    listening[Symbol.dispose]()
    states.remove(publication('desk'))
    assert.deepEqual(changed, [ALICE, ALICE])
  })
})
