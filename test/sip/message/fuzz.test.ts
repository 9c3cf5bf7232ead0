/** Whatever comes in, the parser answers: no case throws, and what we write we read again. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  SipHeaders,
  type SipMessage,
  SipRequest,
  SipResponse,
} from '../../../src/sip/message/message.ts'
import {
  type ParseResult,
  parseSipDatagram,
  SipStreamParser,
} from '../../../src/sip/message/parser.ts'
import { createResponse } from '../../../src/sip/message/respond.ts'
import { serialize } from '../../../src/sip/message/serializer.ts'
import { parseSipUri, type SipUri, serializeUri, urisEqual } from '../../../src/sip/message/uri.ts'
import { validateRequest, validateResponse } from '../../../src/sip/message/validate.ts'
import {
  parseAccept,
  parseAuthParams,
  parseDate,
  parseNameAddr,
  parseSubscriptionState,
  parseVia,
  serializeNameAddr,
  topVia,
} from '../../../src/sip/message/values.ts'
import { tortureMessage, tortureNames } from '../torture/load.ts'

const torture = tortureNames().map((name) => tortureMessage(name))

const TOKEN = fc.stringMatching(/^[A-Za-z0-9!%*_+`'~.-]{1,12}$/)
/** No space at the ends and no line breaks: those do not survive, by design. */
const VALUE = fc
  .string({ unit: 'binary', maxLength: 40, size: 'max' })
  .map((text) => text.replace(/[\r\n]/g, '').replace(/^[ \t]+|[ \t]+$/g, ''))
const NAME = fc.oneof(
  fc.constantFrom('Via', 'v', 'Contact', 'Subject', 'Call-ID', 'o', 'Expires'),
  TOKEN,
)
const HEADERS = fc
  .array(fc.tuple(NAME, VALUE), { maxLength: 8, size: 'max' })
  .map((entries) => entries.filter(([name]) => !/^(l|content-length)$/i.test(name)))
const BODY = fc.uint8Array({ maxLength: 60, size: 'max' }).map((bytes) => Buffer.from(bytes))
const METHOD = TOKEN.filter((text) => text !== 'ACK')

const MESSAGE: fc.Arbitrary<SipMessage> = fc.oneof(
  fc
    .record({ method: METHOD, uri: fc.webUrl(), headers: HEADERS, body: BODY })
    .map((init) => new SipRequest(init)),
  fc
    .record({
      status: fc.integer({ min: 100, max: 699 }),
      reason: VALUE,
      headers: HEADERS,
      body: BODY,
    })
    .map((init) => new SipResponse(init)),
)

/** Chunks of a text, cut at random. */
const CUTS = fc.array(fc.nat(), { maxLength: 6, size: 'max' })

function chunks(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const ends = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b)
  return ends.map((end, index) => bytes.subarray(index === 0 ? 0 : ends[index - 1], end))
}

function assertSame(result: ParseResult | undefined, message: SipMessage): void {
  assert.ok(result?.kind === 'message', JSON.stringify(result))
  const read = result.message
  assert.equal(startOf(read), startOf(message))
  assert.deepEqual([...read.headers].filter(notLength), [...message.headers])
  assert.ok(read.body.equals(message.body))
}

function startOf(message: SipMessage): string {
  return message.kind === 'request'
    ? `${message.method} ${message.uri}`
    : `${message.status} ${message.reason}`
}

function notLength([name]: readonly [string, string]): boolean {
  return name !== 'Content-Length'
}

/** Everything that a server would do with it. */
function use(result: ParseResult): void {
  const request = result.kind === 'refused' ? result.request : undefined
  if (request) serialize(createResponse(request, 400))
  if (result.kind !== 'message') return
  const { message } = result
  topVia(message)
  for (const [name] of message.headers) {
    for (const value of message.headers.getAll(name)) {
      for (const parse of [parseVia, parseNameAddr, parseAuthParams, parseDate]) parse(value)
      parseSubscriptionState(value)
      parseAccept([value])
      parseSipUri(value)
    }
  }
  if (message.kind === 'response') validateResponse(message)
  else {
    validateRequest(message)
    parseSipDatagram(serialize(createResponse(message, 200)))
  }
  assert.ok(parseSipDatagram(serialize(message)).kind === 'message')
}

test('every message that is written is read again, however the stream is cut', () => {
  fc.assert(
    fc.property(fc.array(MESSAGE, { minLength: 1, maxLength: 3 }), CUTS, (messages, cuts) => {
      const bytes = Buffer.concat(messages.map((message) => serialize(message)))
      const parser = new SipStreamParser()
      const results = chunks(bytes, cuts).flatMap((chunk) => parser.push(Buffer.from(chunk)))
      assert.equal(results.length, messages.length)
      messages.forEach((message, index) => {
        assertSame(results[index], message)
      })
      const [first] = messages
      if (first) assertSame(parseSipDatagram(serialize(first)), first)
    }),
    { numRuns: 2000 },
  )
})

const EDIT = fc.record({
  at: fc.nat(),
  remove: fc.nat({ max: 4 }),
  insert: fc.oneof(
    fc.uint8Array({ maxLength: 4 }),
    fc
      .constantFrom(
        ...['\r\n', '\r\n\r\n', '"', '<', '>', ';', ',', ':', '\\', ' ', '%', '\0', '[', '@'],
      )
      .map((text) => new Uint8Array(Buffer.from(text))),
  ),
})

function edit(bytes: Buffer, edits: readonly { at: number; remove: number; insert: Uint8Array }[]) {
  return edits.reduce((before, { at, remove, insert }) => {
    const start = at % (before.length + 1)
    return Buffer.concat([before.subarray(0, start), insert, before.subarray(start + remove)])
  }, bytes)
}

test('torture messages with changes never make a parser throw', () => {
  const mutated = fc
    .tuple(fc.constantFrom(...torture), fc.array(EDIT, { minLength: 1, maxLength: 5, size: 'max' }))
    .map(([bytes, edits]) => edit(bytes, edits))
  fc.assert(
    fc.property(mutated, CUTS, (bytes, cuts) => {
      use(parseSipDatagram(bytes))
      const whole = new SipStreamParser().push(bytes)
      const parser = new SipStreamParser()
      const cut = chunks(bytes, cuts).flatMap((chunk) => parser.push(Buffer.from(chunk)))
      // Where the stream is cut makes no difference to what is in it.
      assert.deepEqual(
        cut.map(({ kind }) => kind),
        whole.map(({ kind }) => kind),
      )
    }),
    { numRuns: 5000 },
  )
})

test('random bytes never make a parser throw', () => {
  const anything = fc.oneof(
    fc.uint8Array({ maxLength: 200, size: 'max' }),
    fc
      .array(
        fc.constantFrom(
          'SIP/2.0',
          ' ',
          '\r\n',
          'INVITE',
          'sip:a',
          'Via',
          'l',
          ':',
          '0',
          '9',
          '\t',
          '\r',
          '\n',
        ),
        {
          maxLength: 60,
          size: 'max',
        },
      )
      .map((parts) => Buffer.from(parts.join(''))),
  )
  fc.assert(
    fc.property(anything, (bytes) => {
      use(parseSipDatagram(Buffer.from(bytes)))
      for (const result of new SipStreamParser().push(Buffer.from(bytes))) use(result)
    }),
    { numRuns: 3000 },
  )
})

test('every URI that is written is read again as the same', () => {
  const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12, size: 'max' })
  const params = fc
    .array(fc.tuple(TOKEN, fc.oneof(fc.constant(''), text)), { maxLength: 3 })
    .map((entries) => new Map(entries.map(([name, value]) => [name.toLowerCase(), value])))
  const uris: fc.Arbitrary<SipUri> = fc.record({
    scheme: fc.constantFrom('sip', 'sips', 'pres', 'im'),
    user: fc.option(text, { nil: undefined }),
    host: fc.oneof(fc.domain(), fc.ipV4(), fc.constant('2001:db8::1')),
    port: fc.option(fc.nat({ max: 65_535 }), { nil: undefined }),
    params,
    headers: fc.array(fc.tuple(TOKEN, text), { maxLength: 2 }),
  })
  fc.assert(
    fc.property(uris, (uri) => {
      const read = parseSipUri(serializeUri(uri))
      assert.ok(read, serializeUri(uri))
      assert.deepEqual(
        { ...read, password: undefined },
        { ...uri, host: uri.host.toLowerCase(), password: undefined },
      )
      assert.ok(urisEqual(read, { ...uri, host: uri.host.toLowerCase() }))
    }),
    { numRuns: 1000 },
  )
})

test('every address that is written is read again as the same', () => {
  const displayName = fc.option(
    fc.string({ unit: 'binary', minLength: 1, maxLength: 40, size: 'max' }),
    { nil: undefined },
  )
  fc.assert(
    fc.property(displayName, TOKEN, (name, tag) => {
      const params = new Map([['tag', tag]])
      const written = serializeNameAddr({ displayName: name, uri: 'sip:a@b', params })
      assert.deepEqual(parseNameAddr(written), { displayName: name, uri: 'sip:a@b', params })
      const headers = new SipHeaders([
        ['Contact', written],
        ['Contact', '<sip:c@d>'],
      ])
      assert.equal(headers.getAll('Contact').length, 2)
    }),
    { numRuns: 1000 },
  )
})
