/** Responses go back where requests came from: RFC 3581, RFC 3261 §18.2. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { SipHeaders, SipRequest } from '../../../src/sip/message/message.ts'
import { topVia } from '../../../src/sip/message/values.ts'
import { stampVia } from '../../../src/sip/transport/response-route.ts'

const SOURCE = { host: '192.0.2.7', port: 40_000 }

function requestVia(via: string): SipRequest {
  const headers = new SipHeaders([['Via', via]])
  return new SipRequest({ method: 'OPTIONS', uri: 'sip:example.com', headers })
}

suite('stampVia', () => {
  test('overrules what the sender says of where he is', () => {
    const forged =
      'SIP/2.0/UDP a.example ;branch=z9hG4bK1 ; received = 198.51.100.9;rport = 1 ;ttl=1'
    const request = requestVia(forged)
    assert.ok(stampVia(request, SOURCE))
    const params = topVia(request)?.params
    assert.equal(params?.get('received'), SOURCE.host)
    assert.equal(params?.get('rport'), String(SOURCE.port))
    assert.equal(params?.get('ttl'), '1')
  })

  test('takes time in proportion to a Via that is mostly white space', () => {
    const cost = (spaces: number) => {
      const via = `SIP/2.0/UDP a.example${' '.repeat(spaces)};branch=z9hG4bK1;rport`
      const before = process.cpuUsage()
      for (let i = 0; i < 20; i += 1) assert.ok(stampVia(requestVia(via), SOURCE))
      return process.cpuUsage(before).user
    }
    cost(2_000)
    // 16 times the length by the square is 256 times the work.
    const [small, large] = [cost(2_000), cost(32_000)]
    assert.ok(large < 80 * Math.max(small, 500), `${small} µs, then ${large} µs`)
  })
})
