import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SipTransports } from '../../../src/sip/transport/transports.ts'
import { SystemClock } from '../../../src/util/clock.ts'
import { silentLog } from '../../../src/util/log.ts'

test('of several UDP listeners a request leaves by the one with the address towards its peer', async () => {
  const transports = new SipTransports({ clock: new SystemClock(), log: silentLog })
  const hosts = ['127.0.0.2', '0.0.0.0', '127.0.0.1', '::1']
  for (const host of hosts) await transports.listenUdp({ host, port: 0 })
  const leavesBy = (host: string) =>
    transports.listening.find(
      ({ port }) => port === transports.localEndpoint({ transport: 'udp', host, port: 9 }).port,
    )?.host
  assert.equal(leavesBy('127.0.0.1'), '127.0.0.1')
  assert.equal(leavesBy('::1'), '::1')
  assert.equal(leavesBy('192.0.2.1'), '0.0.0.0')
  await transports.close()
})
