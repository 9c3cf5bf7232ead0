import assert from 'node:assert/strict'
import { test } from 'node:test'
import { InviteServerTransaction } from '../../../src/sip/transaction/ist.ts'
import { DEFAULT_TIMER_BASE, timersFor } from '../../../src/sip/transaction/timers.ts'
import type { TransportName } from '../../../src/sip/transport/transport.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { reply } from './responses.ts'

function start(transport: TransportName = 'udp') {
  const clock = new FakeClock()
  const began = clock.now()
  const log: string[] = []
  const note = (what: string) => log.push(`${what}@${clock.now() - began}`)
  const fsm = new InviteServerTransaction(clock, timersFor(transport, DEFAULT_TIMER_BASE), {
    send: ({ status }) => note(String(status)),
    trying: () => reply(100),
    terminated: () => note('end'),
  })
  fsm.start()
  return { clock, fsm, log }
}

test('who is slow to answer is covered by a 100 after 200 ms', () => {
  const { clock, fsm, log } = start()
  fsm.retransmission()
  clock.advance(1_000)
  fsm.retransmission()
  assert.deepEqual(log, ['100@200', '100@1000'])
})

test('over UDP timer G repeats a refusal up to every T2 until timer H gives up on the ACK', () => {
  const { clock, fsm, log } = start()
  fsm.respond(reply(405))
  clock.advance(60_000)
  assert.deepEqual(log, [
    ...['405@0', '405@500', '405@1500', '405@3500', '405@7500', '405@11500', '405@15500'],
    ...['405@19500', '405@23500', '405@27500', '405@31500', 'end@32000'],
  ])
  assert.equal(clock.pendingTimers, 0)
})

test('an ACK ends repeating, and further ACKs are absorbed for timer I', () => {
  const { clock, fsm, log } = start()
  fsm.respond(reply(405))
  clock.advance(100)
  assert.equal(fsm.acknowledge(), true)
  assert.equal(fsm.state, 'confirmed')
  assert.equal(fsm.acknowledge(), true)
  fsm.retransmission()
  clock.advance(10_000)
  assert.deepEqual(log, ['405@0', 'end@5100'])
})

test('over TCP a refusal is not repeated, and the ACK ends the transaction at once', () => {
  const { clock, fsm, log } = start('tcp')
  fsm.respond(reply(405))
  clock.advance(10_000)
  fsm.acknowledge()
  assert.deepEqual(log, ['405@0', 'end@10000'])
})

test('a copy of the INVITE gets the last response again', () => {
  const { fsm, log } = start()
  fsm.respond(reply(180))
  fsm.retransmission()
  fsm.respond(reply(486))
  fsm.retransmission()
  assert.deepEqual(log, ['180@0', '180@0', '486@0', '486@0'])
})

test('a 2xx absorbs copies of the INVITE for timer L, and only the user repeats it (RFC 6026)', () => {
  const { clock, fsm, log } = start('tcp')
  assert.equal(fsm.respond(reply(200)), true)
  fsm.retransmission()
  assert.equal(fsm.acknowledge(), false)
  assert.equal(fsm.respond(reply(200)), true)
  assert.equal(fsm.respond(reply(486)), false)
  assert.equal(fsm.state, 'accepted')
  clock.advance(32_000)
  assert.deepEqual(log, ['200@0', '200@0', 'end@32000'])
})

test('there is one final response', () => {
  const { fsm } = start()
  fsm.respond(reply(486))
  assert.equal(fsm.respond(reply(200)), false)
})
