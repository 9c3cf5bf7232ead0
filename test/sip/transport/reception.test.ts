import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseSipDatagram } from '../../../src/sip/message/parser.ts'
import { createResponse } from '../../../src/sip/message/respond.ts'
import { Transactions } from '../../../src/sip/transaction/transactions.ts'
import { type Inbox, Reception } from '../../../src/sip/transport/reception.ts'
import { responseRoute } from '../../../src/sip/transport/response-route.ts'
import type { Flow } from '../../../src/sip/transport/transport.ts'
import { createLog, silentLog } from '../../../src/util/log.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { requestText, responseText } from '../wire.ts'

const FLOW: Flow = {
  ...{ id: 1, transport: 'udp', open: true, provenNames: [] },
  localEndpoint: () => ({ host: '192.0.2.2', port: 5060 }),
  write: () => undefined,
}
const ARRIVAL = { flow: FLOW, source: { host: '192.0.2.1', port: 5060 } }

/** Everything from bytes to the user agent, with nothing on a wire; collects what is logged as an error. */
function start() {
  const errors: string[] = []
  const log = createLog('error', { write: (line) => void errors.push(line) })
  const reception = new Reception(log, () => undefined)
  new Transactions(
    {
      clock: new FakeClock(),
      log,
      transports: {
        maxUdpRequestBytes: () => 1300,
        deliverTo: (inbox: Inbox) => reception.deliverTo(inbox),
        acquire: () => FLOW,
        routeBack: responseRoute,
        sendResponse: () => undefined,
      },
    },
    (transaction, request) => {
      transaction.respond(createResponse(request, 200))
    },
  )
  return { reception, errors }
}

const SEEDS = [
  requestText({ headers: ['Contact: <sip:alice@192.0.2.1>'], body: 'hello' }),
  requestText({ method: 'INVITE', branch: 'old', viaParams: ';received=1.2.3.4;rport=5' }),
  requestText({ method: 'ACK', sentBy: '[2001:db8::1]:5060' }),
  requestText({ method: 'CANCEL', viaParams: ', SIP/2.0/TCP 192.0.2.9;branch=x' }),
  responseText(requestText(), '200 OK'),
]

test('no message, however broken, makes the way from the socket to the user agent throw', () => {
  const { reception, errors } = start()
  const edits = fc.array(
    fc.record({
      at: fc.nat(600),
      drop: fc.nat(12),
      put: fc.oneof(
        fc.string({ maxLength: 6 }),
        fc.constantFrom('\r\n', ';', ',', '"', '<', '>', '=', ':', ' ', '\t', '%', '@', '\u0000'),
        fc.constantFrom('Via: ', 'rport', ';received=', 'branch=', 'z9hG4bK', ';tag=', 'CSeq: 1 X'),
      ),
    }),
    { maxLength: 6 },
  )
  const property = fc.property(fc.constantFrom(...SEEDS), edits, (seed, changes) => {
    let text = seed
    for (const { at, drop, put } of changes) text = text.slice(0, at) + put + text.slice(at + drop)
    reception.receive(parseSipDatagram(Buffer.from(text)), ARRIVAL)
    assert.deepEqual(errors, [])
  })
  fc.assert(property, { numRuns: 3_000 })
})

test('a bug above is logged and goes no further', () => {
  const errors: string[] = []
  const log = createLog('error', { write: (line) => void errors.push(line) })
  const reception = new Reception(log, () => undefined)
  reception.deliverTo({
    request: () => assert.fail('a bug'),
    response: () => undefined,
    flowClosed: () => undefined,
  })
  reception.receive(parseSipDatagram(Buffer.from(requestText())), ARRIVAL)
  assert.equal(errors.length, 1)
  assert.match(errors[0] ?? '', /"what":"sip_receive_failed"/)
})

test('an ACK is never answered, and neither is a response', () => {
  let answers = 0
  const reception = new Reception(silentLog, () => {
    answers += 1
  })
  const broken = (text: string) => text.replace('Content-Length: 0', 'Content-Length: 99')
  const results = [requestText({ method: 'ACK' }), responseText(requestText(), '200 OK')]
    .map(broken)
    .map((text) => parseSipDatagram(Buffer.from(text)))
  for (const result of results) {
    assert.equal(result.kind, 'refused')
    reception.receive(result, ARRIVAL)
  }
  assert.equal(answers, 0)
  reception.receive(parseSipDatagram(Buffer.from(broken(requestText()))), ARRIVAL)
  assert.equal(answers, 1)
})
