/** RFC 5626 §3.5.1, §4.4.1: keep-alives on connections that we opened. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { SipRequest } from '../../../src/sip/message/message.ts'
import type { Timer } from '../../../src/util/clock.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { startRig } from '../rig.ts'
import { responseText, StreamPeer } from '../wire.ts'

/** Knows how long the next ping is waited for, which is drawn. */
class WatchedClock extends FakeClock {
  untilPing = 0

  override after(delayMs: number, run: () => void): Timer {
    if (delayMs >= 80_000 && delayMs <= 100_000) this.untilPing = delayMs
    return super.after(delayMs, run)
  }
}

async function connected(keepAliveMs: number) {
  const clock = new WatchedClock()
  const rig = await startRig({ clock, limits: { keepAliveMs } })
  const proxy = createServer().listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  const bound = proxy.address()
  const port = typeof bound === 'object' && bound ? bound.port : 0
  const uri = `sip:127.0.0.1:${port};transport=tcp`
  const accepted = once(proxy, 'connection')
  const answer = rig.agent.request(
    new SipRequest({
      method: 'OPTIONS',
      uri,
      headers: [
        ['From', '<sip:a.example.com>;tag=1'],
        ['To', `<${uri}>`],
        ['Call-ID', 'ka'],
        ['CSeq', '1 OPTIONS'],
      ],
    }),
  )
  const [socket] = await accepted
  const peer = new StreamPeer(socket)
  peer.send(responseText(await peer.next(), '200 OK'))
  await answer
  return {
    clock,
    peer,
    async [Symbol.asyncDispose]() {
      await peer[Symbol.asyncDispose]()
      proxy.close()
      await rig[Symbol.asyncDispose]()
    },
  }
}

test('a ping goes out between 80 and 100 percent of the time, and its answer is awaited', async () => {
  await using it = await connected(100_000)
  for (let round = 0; round < 2; round += 1) {
    assert.ok(it.clock.untilPing >= 80_000 && it.clock.untilPing <= 100_000)
    it.clock.advance(it.clock.untilPing - 1)
    assert.equal(it.peer.inbox.waiting, 0)
    it.clock.advance(1)
    // The double line break, as this reader takes it.
    assert.deepEqual([await it.peer.next(), await it.peer.next()], ['\r\n', '\r\n'])
    it.clock.advance(9_999)
    it.peer.send('\r\n')
    // It has been read when the answer to what comes behind it is there.
    it.peer.send('\r\n\r\n')
    assert.equal(await it.peer.next(), '\r\n')
  }
  assert.equal(it.peer.socket.destroyed, false)
})

test('without an answer in ten seconds the connection is closed', async () => {
  await using it = await connected(100_000)
  it.clock.advance(it.clock.untilPing)
  await it.peer.next()
  it.clock.advance(9_999)
  assert.equal(it.peer.socket.destroyed, false)
  it.clock.advance(1)
  await it.peer.closed
})

test('nothing is asked where nothing is to be', async () => {
  await using it = await connected(0)
  it.clock.advance(3_000_000)
  it.peer.send('\r\n\r\n')
  assert.equal(await it.peer.next(), '\r\n')
  assert.equal(it.peer.inbox.waiting, 0)
})
