/** RFC 5118: IPv6 in SIP. One test a message of §4, in its order, and all of them over the wire. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SipRequest } from '../../../src/sip/message/message.ts'
import { parseSipDatagram } from '../../../src/sip/message/parser.ts'
import { createResponse } from '../../../src/sip/message/respond.ts'
import { serialize } from '../../../src/sip/message/serializer.ts'
import { parseSipUri, serializeUri } from '../../../src/sip/message/uri.ts'
import { validateRequest } from '../../../src/sip/message/validate.ts'
import { parseContacts, parseVia, toOf, topVia } from '../../../src/sip/message/values.ts'
import { stampVia } from '../../../src/sip/transport/response-route.ts'
import { startRig } from '../rig.ts'
import { requestText, statusOf, UdpPeer } from '../wire.ts'
import { tortureMessage, tortureNames } from './load.ts'

function parsed(bytes: Buffer): SipRequest {
  const result = parseSipDatagram(bytes)
  assert.ok(result.kind === 'message' && result.message.kind === 'request', JSON.stringify(result))
  return result.message
}

function accepted(name: string): SipRequest {
  const request = parsed(tortureMessage(name, 'rfc5118'))
  assert.equal(validateRequest(request), undefined)
  return request
}

function contactHost(request: SipRequest): string | undefined {
  const [contact] = parseContacts(request.headers.getAll('Contact')) ?? []
  assert.ok(contact && typeof contact !== 'string')
  return parseSipUri(contact.uri)?.host
}

test('4.1 ipv6-good: IPv6 references in the request-URI, Via and Contact are valid', () => {
  const request = accepted('ipv6-good')
  assert.equal(parseSipUri(request.uri)?.host, '2001:db8::10')
  assert.equal(topVia(request)?.host, '2001:db8::9:1')
  assert.equal(contactHost(request), '2001:db8::1')
})

test('4.2 ipv6-bad: an IPv6 address without brackets is refused with 400', () => {
  assert.equal(validateRequest(parsed(tortureMessage('ipv6-bad', 'rfc5118')))?.status, 400)
})

test('4.3 port-ambiguous: what looks like a port within the brackets is part of the address', () => {
  const uri = parseSipUri(accepted('port-ambiguous').uri)
  assert.equal(uri?.host, '2001:db8::10:5070')
  assert.equal(uri?.port, undefined)
})

test('4.4 port-unambiguous: a port after the brackets is a port, and is written so', () => {
  const uri = parseSipUri(accepted('port-unambiguous').uri)
  assert.equal(uri?.host, '2001:db8::10')
  assert.equal(uri?.port, 5070)
  assert.equal(uri && serializeUri(uri), 'sip:[2001:db8::10]:5070')
})

test('4.5 via-received-param-with-delim: brackets in received are tolerated', () => {
  const request = accepted('via-received-param-with-delim')
  assert.equal(topVia(request)?.params.get('received'), '[2001:db8::9:255]')
})

test('4.5 via-received-param-no-delim: without brackets it is valid, and ours never has any', () => {
  const request = accepted('via-received-param-no-delim')
  assert.equal(topVia(request)?.params.get('received'), '2001:db8::9:255')
  assert.ok(stampVia(request, { host: '2001:db8::9:256', port: 5060 }))
  const response = serialize(createResponse(request, 200)).toString()
  assert.match(response, /^Via: SIP\/2\.0\/UDP \[2001:db8::9:1\];.*received=2001:db8::9:256\r$/m)
})

test('4.6 ipv6-in-sdp: the body is carried as it is', () => {
  // As the RFC prints it, its Content-Length is longer than its body, which no datagram survives (RFC 3261 §18.3).
  const printed = tortureMessage('ipv6-in-sdp', 'rfc5118').toString()
  assert.equal(parseSipDatagram(Buffer.from(printed)).kind, 'refused')
  const request = parsed(Buffer.from(printed.replace('Content-Length: 268', 'Content-Length: 251')))
  assert.equal(validateRequest(request), undefined)
  assert.equal(toOf(request)?.uri, 'sip:user@[2001:db8::10]')
  assert.match(request.body.toString(), /^c=IN IP6 2001:db8::20\r$/m)
})

test('4.7 mult-ip-in-header: IPv4 addresses and IPv6 references mix in Via', () => {
  const vias = accepted('mult-ip-in-header').headers.getAll('Via').map(parseVia)
  assert.deepEqual(
    vias.map((via) => [via?.transport, via?.host, via?.port]),
    [
      ['UDP', '2001:db8::9:1', 6050],
      ['UDP', '192.0.2.1', undefined],
      ['TCP', '2001:db8::9:255', undefined],
    ],
  )
  assert.equal(vias[2]?.params.get('received'), '192.0.2.200')
})

test('4.8 mult-ip-in-sdp: a body may have addresses of both kinds', () => {
  const request = accepted('mult-ip-in-sdp')
  assert.match(request.body.toString(), /^c=IN IP4 192\.0\.2\.1\r\n.*\r\nc=IN IP6 2001:db8::1\r$/m)
})

test('4.9 ipv4-mapped-ipv6: mapped addresses are addresses, ports stand outside', () => {
  const request = accepted('ipv4-mapped-ipv6')
  assert.deepEqual(
    request.headers.getAll('Via').map((via) => [parseVia(via)?.host, parseVia(via)?.port]),
    [
      ['::ffff:192.0.2.10', 19823],
      ['::ffff:192.0.2.2', undefined],
    ],
  )
  assert.equal(contactHost(request), '::ffff:192.0.2.2')
})

test('4.10 ipv6-bug-abnf-3-colons: the third colon is tolerated there, and nowhere else', () => {
  const request = accepted('ipv6-bug-abnf-3-colons')
  assert.equal(parseSipUri(request.uri)?.host, '2001:db8::192.0.2.1')
  assert.equal(parseSipUri('sip:user@[2001:db8:::1]'), undefined)
})

test('4.10 ipv6-correct-abnf-2-colons: two are right', () => {
  const request = accepted('ipv6-correct-abnf-2-colons')
  assert.equal(parseSipUri(request.uri)?.host, '2001:db8::192.0.2.1')
})

const ANSWERS: Readonly<Record<string, number>> = {
  'ipv6-bad': 400,
  'ipv6-bug-abnf-3-colons': 200,
  'ipv6-correct-abnf-2-colons': 200,
  'ipv6-good': 405,
  'ipv6-in-sdp': 400,
  'ipv4-mapped-ipv6': 405,
  'mult-ip-in-header': 405,
  'mult-ip-in-sdp': 405,
  'port-ambiguous': 405,
  'port-unambiguous': 405,
  'via-received-param-no-delim': 200,
  'via-received-param-with-delim': 405,
}

for (const host of ['127.0.0.1', '::1']) {
  test(`each message gets its answer over UDP at ${host}, and does no harm`, async () => {
    await using rig = await startRig()
    const { port } = await rig.transports.listenUdp({ host, port: 0 })
    await using peer = await UdpPeer.open(port, host)
    for (const name of tortureNames('rfc5118')) {
      // Where the answer is to come back to.
      const text = tortureMessage(name, 'rfc5118').toString('latin1')
      const asking = text
        .replace(/;branch=[^;\r]+/, (branch) => `${branch}-${name};rport`)
        .replace(/^Call-ID: /m, `Call-ID: ${name}-`)
      peer.send(Buffer.from(asking, 'latin1'))
      assert.equal(statusOf(await peer.next()), ANSWERS[name], name)
    }
    peer.send(requestText())
    assert.equal(statusOf(await peer.next()), 200)
  })
}
