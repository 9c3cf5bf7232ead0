import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NonInviteServerTransaction } from '../../../src/sip/transaction/nist.ts'
import { DEFAULT_TIMER_BASE, timersFor } from '../../../src/sip/transaction/timers.ts'
import type { TransportName } from '../../../src/sip/transport/transport.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { reply } from './responses.ts'

function start(transport: TransportName = 'udp') {
  const clock = new FakeClock()
  const began = clock.now()
  const log: string[] = []
  const note = (what: string) => log.push(`${what}@${clock.now() - began}`)
  const fsm = new NonInviteServerTransaction(clock, timersFor(transport, DEFAULT_TIMER_BASE), {
    send: ({ status }) => note(String(status)),
    terminated: () => note('end'),
  })
  return { clock, fsm, log }
}

test('copies of the request are dropped while trying, and get the last response from then on', () => {
  const { fsm, log } = start()
  fsm.retransmission()
  fsm.respond(reply(100))
  fsm.retransmission()
  fsm.respond(reply(200))
  fsm.retransmission()
  assert.deepEqual(log, ['100@0', '100@0', '200@0', '200@0'])
  assert.equal(fsm.state, 'completed')
})

test('over UDP copies are absorbed for timer J', () => {
  const { clock, fsm, log } = start()
  fsm.respond(reply(200))
  clock.advance(31_999)
  assert.equal(fsm.state, 'completed')
  clock.advance(1)
  assert.deepEqual(log, ['200@0', 'end@32000'])
})

test('over TCP the final response ends the transaction at once', () => {
  const { clock, fsm, log } = start('tls')
  fsm.respond(reply(200))
  assert.deepEqual(log, ['200@0', 'end@0'])
  assert.equal(clock.pendingTimers, 0)
})

test('there is one final response', () => {
  const { fsm, log } = start()
  assert.equal(fsm.respond(reply(404)), true)
  assert.equal(fsm.respond(reply(200)), false)
  assert.deepEqual(log, ['404@0'])
})

test('abandoning ends it once, whatever its state', () => {
  const { clock, fsm, log } = start()
  fsm.respond(reply(200))
  fsm.abandon()
  fsm.abandon()
  assert.deepEqual(log, ['200@0', 'end@0'])
  assert.equal(clock.pendingTimers, 0)
})
