import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { serializeUri } from '../../../src/sip/message/uri.ts'
import { chooseBy, outboundRoute, uriOfHop } from '../../../src/sip/proxy/destinations.ts'
import { sipRequest } from '../events/support.ts'

const NAMES = ['a', 'b', 'c']

function request(to: number, from = 0) {
  return sipRequest('MESSAGE', {
    to: `<sip:user${to}@example.com>`,
    from: `<sip:user${from}@example.com>;tag=${to}-${from}`,
  })
}

describe('one of several destinations', () => {
  test('is the same for all requests to one user, whoever they are from', () => {
    const chosen = chooseBy(NAMES, 'to', request(1))
    for (const from of [1, 2, 3, 4, 5]) {
      assert.equal(chooseBy(NAMES, 'to', request(1, from)), chosen)
    }
  })

  test('is the same for all requests from one user where that is asked for', () => {
    const chosen = chooseBy(NAMES, 'from', request(1, 9))
    for (const to of [1, 2, 3, 4, 5]) assert.equal(chooseBy(NAMES, 'from', request(to, 9)), chosen)
  })

  test('spreads users evenly', () => {
    const counts = new Map<string | undefined, number>()
    for (let user = 0; user < 3000; user += 1) {
      const name = chooseBy(NAMES, 'to', request(user))
      counts.set(name, (counts.get(name) ?? 0) + 1)
    }
    for (const name of NAMES) assert.ok(Math.abs((counts.get(name) ?? 0) - 1000) < 100, name)
  })
})

test('a next hop is a URI that RFC 3263 resolves where it has no port', () => {
  assert.equal(
    serializeUri(uriOfHop({ host: 'gw.example.net', port: 0, transport: 'any' })),
    'sip:gw.example.net',
  )
  assert.equal(
    serializeUri(uriOfHop({ host: '192.0.2.5', port: 65_061, transport: 'tls' })),
    'sip:192.0.2.5:65061;transport=tls',
  )
})

test('the outbound proxy routes loosely', () => {
  assert.equal(
    outboundRoute('sip:p.example.com;transport=tcp'),
    '<sip:p.example.com;transport=tcp;lr>',
  )
  assert.equal(outboundRoute('sip:p.example.com;lr'), '<sip:p.example.com;lr>')
  assert.equal(outboundRoute(undefined), undefined)
})
