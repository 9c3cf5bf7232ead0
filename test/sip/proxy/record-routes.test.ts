import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pathUri, recordRoutes } from '../../../src/sip/proxy/record-routes.ts'

const UDP = { transport: 'udp', host: '192.0.2.1', port: 5060 } as const
const TCP = { transport: 'tcp', host: '192.0.2.1', port: 5060 } as const
const TLS = { transport: 'tls', host: '2001:db8::1', port: 5061 } as const

test('one Record-Route where both sides use the same address, one for each otherwise (RFC 5658 §4)', () => {
  const same = recordRoutes('t', { from: TCP, to: TCP, isSecure: false })
  assert.deepEqual(same, ['<sip:t@192.0.2.1:5060;transport=tcp;lr>'])
  assert.deepEqual(recordRoutes('t', { from: UDP, to: TLS, isSecure: false }), [
    '<sip:t@[2001:db8::1]:5061;transport=tls;lr>',
    '<sip:t@192.0.2.1:5060;lr>',
  ])
})

test('a Record-Route is sips where the request-URI is (RFC 3261 §16.6 step 4)', () => {
  const secure = recordRoutes('t', { from: TLS, to: TLS, isSecure: true })
  assert.deepEqual(secure, ['<sips:t@[2001:db8::1]:5061;lr>'])
})

test('the Path of a client that speaks to us directly says ob (RFC 5626 §5.1)', () => {
  assert.equal(pathUri('t', TCP), '<sip:t@192.0.2.1:5060;transport=tcp;lr;ob>')
})
