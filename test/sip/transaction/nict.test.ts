import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NonInviteClientTransaction } from '../../../src/sip/transaction/nict.ts'
import { DEFAULT_TIMER_BASE, timersFor } from '../../../src/sip/transaction/timers.ts'
import type { TransportName } from '../../../src/sip/transport/transport.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { response } from './responses.ts'

function start(transport: TransportName = 'udp') {
  const clock = new FakeClock()
  const began = clock.now()
  const log: string[] = []
  const note = (what: string) => log.push(`${what}@${clock.now() - began}`)
  const fsm = new NonInviteClientTransaction(clock, timersFor(transport, DEFAULT_TIMER_BASE), {
    send: () => note('send'),
    response: ({ status }) => note(String(status)),
    timeout: () => note('timeout'),
    unreachable: () => note('unreachable'),
    terminated: () => note('end'),
  })
  fsm.start()
  return { clock, fsm, log }
}

test('over UDP timer E doubles up to T2, eleven sends in all, until timer F', () => {
  const { clock, log } = start()
  clock.advance(60_000)
  assert.deepEqual(log, [
    ...['send@0', 'send@500', 'send@1500', 'send@3500', 'send@7500', 'send@11500', 'send@15500'],
    ...['send@19500', 'send@23500', 'send@27500', 'send@31500', 'timeout@32000', 'end@32000'],
  ])
  assert.equal(clock.pendingTimers, 0)
})

test('over TCP nothing is repeated and timer F still gives up', () => {
  const { clock, log } = start('tcp')
  clock.advance(60_000)
  assert.deepEqual(log, ['send@0', 'timeout@32000', 'end@32000'])
})

test('once proceeding the request is repeated every T2, and timer F runs on', () => {
  const { clock, fsm, log } = start()
  fsm.receive(response(100))
  clock.advance(9_000)
  // The interval that was running ends first (§17.1.2.2).
  assert.deepEqual(log, ['send@0', '100@0', 'send@500', 'send@4500', 'send@8500'])
  clock.advance(23_000)
  assert.equal(log.at(-1), 'end@32000')
})

test('a final response is told once and its copies are absorbed for timer K', () => {
  const { clock, fsm, log } = start()
  fsm.receive(response(200))
  fsm.receive(response(200))
  fsm.receive(response(500))
  assert.equal(fsm.state, 'completed')
  clock.advance(5_000)
  assert.deepEqual(log, ['send@0', '200@0', 'end@5000'])
})

test('over TCP a final response ends the transaction at once', () => {
  const { clock, fsm, log } = start('tcp')
  fsm.receive(response(403))
  assert.deepEqual(log, ['send@0', '403@0', 'end@0'])
  assert.equal(clock.pendingTimers, 0)
})

test('a transport error ends what waits and nothing that is answered', () => {
  const waiting = start()
  waiting.fsm.transportFailed()
  waiting.fsm.transportFailed()
  assert.deepEqual(waiting.log, ['send@0', 'unreachable@0', 'end@0'])

  const answered = start()
  answered.fsm.receive(response(200))
  answered.fsm.transportFailed()
  assert.equal(answered.fsm.state, 'completed')
})
