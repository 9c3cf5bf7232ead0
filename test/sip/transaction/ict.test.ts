import assert from 'node:assert/strict'
import { test } from 'node:test'
import { InviteClientTransaction } from '../../../src/sip/transaction/ict.ts'
import { DEFAULT_TIMER_BASE, timersFor } from '../../../src/sip/transaction/timers.ts'
import type { TransportName } from '../../../src/sip/transport/transport.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { response } from './responses.ts'

function start(transport: TransportName = 'udp') {
  const clock = new FakeClock()
  const began = clock.now()
  const log: string[] = []
  const note = (what: string) => log.push(`${what}@${clock.now() - began}`)
  const fsm = new InviteClientTransaction(clock, timersFor(transport, DEFAULT_TIMER_BASE), {
    send: () => note('send'),
    response: ({ status }) => note(String(status)),
    acknowledge: () => note('ack'),
    timeout: () => note('timeout'),
    unreachable: () => note('unreachable'),
    terminated: () => note('end'),
  })
  fsm.start()
  return { clock, fsm, log }
}

test('over UDP timer A repeats the INVITE, doubling, until timer B gives up', () => {
  const { clock, fsm, log } = start()
  clock.advance(40_000)
  assert.deepEqual(log, [
    ...['send@0', 'send@500', 'send@1500', 'send@3500', 'send@7500', 'send@15500', 'send@31500'],
    ...['timeout@32000', 'end@32000'],
  ])
  assert.equal(fsm.state, 'terminated')
  assert.equal(clock.pendingTimers, 0)
})

test('over TCP the INVITE is sent once and timer B still gives up', () => {
  const { clock, log } = start('tcp')
  clock.advance(40_000)
  assert.deepEqual(log, ['send@0', 'timeout@32000', 'end@32000'])
})

test('a provisional response ends repeating and waiting', () => {
  const { clock, fsm, log } = start()
  fsm.receive(response(180))
  clock.advance(3_600_000)
  fsm.receive(response(183))
  assert.deepEqual(log, ['send@0', '180@0', '183@3600000'])
  assert.equal(fsm.state, 'proceeding')
})

test('a refusal is acknowledged each time it comes, told once, and remembered for timer D', () => {
  const { clock, fsm, log } = start()
  fsm.receive(response(486))
  clock.advance(1_000)
  fsm.receive(response(486))
  assert.equal(fsm.state, 'completed')
  clock.advance(31_000)
  assert.deepEqual(log, ['send@0', 'ack@0', '486@0', 'ack@1000', 'end@32000'])
})

test('over TCP a refusal ends the transaction at once', () => {
  const { fsm, log } = start('tls')
  fsm.receive(response(100))
  fsm.receive(response(600))
  assert.deepEqual(log, ['send@0', '100@0', 'ack@0', '600@0', 'end@0'])
  assert.equal(fsm.state, 'terminated')
})

test('every 2xx reaches the user until timer M (RFC 6026)', () => {
  const { clock, fsm, log } = start('tcp')
  fsm.receive(response(200))
  clock.advance(10_000)
  fsm.receive(response(200))
  fsm.receive(response(486))
  fsm.receive(response(180))
  assert.equal(fsm.state, 'accepted')
  clock.advance(22_000)
  assert.deepEqual(log, ['send@0', '200@0', '200@10000', 'end@32000'])
})

test('a transport error ends what waits and nothing that is answered', () => {
  const waiting = start('tcp')
  waiting.fsm.transportFailed()
  assert.deepEqual(waiting.log, ['send@0', 'unreachable@0', 'end@0'])
  assert.equal(waiting.clock.pendingTimers, 0)

  const answered = start()
  answered.fsm.receive(response(404))
  answered.fsm.transportFailed()
  assert.equal(answered.fsm.state, 'completed')
})
