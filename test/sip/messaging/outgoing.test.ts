/** Messages that leave for SIP clients: RFC 3428 §4, and §8 for how they wait for each other. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { requireJid } from '../../../src/core/address.ts'
import { DELIVERED, refused } from '../../../src/core/messaging/message.ts'
import { sipUriOf } from '../../../src/sip/messaging/outgoing.ts'
import { fakeFlow, settle } from '../events/support.ts'
import { chat, phoneRig as setUp } from './support.ts'

describe('a message to a SIP client', () => {
  test('is a MESSAGE to its contact, in text', async () => {
    const { userAgent, binding } = setUp()
    const outcome = binding.deliver(chat('Grüße'))
    await settle()
    const { request, peer } = userAgent.last
    assert.equal(request.method, 'MESSAGE')
    assert.equal(request.uri, 'sip:bob@192.0.2.10:5060;ob')
    assert.match(request.headers.get('From') ?? '', /^<sip:alice@example\.com>;tag=\w+$/)
    assert.equal(request.headers.get('To'), '<sip:bob.b@example.com>')
    assert.equal(request.headers.get('Content-Type'), 'text/plain;charset=UTF-8')
    assert.equal(request.headers.get('Date'), undefined)
    assert.equal(request.headers.get('Contact'), undefined)
    assert.equal(request.body.toString(), 'Grüße')
    assert.equal(peer?.host, '192.0.2.10')
    await userAgent.last.answer(200)
    assert.deepEqual(await outcome, DELIVERED)
  })

  test('that was kept says when it was written', async () => {
    const { userAgent, binding } = setUp()
    void binding.deliver(chat('hi', { delayedSince: Date.UTC(2030, 0, 2, 3, 4, 5) }))
    await settle()
    assert.equal(userAgent.last.request.headers.get('Date'), 'Wed, 02 Jan 2030 03:04:05 GMT')
  })

  test('that expires says when, counted from its date (RFC 3428 §8)', async () => {
    const { userAgent, binding } = setUp()
    const delayedSince = Date.UTC(2030, 0, 2, 3, 4, 5)
    void binding.deliver(chat('hi', { delayedSince, expiresAt: delayedSince + 90_000 }))
    await settle()
    assert.equal(userAgent.last.request.headers.get('Date'), 'Wed, 02 Jan 2030 03:04:05 GMT')
    assert.equal(userAgent.last.request.headers.get('Expires'), '90')
  })

  test('waits until the one before it is answered', async () => {
    const { userAgent, binding } = setUp()
    void binding.deliver(chat('one'))
    void binding.deliver(chat('two'))
    await settle()
    assert.equal(userAgent.sent.length, 1)
    await userAgent.last.answer(200)
    assert.equal(userAgent.last.request.body.toString(), 'two')
  })

  test('without text is dropped', () => {
    const { userAgent, binding } = setUp()
    assert.deepEqual(binding.deliver(chat(undefined)), { kind: 'dropped' })
    assert.equal(userAgent.sent.length, 0)
  })

  test('goes along the path of the registration', async () => {
    const { userAgent, binding } = setUp({ path: ['<sip:edge.example.com;lr>'], peer: undefined })
    void binding.deliver(chat('hi'))
    await settle()
    assert.deepEqual(userAgent.last.request.headers.getAll('Route'), ['<sip:edge.example.com;lr>'])
    assert.equal(userAgent.last.peer, undefined)
  })

  test('is refused at once where the connection is gone', () => {
    const flow = { ...fakeFlow(), open: false }
    const { binding } = setUp({ peer: { transport: 'tcp', host: '192.0.2.10', port: 1, flow } })
    assert.deepEqual(binding.deliver(chat('hi')), refused('unreachable'))
  })

  test('above what may wait is refused', async () => {
    const { binding } = setUp()
    for (let count = 0; count < 100; count += 1) void binding.deliver(chat('hi'))
    assert.deepEqual(await binding.deliver(chat('hi')), refused('overloaded'))
  })

  test('that is not answered takes the client out of routing until it registers again', async () => {
    const { userAgent, binding } = setUp()
    assert.equal(binding.priority, 0)
    const outcome = binding.deliver(chat('hi'))
    await settle()
    await userAgent.last.answer(408)
    assert.deepEqual(await outcome, refused('timeout'))
    assert.equal(binding.priority, undefined)
    binding.renew(binding.state)
    assert.equal(binding.priority, 0)
  })
})

test('a local part becomes a user part, escaped where it must be', () => {
  assert.equal(sipUriOf(requireJid('a.b+c@example.com').bare), 'sip:a.b+c@example.com')
  assert.equal(sipUriOf(requireJid('zoë#1@example.com').bare), 'sip:zo%C3%AB%231@example.com')
  assert.equal(sipUriOf(requireJid('example.com').bare), 'sip:example.com')
})
