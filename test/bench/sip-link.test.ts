import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { it } from 'node:test'
import { openLink } from '../../bench/load/sip-link.ts'

it('nobody is given the TCP port beside the UDP port of a load generator', async () => {
  const server = createSocket('udp4').bind(0, '127.0.0.1')
  await once(server, 'listening')
  const owner = { received: () => undefined, failed: () => undefined }
  const links = [
    await openLink('udp', server.address().port, owner),
    await openLink('udp', server.address().port, owner),
  ]
  const range = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8')
  for (const link of links) {
    assert.ok(link.port < Number.parseInt(range, 10), `${link.port} is not below ${range}`)
    const [error] = await once(connect(link.port, '127.0.0.1'), 'error').catch((reason) => [reason])
    assert.equal(error.code, 'ECONNREFUSED')
    link[Symbol.dispose]()
  }
  server.close()
})
