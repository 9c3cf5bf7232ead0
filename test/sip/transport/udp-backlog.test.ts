import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { test } from 'node:test'
import { SipTransports } from '../../../src/sip/transport/transports.ts'
import { UdpBacklog } from '../../../src/sip/transport/udp-backlog.ts'
import { silentLog } from '../../../src/util/log.ts'
import { metrics } from '../../../src/util/metrics.ts'
import { FakeClock } from '../../support/fake-clock.ts'

const HEAD =
  '   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops'
const BUFFER = 0x10000

interface Socket {
  port: number
  queued: number
  lost: number
}

function row({ port, queued, lost }: Socket, address = '0100007F', nobody = '00000000'): string {
  const hex = (value: number, digits: number) =>
    value.toString(16).toUpperCase().padStart(digits, '0')
  return (
    ` 4704: ${address}:${hex(port, 4)} ${nobody}:0000 07 00000000:${hex(queued, 8)} ` +
    `00:00000000 00000000  1000        0 1420577 2 00000000a0e9cff9 ${lost}        `
  )
}

function setUp() {
  const clock = new FakeClock()
  const socket: Socket = { port: 5060, queued: 0, lost: 0 }
  const other: Socket = { port: 5062, queued: BUFFER, lost: 9 }
  const tables = () => [`${[HEAD, row(other), row(socket)].join('\n')}\n`, `${HEAD}\n`]
  const backlog = new UdpBacklog(clock, { port: 5060, bufferBytes: BUFFER }, tables)
  const look = (after = 100) => {
    clock.advance(after)
    return backlog.waitMs()
  }
  return { socket, look }
}

test('a queue that is more than half full has waited since it became so', () => {
  const { socket, look } = setUp()
  socket.queued = BUFFER / 2
  assert.equal(look(), 0)
  socket.queued = BUFFER / 2 + 1
  assert.equal(look(), 0)
  assert.equal(look(), 100)
  assert.equal(look(300), 400)
  socket.queued = 0
  assert.equal(look(), 0)
  socket.queued = BUFFER
  assert.equal(look(), 0, 'it begins anew')
})

test('a queue that loses datagrams is full, and they are counted', async () => {
  const { socket, look } = setUp()
  assert.equal(look(), 0)
  socket.lost = 3
  look()
  socket.lost = 5
  assert.equal(look(), 100)
  assert.equal(look(), 0, 'nothing more was lost')
  const text = await metrics.getSingleMetricAsString('heliograph_sip_udp_lost')
  assert.match(text, /^heliograph_sip_udp_lost 5$/m)
})

test('a socket of IPv6 is found in the other table', () => {
  const clock = new FakeClock()
  const socket = { port: 5060, queued: BUFFER, lost: 0 }
  const table = [HEAD, row(socket, '0'.repeat(32), '0'.repeat(32))].join('\n')
  const backlog = new UdpBacklog(clock, { port: 5060, bufferBytes: BUFFER }, () => ['', table])
  backlog.waitMs()
  clock.advance(100)
  assert.equal(backlog.waitMs(), 100)
})

test('where the system says nothing, nothing waits', () => {
  const backlog = new UdpBacklog(new FakeClock(), { port: 5060, bufferBytes: 1 }, () => [])
  assert.equal(backlog.waitMs(), 0)
})

test('the table of this system tells of a listener', {
  skip: process.platform !== 'linux',
}, async () => {
  const clock = new FakeClock()
  const transports = new SipTransports({ clock, log: silentLog })
  const { port } = await transports.listenUdp({ host: '127.0.0.1', port: 0 })
  const peer = createSocket('udp4')
  peer.connect(port, '127.0.0.1')
  await once(peer, 'connect')
  const [backlog] = transports.udpBacklogs
  assert.equal(backlog?.waitMs(), 0)
  // The loop does not turn here, so that nobody reads: the queue fills, and overflows at last.
  const text = 'x'.repeat(60_000)
  let waitMs = 0
  for (let n = 0; n < 10_000 && waitMs === 0; n += 1) {
    peer.send(text) // connected: it goes at once
    clock.advance(100)
    waitMs = backlog?.waitMs() ?? 0
  }
  assert.equal(waitMs, 100)
  peer.close()
  await transports.close()
})
