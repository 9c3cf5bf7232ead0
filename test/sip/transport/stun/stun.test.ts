/** RFC 5626 §4.4.2 and §8: STUN keep-alives (RFC 8489, RFC 5389) on SIP's UDP port. */
import assert from 'node:assert/strict'
import dgram from 'node:dgram'
import { once } from 'node:events'
import { test } from 'node:test'
import fc from 'fast-check'
import { answerBinding, isStun } from '../../../../src/sip/transport/stun/stun-message.ts'
import { StunResponder } from '../../../../src/sip/transport/stun/stun-responder.ts'
import { FakeClock } from '../../../support/fake-clock.ts'
import { startRig } from '../../rig.ts'
import { requestText, statusOf, UdpPeer } from '../../wire.ts'

const COOKIE = Buffer.from('2112a442', 'hex')
/** Of RFC 5769 §2.1, as are the addresses below. */
const TRANSACTION = Buffer.from('b7e7a701bc34d686fa87dfae', 'hex')

function request(attributes = Buffer.alloc(0), type = 1): Buffer {
  const head = Buffer.alloc(4)
  head.writeUInt16BE(type, 0)
  head.writeUInt16BE(attributes.length, 2)
  return Buffer.concat([head, COOKIE, TRANSACTION, attributes])
}

test('the address is told under the mask (RFC 5769 §2.2, §2.3)', () => {
  const four = answerBinding(request(), { host: '192.0.2.1', port: 32853 })
  assert.equal(
    four?.toString('hex'),
    '0101000c2112a442b7e7a701bc34d686fa87dfae' + '002000080001a147e112a643',
  )
  const host = '2001:db8:1234:5678:11:2233:4455:6677'
  const six = answerBinding(request(), { host, port: 32853 })
  assert.equal(
    six?.subarray(20).toString('hex'),
    '002000140002a1470113a9faa5d3f179bc25f4b5bed2b9d9',
  )
})

test('attributes that may be ignored are, others are named in a 420', () => {
  const software = Buffer.from('8022000474657374', 'hex')
  const priority = Buffer.from('002400046e0001ff', 'hex')
  const source = { host: '::1', port: 1 }
  assert.equal(answerBinding(request(software), source)?.readUInt16BE(0), 0x0101)
  const refused = answerBinding(request(Buffer.concat([software, priority])), source)
  assert.equal(refused?.readUInt16BE(0), 0x0111)
  assert.equal(refused?.subarray(24, 28).toString('hex'), '00000414')
  assert.equal(refused?.subarray(-8).toString('hex'), '000a000200240000')
})

test('what is no Binding request is not answered', () => {
  const source = { host: '192.0.2.1', port: 1 }
  const others = {
    'an indication': request(undefined, 0x0011),
    'an answer': request(undefined, 0x0101),
    'another method': request(undefined, 0x0003),
    'another cookie': Buffer.concat([Buffer.from('00010000', 'hex'), Buffer.alloc(16)]),
    'a length that is wrong': Buffer.concat([request(), Buffer.alloc(4)]),
    'an attribute that ends early': request(Buffer.from('80220010', 'hex')),
    'too much': request(Buffer.alloc(4 * 200)),
  }
  for (const [what, bytes] of Object.entries(others)) {
    assert.equal(answerBinding(bytes, source), undefined, what)
  }
  assert.ok(!isStun(Buffer.from(requestText())))
  assert.ok(!isStun(Buffer.alloc(4)), 'the four zeros that some phones send')
})

test('whatever comes is answered by a STUN message, or not at all', () => {
  const source = { host: '192.0.2.1', port: 5060 }
  const attributes = fc.uint8Array({ maxLength: 200 })
  fc.assert(
    fc.property(attributes, fc.integer({ min: 0, max: 0x3fff }), (rest, type) => {
      for (const bytes of [request(Buffer.from(rest), type), Buffer.from(rest)]) {
        if (!isStun(bytes)) continue
        const answer = answerBinding(bytes, source)
        if (!answer) continue
        assert.deepEqual(answer.subarray(4, 20), bytes.subarray(4, 20))
        assert.equal(answer.readUInt16BE(2), answer.length - 20)
      }
    }),
    { numRuns: 2_000 },
  )
})

test('an address is answered so often in a second, and all together so often', () => {
  const clock = new FakeClock()
  const responder = new StunResponder(clock)
  const answered = (host: string, times: number) =>
    Array.from({ length: times }, () => responder.answer(request(), { host, port: 1 })).filter(
      Boolean,
    ).length
  const burst = answered('192.0.2.1', 1_000)
  assert.ok(burst >= 500 && burst <= 501, `${burst}`)
  clock.advance(1_000)
  const second = answered('192.0.2.1', 1_000)
  assert.ok(second >= 49 && second <= 51, `${second}`)
  let all = 0
  for (let host = 0; host < 30_000; host += 1) {
    all += answered(`10.${host >> 16}.${(host >> 8) & 255}.${host & 255}`, 1)
  }
  assert.ok(all >= 19_000 && all <= 20_001, `${all}`)
})

for (const host of ['127.0.0.1', '::1']) {
  test(`STUN and SIP share the UDP port of ${host}`, async () => {
    await using rig = await startRig()
    const { port } = await rig.transports.listenUdp({ host, port: 0 })
    const socket = dgram.createSocket(host === '::1' ? 'udp6' : 'udp4')
    socket.bind(0, host)
    await once(socket, 'listening')
    const own = socket.address().port
    socket.send(request(), port, host)
    const [answer] = await once(socket, 'message')
    assert.deepEqual(answer, answerBinding(request(), { host, port: own }))
    socket.close()
    await using phone = await UdpPeer.open(port, host)
    phone.send(requestText())
    assert.equal(statusOf(await phone.next()), 200)
  })
}

test('an operator who wants no STUN has none', async () => {
  await using rig = await startRig({ limits: { answersStun: false } })
  await using phone = await UdpPeer.open(rig.udp)
  phone.send(request())
  phone.send(requestText())
  assert.equal(statusOf(await phone.next()), 200)
  assert.equal(phone.inbox.waiting, 0)
})
