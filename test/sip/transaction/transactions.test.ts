import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type SipMessage, SipRequest } from '../../../src/sip/message/message.ts'
import { parseSipDatagram } from '../../../src/sip/message/parser.ts'
import { createResponse } from '../../../src/sip/message/respond.ts'
import type { ClientOutcome } from '../../../src/sip/transaction/client-transaction.ts'
import { Transactions } from '../../../src/sip/transaction/transactions.ts'
import type { Reply } from '../../../src/sip/transport/reply.ts'
import {
  type ResponseRoute,
  responseRoute,
  stampVia,
} from '../../../src/sip/transport/response-route.ts'
import type { Endpoint, Flow, Peer } from '../../../src/sip/transport/transport.ts'
import type { Arrival, Carrier, Inbox } from '../../../src/sip/transport/transports.ts'
import { silentLog } from '../../../src/util/log.ts'
import { FakeClock } from '../../support/fake-clock.ts'

const TRAVEL_MS = 10

function send(client: Transactions, request: SipRequest, peer: Peer): Promise<ClientOutcome> {
  return new Promise((resolve) => client.send(request, peer, resolve))
}

/** A network of two ends where a rule says which datagrams are lost. */
class LossyNetwork {
  readonly clock = new FakeClock()
  /** First lines of what was sent, lost or not. */
  readonly sent: string[] = []
  /** Given the first line and how many datagrams began so before. */
  loses: (line: string, before: number) => boolean = () => false

  readonly client = new LossyEnd(this, '192.0.2.1')
  readonly server = new LossyEnd(this, '192.0.2.2')

  carry(from: LossyEnd, bytes: Buffer): void {
    const line = bytes.toString('latin1').split('\r\n', 1)[0] ?? ''
    const before = this.sent.filter((earlier) => earlier === line).length
    this.sent.push(line)
    if (this.loses(line, before)) return
    const to = from === this.client ? this.server : this.client
    this.clock.after(TRAVEL_MS, () => to.arrive(bytes, from))
  }
}

class LossyEnd implements Carrier {
  maxUdpRequestBytes = () => 1300
  readonly host: string
  readonly flow: Flow
  readonly #network: LossyNetwork
  #inbox: Inbox | undefined

  constructor(network: LossyNetwork, host: string) {
    this.#network = network
    this.host = host
    this.flow = {
      ...{ id: 1, transport: 'udp', open: true, provenNames: [] },
      localEndpoint: () => this.endpoint,
      write: (bytes) => network.carry(this, bytes),
    }
  }

  get endpoint(): Endpoint {
    return { host: this.host, port: 5060 }
  }

  get peer(): Peer {
    return { transport: 'udp', ...this.endpoint }
  }

  arrive(bytes: Buffer, from: LossyEnd): void {
    const arrival = { flow: this.flow, source: from.endpoint }
    const message = parsed(bytes)
    if (message.kind === 'response') this.#inbox?.response(message, arrival)
    else if (stampVia(message, arrival.source)) this.#inbox?.request(message, arrival)
  }

  deliverTo(inbox: Inbox): void {
    this.#inbox = inbox
  }

  /** How often somebody wanted a connection; nobody accepts one here. */
  dialled = 0

  acquire({ transport }: Peer): Flow | Promise<Flow> {
    if (transport === 'udp') return this.flow
    this.dialled += 1
    return Promise.reject(new Error('connection refused'))
  }

  routeBack(request: SipRequest, arrival: Arrival): ResponseRoute {
    return responseRoute(request, arrival)
  }

  sendResponse({ bytes }: Reply): void {
    this.#network.carry(this, bytes)
  }
}

function parsed(bytes: Buffer): SipMessage {
  const result = parseSipDatagram(bytes)
  assert.equal(result.kind, 'message')
  return result.message
}

function start(status: number) {
  const network = new LossyNetwork()
  const handled: string[] = []
  const deps = { clock: network.clock, log: silentLog }
  const server = new Transactions(
    { ...deps, transports: network.server },
    (transaction, request) => {
      handled.push(request.method)
      transaction.respond(createResponse(request, status))
    },
  )
  const client = new Transactions({ ...deps, transports: network.client }, () => undefined)
  return { network, server, client, handled, peer: network.server.peer }
}

function newRequest(method: string): SipRequest {
  return new SipRequest({
    method,
    uri: 'sip:bob@192.0.2.2',
    headers: [
      ['Max-Forwards', '70'],
      ['From', '<sip:alice@192.0.2.1>;tag=a'],
      ['To', '<sip:bob@192.0.2.2>'],
      ['Call-ID', 'lossy'],
      ['CSeq', `1 ${method}`],
    ],
  })
}

/** Lets promises run between steps of the fake clock, for `totalMs`. */
async function pass(clock: FakeClock, totalMs: number, stepMs = 100): Promise<void> {
  for (let passed = 0; passed < totalMs; passed += stepMs) {
    await new Promise((resolve) => setImmediate(resolve))
    clock.advance(stepMs)
  }
  await new Promise((resolve) => setImmediate(resolve))
}

test('a lost response costs a repetition, and the handler runs once all the same', async () => {
  const { network, client, handled, peer } = start(200)
  network.loses = (line, before) => line.startsWith('SIP/2.0') && before < 3
  const outcome = send(client, newRequest('MESSAGE'), peer)
  await pass(network.clock, 10_000)
  const answer = await outcome
  assert.ok(answer.kind === 'response' && answer.response.status === 200)
  assert.deepEqual(handled, ['MESSAGE'])
  assert.equal(network.sent.filter((line) => line.startsWith('MESSAGE')).length, 4)
})

test('lost requests are repeated until one gets through', async () => {
  const { network, client, handled, peer } = start(404)
  network.loses = (line, before) => line.startsWith('NOTIFY') && before < 4
  const outcome = send(client, newRequest('NOTIFY'), peer)
  await pass(network.clock, 10_000)
  const answer = await outcome
  assert.ok(answer.kind === 'response' && answer.response.status === 404)
  assert.deepEqual(handled, ['NOTIFY'])
})

test('where everything is lost the request ends after timer F, and nothing is left behind', async () => {
  const { network, client, peer } = start(200)
  network.loses = () => true
  const outcome = send(client, newRequest('MESSAGE'), peer)
  await pass(network.clock, 33_000)
  assert.deepEqual(await outcome, { kind: 'timeout', wasHeard: false })
  assert.equal(network.clock.pendingTimers, 0)
})

test('a refused INVITE whose ACKs are lost is acknowledged again for each copy of the refusal', async () => {
  const { network, client, handled, peer } = start(486)
  network.loses = (line, before) => line.startsWith('ACK') && before < 2
  const outcome = send(client, newRequest('INVITE'), peer)
  await pass(network.clock, 120_000)
  const answer = await outcome
  assert.ok(answer.kind === 'response' && answer.response.status === 486)
  assert.deepEqual(handled, ['INVITE'])
  assert.equal(network.sent.filter((line) => line.startsWith('ACK')).length, 3)
  assert.equal(network.sent.filter((line) => line.startsWith('SIP/2.0 486')).length, 3)
  assert.equal(network.clock.pendingTimers, 0)
})

test('a request of RFC 2543 times is matched by its other headers, its ACK too', async () => {
  const { network, server, handled } = start(486)
  const flow = network.server.flow
  const arrival = { flow, source: network.client.endpoint }
  const old = (method: string, toTag: string) => {
    const request = newRequest(method)
    request.headers.prepend('Via', 'SIP/2.0/UDP 192.0.2.1:5060')
    request.headers.set('To', `<sip:bob@192.0.2.2>${toTag}`)
    request.headers.set('CSeq', `1 ${method}`)
    return request
  }
  server.request(old('INVITE', ''), arrival)
  server.request(old('INVITE', ''), arrival)
  assert.deepEqual(handled, ['INVITE'])
  const refusals = () => network.sent.filter((line) => line.startsWith('SIP/2.0 486')).length
  assert.equal(refusals(), 2)
  await pass(network.clock, 600)
  const before = refusals()
  server.request(old('ACK', ';tag=not-ours'), arrival)
  await pass(network.clock, 2_000)
  assert.ok(refusals() > before, 'an ACK for another answer ends nothing')
})

test('too many transactions are refused with 503 and Retry-After, and remembered nowhere', () => {
  const network = new LossyNetwork()
  const handled: string[] = []
  const replies: Reply[] = []
  network.server.sendResponse = (reply) => replies.push(reply)
  const server = new Transactions(
    {
      clock: network.clock,
      log: silentLog,
      transports: network.server,
      limits: { maxServer: 1 },
    },
    ({ method }) => handled.push(method),
  )
  const arrival = { flow: network.server.flow, source: network.client.endpoint }
  for (const branch of ['one', 'two', 'two']) {
    const request = newRequest('MESSAGE')
    request.headers.prepend('Via', `SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK${branch}`)
    server.request(request, arrival)
  }
  assert.deepEqual(handled, ['MESSAGE'])
  assert.deepEqual(
    replies.map(({ status }) => status),
    [503, 503],
  )
  assert.match(replies[0]?.bytes.toString() ?? '', /^Retry-After: \d+\r$/m)
})

test('what was answered a while ago makes room for what is new', () => {
  const network = new LossyNetwork()
  const handled: string[] = []
  const server = new Transactions(
    {
      clock: network.clock,
      log: silentLog,
      transports: network.server,
      limits: { maxServer: 1 },
    },
    (transaction, request) => {
      handled.push(request.headers.get('Call-ID') ?? '')
      transaction.respond(createResponse(request, 200))
    },
  )
  const ask = (callId: string) => {
    const request = newRequest('MESSAGE')
    request.headers.set('Call-ID', callId)
    request.headers.prepend('Via', `SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK${callId}`)
    server.request(request, { flow: network.server.flow, source: network.client.endpoint })
  }
  ask('first')
  ask('soon')
  network.clock.advance(4_000)
  ask('later')
  assert.deepEqual(handled, ['first', 'later'])
})

test('closing ends every request of ours', async () => {
  const { network, client, peer } = start(200)
  network.loses = () => true
  const outcome = send(client, newRequest('MESSAGE'), peer)
  await pass(network.clock, 100)
  client.close()
  assert.deepEqual(await outcome, { kind: 'unreachable' })
})

test('a peer that refused TCP gets long requests by UDP at once, for five minutes', async () => {
  const { network, client, handled, peer } = start(200)
  const sendLong = async (callId: string) => {
    const request = newRequest('MESSAGE')
    request.headers.set('Call-ID', callId)
    request.body = Buffer.alloc(2_000, 'x')
    const outcome = send(client, request, peer)
    await pass(network.clock, 1_000)
    const answer = await outcome
    assert.ok(answer.kind === 'response' && answer.response.status === 200)
  }
  await sendLong('a')
  await sendLong('b')
  await sendLong('c')
  assert.equal(network.client.dialled, 1)
  await pass(network.clock, 300_000, 10_000)
  await sendLong('d')
  assert.equal(network.client.dialled, 2)
  assert.deepEqual(handled, Array(4).fill('MESSAGE'))
})
