/** RFC 5626 §5.2. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { FlowTokens } from '../../../src/sip/proxy/flow-tokens.ts'
import type { Peer } from '../../../src/sip/transport/transport.ts'
import { sipRequest } from '../events/support.ts'

const tokens = new FlowTokens(Buffer.alloc(32, 1))
const ALICE: Peer = { transport: 'tcp', host: '192.0.2.10', port: 41_000 }
const BOB: Peer = { transport: 'udp', host: '2001:db8::1', port: 5062 }

const invite = sipRequest('INVITE', { callId: 'c', from: '<sip:alice@example.com>;tag=a' })
const fromAlice = sipRequest('BYE', { callId: 'c', from: '<sip:alice@example.com>;tag=a' })
const fromBob = sipRequest('BYE', { callId: 'c', from: '<sip:bob@example.com>;tag=b' })

describe('the token of a dialog (RFC 5626 §5.2)', () => {
  test('leads each side to the other', () => {
    const token = tokens.forDialog(invite, { caller: ALICE, callee: BOB })
    assert.match(token, /^[\w-]+$/, 'stands in the user part as it is')
    assert.deepEqual(tokens.read(token, fromAlice), { kind: 'dialog', towards: BOB })
    assert.deepEqual(tokens.read(token, fromBob), { kind: 'dialog', towards: ALICE })
  })

  test('leaves the way to the request-URI where a side has no flow', () => {
    const token = tokens.forDialog(invite, { caller: ALICE, callee: undefined })
    assert.deepEqual(tokens.read(token, fromAlice), { kind: 'dialog', towards: undefined })
    assert.deepEqual(tokens.read(token, fromBob), { kind: 'dialog', towards: ALICE })
  })

  test('is good for that dialog only, and nobody else can make one', () => {
    const token = tokens.forDialog(invite, { caller: ALICE, callee: BOB })
    assert.equal(tokens.read(token, sipRequest('BYE', { callId: 'other' })), undefined)
    assert.equal(new FlowTokens(Buffer.alloc(32, 2)).read(token, fromAlice), undefined)
    for (const at of [0, 15, 16, token.length - 1]) {
      const changed = token[at] === 'A' ? 'B' : 'A'
      const forged = token.slice(0, at) + changed + token.slice(at + 1)
      assert.equal(tokens.read(forged, fromAlice), undefined, `character ${at}`)
    }
    for (const nonsense of ['', 'alice', '1234', '%%%']) {
      assert.equal(tokens.read(nonsense, fromAlice), undefined, nonsense)
    }
  })
})

test('the token of a registration leads to the client, whatever the request (RFC 5626 §5.1)', () => {
  const token = tokens.forRegistration(ALICE)
  assert.deepEqual(tokens.read(token, fromBob), { kind: 'registration', flow: ALICE })
  assert.equal(tokens.read(token.slice(0, -2), fromBob), undefined)
})
