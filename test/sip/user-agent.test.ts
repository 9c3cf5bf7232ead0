import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SipError } from '../../src/sip/errors.ts'
import { SipRequest } from '../../src/sip/message/message.ts'
import { createResponse } from '../../src/sip/message/respond.ts'
import type { NameResolver } from '../../src/sip/transport/dns/records.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { type RigOptions, startRig } from './rig.ts'
import { headerOf, type RequestText, requestText, responseText, statusOf, UdpPeer } from './wire.ts'

async function startWithPhone(options: RigOptions = {}) {
  const rig = await startRig(options)
  const phone = await UdpPeer.open(rig.udp)
  return {
    rig,
    agent: rig.agent,
    phone,
    async ask(parts: RequestText) {
      phone.send(requestText(parts))
      return await phone.next()
    },
    async [Symbol.asyncDispose]() {
      await phone[Symbol.asyncDispose]()
      await rig[Symbol.asyncDispose]()
    },
  }
}

test('OPTIONS says what the registered parts can do', async () => {
  await using it = await startWithPhone()
  it.agent.handle('PUBLISH', () => undefined)
  it.agent.contribute({ supported: ['eventlist'], allowEvents: ['presence'] })
  it.agent.contribute({ accept: ['application/pidf+xml'], allowEvents: ['presence', 'reg'] })
  const answer = await it.ask({})
  assert.equal(statusOf(answer), 200)
  assert.equal(headerOf(answer, 'Allow'), 'OPTIONS, PUBLISH, CANCEL')
  assert.equal(headerOf(answer, 'Supported'), 'eventlist')
  assert.equal(headerOf(answer, 'Accept'), 'application/pidf+xml')
  assert.equal(headerOf(answer, 'Allow-Events'), 'presence, reg')
  assert.equal(headerOf(answer, 'Accept-Encoding'), 'identity')
  assert.notEqual(headerOf(answer, 'Accept-Language'), '')
  assert.match(headerOf(answer, 'To'), /;tag=/)
})

test('a method without a handler is 405 with Allow, one that SIP does not know 501', async () => {
  await using it = await startWithPhone()
  const refused = await it.ask({ method: 'REFER' })
  assert.equal(statusOf(refused), 405)
  assert.equal(headerOf(refused, 'Allow'), 'OPTIONS, CANCEL')
  assert.equal(statusOf(await it.ask({ method: 'FROBNICATE' })), 501)
})

test('an INVITE is refused with 405, and its ACK absorbed', async () => {
  await using it = await startWithPhone()
  const invite = { method: 'INVITE', branch: 'z9hG4bKinvite', callId: 'call' }
  const refused = await it.ask(invite)
  assert.equal(statusOf(refused), 405)
  it.phone.send(requestText({ ...invite, method: 'ACK', to: headerOf(refused, 'To') }))
  assert.equal(statusOf(await it.ask({})), 200, 'nothing came for the ACK')
})

test('the refusal of an INVITE is not repeated: its sender may be somebody else', async () => {
  const clock = new FakeClock()
  await using it = await startWithPhone({ clock })
  const invite = { method: 'INVITE', branch: 'z9hG4bKforged', callId: 'call' }
  const refused = await it.ask(invite)
  assert.equal(statusOf(refused), 405)
  clock.advance(31_000)
  assert.equal(statusOf(await it.ask({})), 200, 'nothing came again')
  assert.equal(headerOf(await it.ask(invite), 'To'), headerOf(refused, 'To'))
})

const REFUSALS: [what: string, status: number, parts: RequestText, header?: [string, string]][] = [
  ['an extension in Require that nobody has', 420, { headers: ['Require: foo, eventlist, bar'] }],
  ['an extension in Proxy-Require', 420, { headers: ['Proxy-Require: foo'] }],
  ['a scheme that is not ours', 416, { uri: 'nobodyKnowsThisScheme:totallyopaque' }],
  ['a body in an encoding', 415, { headers: ['Content-Encoding: gzip'], body: 'x' }],
  ['a From that is none', 400, { from: 'not an address <' }],
  ['a To that is none', 400, { to: '"unterminated <sip:bob@example.com>' }],
]

for (const [what, status, parts] of REFUSALS) {
  test(`${what} is refused with ${status}`, async () => {
    await using it = await startWithPhone()
    it.agent.contribute({ supported: ['eventlist'] })
    const refused = await it.ask(parts)
    assert.equal(statusOf(refused), status)
    if (parts.headers?.[0]?.startsWith('Require')) {
      assert.equal(headerOf(refused, 'Unsupported'), 'foo, bar')
    }
  })
}

test('a request without a mandatory header is refused with 400', async () => {
  await using it = await startWithPhone()
  for (const name of ['Call-ID', 'CSeq', 'From', 'To']) {
    it.phone.send(requestText().replace(new RegExp(`^${name}:.*\r\n`, 'm'), ''))
    assert.equal(statusOf(await it.phone.next()), 400, name)
  }
  it.phone.send(requestText().replace('1 OPTIONS', '1 MESSAGE'))
  assert.equal(statusOf(await it.phone.next()), 400)
})

test('the same request by another way is refused with 482', async () => {
  await using it = await startWithPhone()
  it.agent.handle('MESSAGE', () => undefined)
  const copy = { method: 'MESSAGE', callId: 'forked', cseq: 7 }
  it.phone.send(requestText(copy))
  assert.equal(statusOf(await it.ask(copy)), 482)
})

test('a copy of a request gets a copy of its response, and the handler runs once', async () => {
  await using it = await startWithPhone()
  let handled = 0
  it.agent.handle('MESSAGE', (tx) => {
    handled += 1
    tx.respond(createResponse(tx.request, 202))
  })
  const text = requestText({ method: 'MESSAGE' })
  it.phone.send(text)
  const first = await it.phone.next()
  it.phone.send(text)
  assert.equal(await it.phone.next(), first)
  assert.equal(handled, 1)
})

test('CANCEL ends an INVITE that is not answered yet, and only that', async () => {
  await using it = await startWithPhone()
  it.agent.handle('INVITE', () => undefined)
  const invite = { method: 'INVITE', branch: 'z9hG4bKcancelled', callId: 'c', cseq: 1 }
  it.phone.send(requestText(invite))
  assert.equal(statusOf(await it.phone.next()), 100)
  it.phone.send(requestText({ ...invite, method: 'CANCEL' }))
  const answers = [await it.phone.next(), await it.phone.next()]
  assert.deepEqual(
    answers.map((answer) => [statusOf(answer), headerOf(answer, 'CSeq')]),
    [
      [200, '1 CANCEL'],
      [487, '1 INVITE'],
    ],
  )
  const stray = await it.ask({ method: 'CANCEL', branch: 'z9hG4bKunknown' })
  assert.equal(statusOf(stray), 481)
})

test('a refusal that a handler throws is the answer', async () => {
  await using it = await startWithPhone()
  it.agent.handle('PUBLISH', async () => {
    throw new SipError(423, undefined, [['Min-Expires', '60']])
  })
  const refused = await it.ask({ method: 'PUBLISH' })
  assert.match(refused, /^SIP\/2\.0 423 Interval Too Brief/)
  assert.equal(headerOf(refused, 'Min-Expires'), '60')
})

test('a handler’s bug is answered with 500 and tells nothing', async () => {
  await using it = await startWithPhone()
  it.agent.handle('PUBLISH', () => {
    throw new Error('the database password is 1234')
  })
  const refused = await it.ask({ method: 'PUBLISH' })
  assert.equal(statusOf(refused), 500)
  assert.ok(!refused.includes('1234'))
})

test('a handler that never answers is answered for', async () => {
  const clock = new FakeClock()
  await using it = await startWithPhone({ clock })
  const running = Promise.withResolvers<void>()
  it.agent.handle('PUBLISH', () => {
    running.resolve()
    return new Promise(() => undefined)
  })
  it.phone.send(requestText({ method: 'PUBLISH' }))
  await running.promise
  clock.advance(30_000)
  assert.equal(statusOf(await it.phone.next()), 500)
})

test('overload is refused with 503 and Retry-After', async () => {
  await using it = await startWithPhone({ transactions: { maxServer: 1 } })
  it.agent.handle('MESSAGE', () => undefined)
  it.phone.send(requestText({ method: 'MESSAGE' }))
  const refused = await it.ask({})
  assert.equal(statusOf(refused), 503)
  assert.match(headerOf(refused, 'Retry-After'), /^\d+$/)
})

function message(uri: string, route?: string): SipRequest {
  return new SipRequest({
    method: 'MESSAGE',
    uri,
    headers: [
      ...(route ? [['Route', route] as const] : []),
      ['From', '<sip:alice@example.com>;tag=1'],
      ['To', `<${uri}>`],
      ['Call-ID', 'out'],
      ['CSeq', '1 MESSAGE'],
    ],
    body: 'hello',
  })
}

test('a request goes where its URI says, with Via and Max-Forwards of ours', async () => {
  await using it = await startWithPhone()
  const answer = it.agent.request(message(`sip:bob@127.0.0.1:${it.phone.port}`))
  const request = await it.phone.next()
  assert.match(
    headerOf(request, 'Via'),
    /^SIP\/2\.0\/UDP 127\.0\.0\.1:\d+;branch=z9hG4bK[\w-]+;rport$/,
  )
  assert.equal(headerOf(request, 'Max-Forwards'), '70')
  it.phone.send(responseText(request, '180 Ringing'))
  it.phone.send(responseText(request, '404 Not Found'))
  assert.equal((await answer).status, 404)
})

test('a request without a Call-ID gets one', async () => {
  await using it = await startWithPhone()
  const nameless = () => {
    const request = message(`sip:bob@127.0.0.1:${it.phone.port}`)
    request.headers.remove('Call-ID')
    return it.agent.request(request)
  }
  const answers = [nameless(), nameless()]
  const requests = [await it.phone.next(), await it.phone.next()]
  for (const request of requests) it.phone.send(responseText(request, '200 OK'))
  for (const answer of answers) assert.equal((await answer).status, 200)
  const ids = requests.map((request) => headerOf(request, 'Call-ID'))
  assert.equal(new Set(ids).size, 2)
  assert.ok(ids.every((id) => id !== ''))
})

test('a request is asked what it says when the next hop is found, not before', async () => {
  const found = Promise.withResolvers<string[]>()
  const resolver: NameResolver = {
    naptr: async () => [],
    srv: async () => [],
    addresses: () => found.promise,
  }
  await using it = await startWithPhone({ resolver })
  const request = message(`sip:bob@phone.example.org:${it.phone.port}`)
  let body = 'early'
  request.leaving = () => {
    request.body = Buffer.from(body)
  }
  const answer = it.agent.request(request)
  await new Promise((resolve) => setImmediate(resolve))
  body = 'late'
  found.resolve(['127.0.0.1'])
  const sent = await it.phone.next()
  assert.match(sent, /\r\n\r\nlate$/)
  it.phone.send(responseText(sent, '200 OK'))
  assert.equal((await answer).status, 200)
})

test('a loose route leads, a strict one stands in the request-URI already', async () => {
  await using it = await startWithPhone()
  const here = `127.0.0.1:${it.phone.port}`
  const loose = it.agent.request(message('sip:bob@192.0.2.1', `<sip:${here};lr>`))
  const first = await it.phone.next()
  assert.match(first, /^MESSAGE sip:bob@192\.0\.2\.1 /)
  it.phone.send(responseText(first, '200 OK'))
  await loose
  const strict = it.agent.request(message(`sip:${here}`, '<sip:bob@192.0.2.1>'))
  it.phone.send(responseText(await it.phone.next(), '200 OK'))
  assert.equal((await strict).status, 200)
})

test('the next target is tried where one answers 503, and no other where one refuses', async () => {
  await using spare = await UdpPeer.open(0)
  await using first = await UdpPeer.open(0)
  const resolver: NameResolver = {
    naptr: async () => [],
    srv: async (name) =>
      name === '_sip._udp.example.org'
        ? [
            { priority: 1, weight: 0, name: 'first', port: first.port },
            { priority: 2, weight: 0, name: 'spare', port: spare.port },
          ]
        : [],
    addresses: async () => ['127.0.0.1'],
  }
  await using it = await startWithPhone({ resolver })
  const failing = it.agent.request(message('sip:bob@example.org'))
  first.send(responseText(await first.next(), '503 Busy'), it.rig.udp)
  spare.send(responseText(await spare.next(), '200 OK'), it.rig.udp)
  assert.equal((await failing).status, 200)

  const refused = it.agent.request(message('sip:bob@example.org'))
  spare.send(responseText(await spare.next(), '486 Busy Here'), it.rig.udp)
  assert.equal((await refused).status, 486)
  assert.equal(first.inbox.waiting, 0, 'it failed just now, and was not to be asked first')
})

test('silence is 408, and a URI that leads nowhere 503', async () => {
  const clock = new FakeClock()
  const nowhere: NameResolver = {
    naptr: async () => [],
    srv: async () => [],
    addresses: async () => [],
  }
  await using it = await startWithPhone({ clock, resolver: nowhere })
  const silent = it.agent.request(message(`sip:bob@127.0.0.1:${it.phone.port}`))
  await it.phone.next()
  clock.advance(32_000)
  assert.equal((await silent).status, 408)
  assert.equal((await it.agent.request(message('sip:bob@example.org'))).status, 503)
  assert.equal((await it.agent.request(message('tel:+4312345'))).status, 503)
})

test('a method has one handler', async () => {
  await using it = await startWithPhone()
  assert.throws(() => it.agent.handle('OPTIONS', () => undefined))
})

test('a request that goes by no way of its own goes to the outbound proxy (RFC 3261 §8.1.2)', async () => {
  await using proxy = await UdpPeer.open(0)
  const outboundProxy = `<sip:127.0.0.1:${proxy.port};lr>`
  await using rig = await startRig()
  rig.agent.findWaysBy(async ({ uri }) => [{ uri, routes: [outboundProxy] }])
  await using phone = await UdpPeer.open(0)
  const message = (route?: string) =>
    new SipRequest({
      method: 'MESSAGE',
      uri: 'sip:bob@far.example',
      headers: [
        ['From', '<sip:alice@example.com>;tag=1'],
        ['To', '<sip:bob@far.example>'],
        ['CSeq', '1 MESSAGE'],
        ...(route === undefined ? [] : [['Route', route] as const]),
      ],
    })
  const asked = rig.agent.request(message())
  const arrived = await proxy.next()
  assert.match(arrived, /^MESSAGE sip:bob@far\.example /)
  assert.equal(headerOf(arrived, 'Route'), outboundProxy)
  proxy.send(responseText(arrived, '202 Accepted'), rig.udp)
  assert.equal((await asked).status, 202)

  // A client's own way, and a dialog's route set, come first.
  const direct = rig.agent.request(message(), {
    transport: 'udp',
    host: '127.0.0.1',
    port: phone.port,
  })
  const reached = await phone.next()
  assert.equal(headerOf(reached, 'Route'), '')
  phone.send(responseText(reached, '200 OK'), rig.udp)
  assert.equal((await direct).status, 200)
  const routed = rig.agent.request(message(`<sip:127.0.0.1:${phone.port};lr>`))
  phone.send(responseText(await phone.next(), '200 OK'), rig.udp)
  assert.equal((await routed).status, 200)
})
