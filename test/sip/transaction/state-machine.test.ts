import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StateMachine } from '../../../src/sip/transaction/state-machine.ts'

test('a move that the FSM does not draw throws and changes nothing', () => {
  const machine = new StateMachine<'a' | 'b'>('a', { a: ['b'], b: [] })
  assert.throws(() => machine.transition('a'), /no transition from a to a/)
  machine.transition('b')
  assert.throws(() => machine.transition('a'))
  assert.equal(machine.state, 'b')
})
