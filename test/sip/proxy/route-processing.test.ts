/** RFC 3261 §16.4 and §16.6 step 6. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { SipRequest } from '../../../src/sip/message/message.ts'
import { FlowTokens } from '../../../src/sip/proxy/flow-tokens.ts'
import { processRoutes, towardsNextHop } from '../../../src/sip/proxy/route-processing.ts'
import { ownAddresses } from './support.ts'

const deps = { own: ownAddresses(), tokens: new FlowTokens(Buffer.alloc(32)) }

function request(uri: string, ...routes: string[]): SipRequest {
  const headers: [string, string][] = [
    ['From', '<sip:alice@example.com>;tag=1'],
    ['Call-ID', 'c'],
    ...routes.map((route): [string, string] => ['Route', route]),
  ]
  return new SipRequest({ method: 'BYE', uri, headers })
}

const token = deps.tokens.forDialog(request('sip:x'), { caller: undefined, callee: undefined })
const processed = (uri: string, ...routes: string[]) => {
  const routed = processRoutes(request(uri, ...routes), deps)
  return routed && { uri: routed.uri, routes: routed.routes, token: routed.token }
}

describe('route processing (RFC 3261 §16.4)', () => {
  test('takes our own Routes away, both where we wrote two (RFC 5658)', () => {
    const ours = `<sip:${token}@192.0.2.1:5060;lr>`
    const other = '<sip:p2.example.org;lr>'
    assert.deepEqual(processed('sip:bob@192.0.2.20', '<sip:192.0.2.1;lr>', other), {
      uri: 'sip:bob@192.0.2.20',
      routes: [other],
      token: undefined,
    })
    const both = [ours, `<sip:${token}@192.0.2.1:5060;transport=tcp;lr>`]
    assert.deepEqual(processed('sip:bob@192.0.2.20', ...both, other), {
      uri: 'sip:bob@192.0.2.20',
      routes: [other],
      token: { kind: 'dialog', towards: undefined },
    })
  })

  test('knows itself by what it has signed, at whatever address', () => {
    const behindNat = `<sip:${token}@203.0.113.9:5060;lr>`
    assert.deepEqual(processed('sip:bob@192.0.2.20', behindNat)?.routes, [])
  })

  test('leaves Routes of others as they are', () => {
    const other = '<sip:bob@p2.example.org;lr>'
    assert.deepEqual(processed('sip:bob@192.0.2.20', other)?.routes, [other])
  })

  test('says where somebody has changed a token', () => {
    const forged = `<sip:${token.slice(0, -1)}~@192.0.2.1:5060;lr>`
    assert.equal(processed('sip:bob@192.0.2.20', forged)?.token, 'bad')
  })

  test('undoes what a strict router did: the request-URI is at the end of the route set', () => {
    const strict = `sip:${token}@192.0.2.1:5060;lr`
    assert.deepEqual(processed(strict, '<sip:p2.example.org;lr>', '<sip:bob@192.0.2.20>'), {
      uri: 'sip:bob@192.0.2.20',
      routes: ['<sip:p2.example.org;lr>'],
      token: { kind: 'dialog', towards: undefined },
    })
  })

  test('takes a maddr of ours away, with port and transport', () => {
    assert.equal(
      processed('sip:bob@example.org:5070;transport=tcp;maddr=example.com')?.uri,
      'sip:bob@example.org',
    )
    const others = 'sip:bob@example.org;maddr=192.0.2.99'
    assert.equal(processed(others)?.uri, others)
  })

  test('leaves a request-URI that is none to others', () => {
    assert.equal(processed('nonsense'), undefined)
  })
})

describe('towards the next hop (RFC 3261 §16.6 step 6)', () => {
  test('goes by the request-URI where there is no route', () => {
    const next = { uri: 'sip:bob@b', routes: [], hop: 'sip:bob@b' }
    assert.deepEqual(towardsNextHop('sip:bob@b', []), next)
  })

  test('goes by a loose router', () => {
    const routes = ['<sip:p1;lr>', '<sip:p2>']
    assert.deepEqual(towardsNextHop('sip:bob@b', routes), {
      uri: 'sip:bob@b',
      routes,
      hop: 'sip:p1;lr',
    })
  })

  test('puts a strict router into the request-URI, and that at the end', () => {
    assert.deepEqual(towardsNextHop('sip:bob@b', ['<sip:p1>', '<sip:p2;lr>']), {
      uri: 'sip:p1',
      routes: ['<sip:p2;lr>', '<sip:bob@b>'],
      hop: 'sip:p1',
    })
  })
})
