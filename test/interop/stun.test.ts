/** coturn's STUN client asks the SIP port of the server itself (RFC 5626 §8, RFC 8489), over IPv4 and IPv6. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { it } from 'node:test'
import { formatAddress } from '../../src/config/values.ts'
import { startTestServer } from '../support/server.ts'

for (const host of ['127.0.0.1', '::1']) {
  it(`tells turnutils_stunclient its address at ${host}`, async () => {
    const listen = `listen.sipUdp=${formatAddress({ host, port: 0 })}`
    await using server = await startTestServer({ args: ['--set', listen] })
    const args = ['-p', String(server.port('sipUdp')), host]
    const { status, stdout } = spawnSync('turnutils_stunclient', args, { timeout: 10_000 })
    assert.equal(status, 0)
    assert.match(stdout.toString(), new RegExp(`UDP reflexive addr: ${host}:\\d+`))
  })
}
