import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { requireJid } from '../../../src/core/address.ts'
import { DELIVERED, type InstantMessage, refused } from '../../../src/core/messaging/message.ts'
import { MessageSender, sipUriOf } from '../../../src/sip/messaging/outgoing.ts'
import { Binding, type BindingState } from '../../../src/sip/registrar/binding.ts'
import { BOB, FakeUserAgent, fakeFlow, settle, UDP_SOURCE } from '../events/support.ts'

function chat(body: string | undefined, more: Partial<InstantMessage> = {}): InstantMessage {
  return {
    from: requireJid('alice@example.com/desk'),
    to: requireJid('bob@example.com'),
    type: 'chat',
    id: '1',
    thread: undefined,
    subject: undefined,
    body,
    origin: 'xmpp',
    delayedSince: undefined,
    storable: true,
    native: () => undefined,
    ...more,
  }
}

function setUp(more: Partial<BindingState> = {}) {
  const userAgent = new FakeUserAgent()
  const primaryUri = async (account: string) =>
    account === BOB ? 'sip:bob.b@example.com' : undefined
  const sender = new MessageSender({ userAgent, directory: { primaryUri } })
  const binding = new Binding(
    { sender, flows: () => [] },
    { account: BOB, id: 'sip-1', since: 0 },
    {
      contact: 'sip:bob@192.0.2.10:5060;ob?x=y',
      instance: undefined,
      regId: undefined,
      callId: 'c',
      cseq: 1,
      q: 0,
      expiresAt: 1e15,
      path: [],
      peer: UDP_SOURCE,
      userAgent: undefined,
      registeredAt: 0,
      series: undefined,
      takesMessages: true,
      ...more,
    },
  )
  return { userAgent, binding }
}

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
    assert.equal(peer, UDP_SOURCE)
    await userAgent.last.answer(200)
    assert.deepEqual(await outcome, DELIVERED)
  })

  test('that was kept says when it was written', async () => {
    const { userAgent, binding } = setUp()
    void binding.deliver(chat('hi', { delayedSince: Date.UTC(2030, 0, 2, 3, 4, 5) }))
    await settle()
    assert.equal(userAgent.last.request.headers.get('Date'), 'Wed, 02 Jan 2030 03:04:05 GMT')
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
