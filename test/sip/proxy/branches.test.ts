/** RFC 3261 §16.11, RFC 5393 §4.2. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { SipRequest, SipResponse } from '../../../src/sip/message/message.ts'
import { createResponse } from '../../../src/sip/message/respond.ts'
import { Branches, branchOf } from '../../../src/sip/proxy/branches.ts'

const branches = new Branches(Buffer.alloc(32, 1))
const VIA = 'SIP/2.0/UDP 192.0.2.10:5062;branch=z9hG4bKa;received=192.0.2.10;rport=5062'

function request(
  method: string,
  changes: Record<string, string> = {},
  uri = 'sip:bob@example.com',
) {
  const fields = {
    Via: VIA,
    From: '<sip:alice@example.com>;tag=1',
    To: '<sip:bob@example.com>',
    'Call-ID': 'c',
    CSeq: `1 ${method}`,
    ...changes,
  }
  return new SipRequest({ method, uri, headers: Object.entries(fields) })
}

describe('the proof in a branch (RFC 3261 §16.11)', () => {
  const invite = request('INVITE')
  const proof = branches.proofOf(invite)

  test('is the same for a copy, the ACK and the CANCEL', () => {
    assert.equal(branches.proofOf(request('INVITE')), proof)
    assert.equal(branches.proofOf(request('CANCEL')), proof)
    assert.equal(branches.proofOf(request('ACK', { To: '<sip:bob@example.com>;tag=9' })), proof)
  })

  test('is another for another transaction, also of a client that makes no branches', () => {
    const others = [
      { Via: VIA.replace('z9hG4bKa', 'z9hG4bKb') },
      { 'Call-ID': 'd' },
      { CSeq: '2 INVITE' },
      { From: '<sip:alice@example.com>;tag=2' },
    ]
    for (const changes of others) {
      assert.notEqual(branches.proofOf(request('INVITE', changes)), proof, JSON.stringify(changes))
    }
    const old = { Via: 'SIP/2.0/UDP 192.0.2.10' }
    assert.notEqual(
      branches.proofOf(request('INVITE', { ...old, CSeq: '1 INVITE' })),
      branches.proofOf(request('INVITE', { ...old, CSeq: '2 INVITE' })),
    )
  })

  test('is of one key only', () => {
    assert.notEqual(new Branches(Buffer.alloc(32, 2)).proofOf(invite), proof)
  })

  const onward = request('INVITE')
  onward.headers.prepend(
    'Via',
    `SIP/2.0/UDP 192.0.2.1:5060;branch=${branchOf(proof, 'AAAAAAAA')};rport`,
  )

  test('lets the response pass, whoever wrote its Vias anew', () => {
    const response = createResponse(onward, 200)
    assert.equal(branches.proofIn(response), proof)
    const [top = '', next = ''] = response.headers.getAll('Via')
    response.headers.set('Via', top, next.replace(';branch', '; branch').replace('UDP', 'udp'))
    assert.equal(branches.proofIn(response), proof)
  })

  test('does not let one pass whose next Via is another than it was', () => {
    for (const via of [
      VIA.replace('received=192.0.2.10', 'received=203.0.113.9'),
      VIA.replace('rport=5062', 'rport=80'),
      VIA.replace('UDP', 'TCP'),
    ]) {
      const response = createResponse(onward, 200)
      response.headers.set('Via', response.headers.getAll('Via')[0] ?? '', via)
      assert.equal(branches.proofIn(response), undefined, via)
    }
  })

  test('does not let one pass that has no other Via, or a branch of others', () => {
    const response = createResponse(onward, 200)
    response.headers.set('Via', response.headers.getAll('Via')[0] ?? '')
    assert.equal(branches.proofIn(response), undefined)
    const strange = new SipResponse({ status: 200, reason: 'OK', headers: [['Via', VIA]] })
    assert.equal(branches.proofIn(strange), undefined)
  })

  test('is there in another attempt at the same request, too', () => {
    const again = request('INVITE')
    again.headers.prepend('Via', `SIP/2.0/UDP h;branch=${branchOf(proof, 'AAAAAAAA', 1)}`)
    assert.equal(branches.proofIn(createResponse(again, 200)), proof)
  })
})

describe('the second part of a branch (RFC 5393 §4.2.1)', () => {
  const first = request('INVITE')
  const loop = branches.loopOf(first)
  const passed = (changes: Record<string, string> = {}, uri?: string) => {
    const again = request('INVITE', changes, uri)
    again.headers.prepend('Via', `SIP/2.0/UDP h;branch=${branchOf('p'.repeat(16), loop)}`)
    again.headers.prepend('Via', 'SIP/2.0/UDP other.example.com;branch=z9hG4bKother')
    return again
  }

  test('shows a loop: the request is here again, and nothing has changed', () => {
    const again = passed()
    assert.equal(branches.isLoop(again, branches.loopOf(again)), true)
  })

  test('does not take a spiral for a loop', () => {
    for (const again of [
      passed({}, 'sip:bob@192.0.2.20'),
      passed({ Route: '<sip:p1.example.com;lr>' }),
      passed({ 'Call-ID': 'd' }),
    ]) {
      assert.equal(branches.isLoop(again, branches.loopOf(again)), false)
    }
  })

  test('does not vary with the method', () => {
    assert.equal(branches.loopOf(request('CANCEL')), loop)
  })
})
