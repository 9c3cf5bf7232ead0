/**
 * What one SIP message costs to read, to read and check, and to write: those that presence lives from.
 *
 *   node bench/sip-parser.ts [ROUNDS]
 */
import { parseSipDatagram, SipStreamParser } from '../src/sip/message/parser.ts'
import { createResponse } from '../src/sip/message/respond.ts'
import { serialize } from '../src/sip/message/serializer.ts'
import { validateRequest } from '../src/sip/message/validate.ts'
import { cseqOf, fromOf, toOf, topVia } from '../src/sip/message/values.ts'

const PIDF = `<?xml version="1.0" encoding="UTF-8"?>
<presence xmlns="urn:ietf:params:xml:ns:pidf" xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model"
 xmlns:rpid="urn:ietf:params:xml:ns:pidf:rpid" entity="sip:alice@example.com">
<tuple id="t1"><status><basic>open</basic></status><contact priority="0.8">sip:alice@192.0.2.10</contact></tuple>
<dm:person id="p1"><rpid:activities><rpid:on-the-phone/></rpid:activities></dm:person></presence>`

const COMMON = [
  'From: "Alice Example" <sip:alice@example.com>;tag=9fxced76sl',
  'Max-Forwards: 70',
  'User-Agent: Example Phone/5.2.1',
  'Allow: INVITE, ACK, CANCEL, BYE, NOTIFY, REFER, MESSAGE, OPTIONS, INFO, SUBSCRIBE',
  'Supported: replaces, outbound, gruu, path',
]

const MESSAGES: Readonly<Record<string, Buffer>> = {
  'PUBLISH with PIDF': message('PUBLISH sip:alice@example.com SIP/2.0', PIDF, [
    'Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK.f2Zs8nUqk;rport',
    ...COMMON,
    'To: <sip:alice@example.com>',
    'Call-ID: J5Hc3~s2pM',
    'CSeq: 20 PUBLISH',
    'Event: presence',
    'Expires: 3600',
    'SIP-If-Match: dx200xyz',
    'Content-Type: application/pidf+xml',
  ]),
  SUBSCRIBE: message('SUBSCRIBE sip:bob@example.com SIP/2.0', '', [
    'Via: SIP/2.0/TCP 192.0.2.10:5060;branch=z9hG4bK.a8Zs8nUqk;rport',
    ...COMMON,
    'To: <sip:bob@example.com>',
    'Call-ID: 7Hc3s2pM@192.0.2.10',
    'CSeq: 21 SUBSCRIBE',
    'Contact: <sip:alice@192.0.2.10:5060;transport=tcp>;+sip.instance="<urn:uuid:0d1e>"',
    'Event: presence',
    'Accept: application/pidf+xml, application/rlmi+xml, multipart/related',
    'Expires: 600',
  ]),
  '200 to NOTIFY': message('SIP/2.0 200 OK', '', [
    'Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK0a1b2c3d4e5f;received=192.0.2.1;rport=5060',
    'From: <sip:bob@example.com>;tag=37GkEhwl6',
    'To: "Alice Example" <sip:alice@example.com>;tag=9fxced76sl',
    'Call-ID: 7Hc3s2pM@192.0.2.10',
    'CSeq: 5 NOTIFY',
    'User-Agent: Example Phone/5.2.1',
  ]),
}

function message(startLine: string, body: string, headers: readonly string[]): Buffer {
  const length = `Content-Length: ${Buffer.byteLength(body)}`
  return Buffer.from(`${[startLine, ...headers, length].join('\r\n')}\r\n\r\n${body}`)
}

/** Nanoseconds a call, the best of five: others use the machine too. */
function measure(rounds: number, run: () => unknown): number {
  let best = Number.POSITIVE_INFINITY
  for (let repeat = 0; repeat < 6; repeat += 1) {
    const start = process.hrtime.bigint()
    for (let round = 0; round < rounds; round += 1) run()
    const took = Number(process.hrtime.bigint() - start) / rounds
    // The first warms up.
    if (repeat > 0) best = Math.min(best, took)
  }
  return best
}

function report(what: string, nanoseconds: number): void {
  console.log(`${what.padEnd(44)}${nanoseconds.toFixed(0).padStart(8)} ns`)
}

function benchmark(name: string, bytes: Buffer, rounds: number): void {
  const result = parseSipDatagram(bytes)
  if (result.kind !== 'message') throw new Error(`${name} does not parse`)
  const { message: parsed } = result
  const stream = new SipStreamParser()
  report(
    `${name} (${bytes.length} bytes): parse`,
    measure(rounds, () => parseSipDatagram(bytes)),
  )
  report(
    `${name}: parse from a stream`,
    measure(rounds, () => stream.push(bytes)),
  )
  report(
    `${name}: Via, From, To, CSeq`,
    measure(rounds, () => [topVia(parsed), fromOf(parsed), toOf(parsed), cseqOf(parsed)]),
  )
  if (parsed.kind === 'request') {
    report(
      `${name}: check`,
      measure(rounds, () => validateRequest(parsed)),
    )
    report(
      `${name}: make a 200`,
      measure(rounds, () => createResponse(parsed, 200)),
    )
  }
  report(
    `${name}: serialise`,
    measure(rounds, () => serialize(parsed)),
  )
}

const rounds = Number(process.argv[2] ?? 20_000)
for (const [name, bytes] of Object.entries(MESSAGES)) benchmark(name, bytes, rounds)
