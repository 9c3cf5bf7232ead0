/** RFC 4475: one test a message, in its order. What the user agent decides above the parser is named, not tested. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SipRequest, SipResponse } from '../../../src/sip/message/message.ts'
import { type ParseResult, parseSipDatagram } from '../../../src/sip/message/parser.ts'
import { createResponse } from '../../../src/sip/message/respond.ts'
import { serialize } from '../../../src/sip/message/serializer.ts'
import { SipStreamParser } from '../../../src/sip/message/stream-parser.ts'
import { parseSipUri, type SipUri, urisEqual } from '../../../src/sip/message/uri.ts'
import {
  unsupportedOptions,
  validateRequest,
  validateResponse,
} from '../../../src/sip/message/validate.ts'
import {
  cseqOf,
  fromOf,
  type NameAddr,
  parseAuthParams,
  parseContacts,
  parseDate,
  parseExpires,
  parseMaxForwards,
  parseMediaType,
  parseNameAddr,
  parseVia,
  toOf,
  topVia,
} from '../../../src/sip/message/values.ts'
import { tortureMessage, tortureNames } from './load.ts'

function accepted(name: string): SipRequest {
  const { message } = messageOf(name)
  assert.equal(message.kind, 'request')
  assert.ok(message.kind === 'request')
  assert.equal(validateRequest(message), undefined)
  return message
}

function acceptedResponse(name: string): SipResponse {
  const { message } = messageOf(name)
  assert.ok(message.kind === 'response')
  assert.equal(validateResponse(message), undefined)
  return message
}

function messageOf(name: string): ParseResult & { kind: 'message' } {
  const result = parseSipDatagram(tortureMessage(name))
  assert.ok(result.kind === 'message', JSON.stringify(result))
  return result
}

/** By the parser or by the checks after it; a response to it can be made either way. */
function refused(name: string): { status: number; request: SipRequest } {
  const result = parseSipDatagram(tortureMessage(name))
  if (result.kind === 'refused') {
    assert.ok(result.request)
    return answered({ status: result.status, request: result.request })
  }
  assert.ok(result.kind === 'message' && result.message.kind === 'request')
  const refusal = validateRequest(result.message)
  assert.ok(refusal, 'was accepted')
  return answered({ status: refusal.status, request: result.message })
}

function answered(refusal: { status: number; request: SipRequest }) {
  const response = createResponse(refusal.request, refusal.status)
  assert.deepEqual(response.headers.getRaw('Via'), refusal.request.headers.getRaw('Via'))
  assert.equal(response.headers.get('CSeq'), refusal.request.headers.get('CSeq'))
  assert.ok(serialize(response).includes(`SIP/2.0 ${refusal.status} `))
  return refusal
}

function dropped(name: string): void {
  const result = parseSipDatagram(tortureMessage(name))
  if (result.kind === 'refused') assert.equal(result.request, undefined)
  else {
    assert.ok(result.kind === 'message' && result.message.kind === 'response')
    assert.ok(validateResponse(result.message))
  }
}

function uri(text: string | undefined): SipUri {
  const parsed = parseSipUri(text ?? '')
  assert.ok(parsed, `not a URI: ${text}`)
  return parsed
}

function contactsOf(request: SipRequest): NameAddr[] {
  const contacts = parseContacts(request.headers.getAll('Contact'))
  assert.ok(contacts !== undefined && contacts !== '*')
  return contacts
}

/** What stream transports do with it: results of one connection. */
function streamed(name: string): string[] {
  return new SipStreamParser().push(tortureMessage(name)).map(({ kind }) => kind)
}

test('all 49 messages are here', () => {
  assert.equal(tortureNames().length, 49)
})

test('3.1.1.1 wsinv: a short tortuous INVITE is well formed', () => {
  const request = accepted('wsinv')
  assert.equal(request.method, 'INVITE')
  assert.deepEqual([...uri(request.uri).params], [['unknownparam', '']])
  assert.equal(toOf(request)?.uri, 'sip:vivekg@chair-dnrc.example.com')
  assert.equal(toOf(request)?.params.get('tag'), '1918181833n')
  assert.equal(fromOf(request)?.displayName, 'J Rosenberg \\"')
  assert.equal(fromOf(request)?.params.get('tag'), '98asjd8')
  assert.equal(parseMaxForwards(request.headers.get('max-forwards') ?? ''), 68)
  assert.deepEqual(cseqOf(request), { number: 9, method: 'INVITE' })
  assert.equal(request.headers.get('Subject'), '')
  assert.equal(
    request.headers.get('newfangledheader'),
    'newfangled value continued newfangled value',
  )
  assert.equal(request.headers.get('UnknownHeaderWithUnusualValue'), ';;,,;;,;')
  const vias = request.headers.getAll('Via').map(parseVia)
  assert.deepEqual(
    vias.map((via) => [via?.transport, via?.host, via?.params.get('branch')]),
    [
      ['UDP', '192.0.2.2', '390skdjuw'],
      ['TCP', 'spindle.example.com', 'z9hG4bK9ikj8'],
      ['UDP', '192.168.255.111', 'z9hG4bK30239'],
    ],
  )
  assert.deepEqual(
    [...uri(parseNameAddr(request.headers.get('Route') ?? '')?.uri).params],
    [
      ['lr', ''],
      ['unknownwith', 'value'],
      ['unknown-no-value', ''],
    ],
  )
  const [contact] = contactsOf(request)
  assert.equal(contact?.displayName, 'Quoted string ""')
  assert.deepEqual(
    [...(contact?.params ?? [])],
    [
      ['newparam', 'newvalue'],
      ['secondparam', ''],
      ['q', '0.33'],
    ],
  )
  assert.equal(request.body.length, 150)
})

test('3.1.1.2 intmeth: a wide range of characters is valid', () => {
  const request = accepted('intmeth')
  assert.equal(request.method, "!interesting-Method0123456789_*+`.%indeed'~")
  const target = uri(request.uri)
  assert.equal(target.user, "1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*")
  assert.equal(target.password, "&it+has=1,weird!*pas$wo~d_too.(doesn't-it)")
  assert.equal(target.host, 'example.com')
  assert.equal(topVia(request)?.params.get('branch'), "z9hG4bK-.!%66*_+`'~")
  assert.equal(toOf(request)?.displayName, 'BEL:\x07 NUL:\x00 DEL:\x7f')
  assert.equal(uri(toOf(request)?.uri).user, "1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*")
  assert.equal(fromOf(request)?.displayName, "token1~` token2'+_ token3*%!.-")
  assert.equal(fromOf(request)?.params.get("fromparam''~+*_!.-%"), 'работающий')
  assert.equal(fromOf(request)?.params.get('tag'), "_token~1'+`*%!-.")
  assert.equal(request.headers.get('Call-ID'), `intmeth.word%ZK-!.*_+'@word\`~)(><:\\/"][?}{`)
  assert.equal(cseqOf(request)?.number, 139122385)
  assert.equal(request.headers.get("extensionHeader-!.%*+_`'~"), '\ufeff大停電')
})

test('3.1.1.3 esc01: escapes in URIs are undone once', () => {
  const request = accepted('esc01')
  assert.equal(uri(request.uri).user, 'sips:user@example.com')
  assert.equal(uri(request.uri).host, 'example.net')
  assert.ok(urisEqual(uri(toOf(request)?.uri), uri('sip:user@example.com')))
  assert.equal(uri(fromOf(request)?.uri).user, 'I have spaces')
  const contact = uri(contactsOf(request)[0]?.uri)
  assert.equal(contact.user, 'caller')
  assert.ok(contact.params.has('lr'))
  assert.equal(contact.params.get('name'), 'value%41')
})

test('3.1.1.4 escnull: an escaped null does not end a user part', () => {
  const request = accepted('escnull')
  assert.equal(uri(toOf(request)?.uri).user, 'null-\0-null')
  const [one, two] = contactsOf(request).map((contact) => uri(contact.uri))
  assert.ok(one && two)
  assert.equal(one.user, '\0')
  assert.equal(two.user, '\0\0')
  assert.ok(!urisEqual(one, two))
})

test('3.1.1.5 esc02: a percent sign outside of URIs is no escape', () => {
  const request = accepted('esc02')
  assert.equal(request.method, 'RE%47IST%45R')
  assert.equal(toOf(request)?.displayName, '%Z%45')
  assert.deepEqual(
    contactsOf(request).map((contact) => contact.uri),
    ['sip:alias1@host1.example.com', 'sip:alias3@host3.example.com'],
  )
  assert.equal(request.headers.get('C%6Fntact'), '<sip:alias2@host2.example.com>')
})

test('3.1.1.6 lwsdisp: no space is needed before the bracket', () => {
  const from = fromOf(accepted('lwsdisp'))
  assert.equal(from?.displayName, 'caller')
  assert.equal(from?.uri, 'sip:caller@example.com')
})

test('3.1.1.7 longreq: long values are kept whole', () => {
  const request = accepted('longreq')
  const to = uri(toOf(request)?.uri)
  assert.equal(
    toOf(request)?.displayName,
    `I have a user name of ${'extreme'.repeat(10)} proportion`,
  )
  assert.equal(to.port, 6000)
  assert.equal(to.params.get(`longparam${'name'.repeat(25)}`), 'shortvalue')
  assert.equal(fromOf(request)?.params.get('tag'), `12${'982'.repeat(50)}424`)
  assert.equal(request.headers.get('Call-ID'), `longreq.one${'really'.repeat(20)}longcallid`)
  const vias = request.headers.getAll('Via')
  assert.equal(vias.length, 34)
  assert.equal(topVia(request)?.host, 'sip33.example.com')
  const last = parseVia(vias.at(-1) ?? '')
  assert.equal(last?.params.get('branch'), `very${'long'.repeat(50)}branchvalue`)
})

test('3.1.1.8 dblreq: what follows the body in a datagram is ignored', () => {
  const request = accepted('dblreq')
  assert.equal(request.method, 'REGISTER')
  assert.equal(request.body.length, 0)
  assert.ok(!serialize(request).includes('INVITE'))
})

test('3.1.1.9 semiuri: a user part may have parameters', () => {
  const request = accepted('semiuri')
  assert.equal(uri(request.uri).user, 'user;par=u@example.net')
  assert.equal(uri(request.uri).host, 'example.com')
  assert.equal(uri(request.uri).params.size, 0)
  assert.equal(request.headers.getAll('Accept').length, 6)
})

test('3.1.1.10 transports: unknown transports in Via are well formed', () => {
  const vias = accepted('transports').headers.getAll('Via').map(parseVia)
  assert.deepEqual(
    vias.map((via) => via?.transport),
    ['UDP', 'SCTP', 'TLS', 'UNKNOWN', 'TCP'],
  )
})

test('3.1.1.11 mpart01: a binary body is framed by its length', () => {
  const request = accepted('mpart01')
  assert.equal(request.body.length, 553)
  assert.ok(request.body.includes(0))
  assert.ok(request.body.subarray(-24).equals(Buffer.from('\r\n--7a9cbec02ceef655--\r\n')))
  const type = parseMediaType(request.headers.get('Content-Type') ?? '')
  assert.equal(type?.params.get('boundary'), '7a9cbec02ceef655')
  assert.equal(parseDate(request.headers.get('Date') ?? ''), Date.UTC(2005, 9, 15, 4, 44, 56))
})

test('3.1.1.12 unreason: a reason phrase may say anything in UTF-8', () => {
  const response = acceptedResponse('unreason')
  assert.equal(response.status, 200)
  assert.equal(response.reason, '= 2**3 * 5**2 но сто девяносто девять - простое')
})

test('3.1.1.13 noreason: an empty reason phrase is well formed', () => {
  const response = acceptedResponse('noreason')
  assert.equal(response.status, 100)
  assert.equal(response.reason, '')
})

test('3.1.2.1 badinv01: extraneous separators are refused', () => {
  assert.equal(refused('badinv01').status, 400)
})

test('3.1.2.2 clerr: a datagram shorter than its Content-Length is refused, a stream waits', () => {
  const { status, request } = refused('clerr')
  assert.equal(status, 400)
  assert.equal(request.headers.get('Call-ID'), 'clerr.0ha0isndaksdjweiafasdk3')
  assert.deepEqual(streamed('clerr'), [])
})

test('3.1.2.3 ncl: a negative Content-Length is refused, and ends a stream', () => {
  assert.equal(refused('ncl').status, 400)
  assert.deepEqual(streamed('ncl'), ['refused', 'fatal'])
})

test('3.1.2.4 scalar02: an overlarge CSeq is refused, overlarge expiries can be read', () => {
  const { status, request } = refused('scalar02')
  assert.equal(status, 400)
  assert.equal(cseqOf(request), undefined)
  assert.equal(parseMaxForwards(request.headers.get('Max-Forwards') ?? ''), undefined)
  assert.equal(parseExpires(request.headers.get('Expires') ?? ''), 2 ** 32 - 1)
  assert.equal(parseExpires(contactsOf(request)[0]?.params.get('expires') ?? ''), 2 ** 32 - 1)
})

test('3.1.2.5 scalarlg: a response with an overlarge CSeq is dropped', () => {
  dropped('scalarlg')
})

test('3.1.2.6 quotbal: an unterminated quote is refused', () => {
  assert.equal(refused('quotbal').status, 400)
})

test('3.1.2.7 ltgtruri: brackets around the request-URI are refused', () => {
  assert.equal(refused('ltgtruri').status, 400)
})

test('3.1.2.8 lwsruri: white space in the request-URI is refused', () => {
  assert.equal(refused('lwsruri').status, 400)
})

test('3.1.2.9 lwsstart: several spaces in the request line are refused', () => {
  assert.equal(refused('lwsstart').status, 400)
})

test('3.1.2.10 trws: spaces at the end of the request line are refused', () => {
  const { status, request } = refused('trws')
  assert.equal(status, 400)
  assert.equal(request.method, 'OPTIONS')
})

test('3.1.2.11 escruri: headers in the request-URI are refused', () => {
  assert.equal(refused('escruri').status, 400)
})

test('3.1.2.12 baddate: a Date in another zone cannot be read, and is no reason to refuse', () => {
  const request = accepted('baddate')
  assert.equal(parseDate(request.headers.get('Date') ?? ''), undefined)
})

test('3.1.2.13 regbadct: a Contact URI with headers needs brackets', () => {
  assert.equal(refused('regbadct').status, 400)
})

test('3.1.2.14 badaspec: spaces in an addr-spec are refused', () => {
  const { status, request } = refused('badaspec')
  assert.equal(status, 400)
  assert.equal(fromOf(request)?.displayName, 'Bell, Alexander')
})

test('3.1.2.15 baddn: an unquoted display name of other characters is refused', () => {
  assert.equal(refused('baddn').status, 400)
})

test('3.1.2.16 badvers: another version is answered 505', () => {
  const { status, request } = refused('badvers')
  assert.equal(status, 505)
  assert.equal(topVia(request)?.host, 'c.example.com')
})

test('3.1.2.17 mismatch01: methods that differ in request line and CSeq are refused', () => {
  assert.equal(refused('mismatch01').status, 400)
})

test('3.1.2.18 mismatch02: with an unknown method too', () => {
  assert.equal(refused('mismatch02').status, 400)
})

test('3.1.2.19 bigcode: a response with an overlarge code is dropped', () => {
  dropped('bigcode')
})

test('3.2.1 badbranch: a branch that is only the magic cookie parses', () => {
  assert.equal(topVia(accepted('badbranch'))?.params.get('branch'), 'z9hG4bK')
})

test('3.3.1 insuf: a request without required headers is answered 400', () => {
  assert.equal(refused('insuf').status, 400)
})

test('3.3.2 unkscm: an unknown scheme is well formed and answered 416', () => {
  const { status, request } = refused('unkscm')
  assert.equal(status, 416)
  assert.equal(uri(request.uri).scheme, 'nobodyknowsthisscheme')
  assert.equal(uri(request.uri).opaque, 'totallyopaquecontent')
})

test('3.3.3 novelsc: a known scheme that is none of ours is answered 416', () => {
  const { status, request } = refused('novelsc')
  assert.equal(status, 416)
  assert.equal(uri(request.uri).scheme, 'soap.beep')
})

test('3.3.4 unksm2: other schemes in To, From and Contact are well formed', () => {
  const request = accepted('unksm2')
  assert.equal(toOf(request)?.uri, 'isbn:2983792873')
  assert.equal(fromOf(request)?.uri, 'http://www.example.com')
  assert.equal(contactsOf(request)[0]?.uri, 'name:John_Smith')
})

test('3.3.5 bext01: options that nobody supports are named for the 420', () => {
  const request = accepted('bext01')
  assert.deepEqual(unsupportedOptions(request, new Set(['eventlist'])), [
    'nothingSupportsThis',
    'nothingSupportsThisEither',
  ])
  assert.equal(unsupportedOptions(request, new Set(), 'Proxy-Require').length, 2)
})

test('3.3.6 invut: a body of unknown type is well formed', () => {
  const request = accepted('invut')
  assert.equal(
    parseMediaType(request.headers.get('Content-Type') ?? '')?.type,
    'application/unknownformat',
  )
  assert.equal(request.body.length, 40)
})

test('3.3.7 regaut01: an unknown authorization scheme is well formed', () => {
  const auth = parseAuthParams(accepted('regaut01').headers.get('Authorization') ?? '')
  assert.equal(auth?.scheme, 'NoOneKnowsThisScheme')
  assert.equal(auth?.params.get('opaque-data'), 'here')
})

test('3.3.8 multi01: several values where one is required are refused', () => {
  assert.equal(refused('multi01').status, 400)
  // The declared length is wrong as well; with the right one it is still refused.
  const bytes = Buffer.from(tortureMessage('multi01').toString().replace('l: 154', 'l: 152'))
  const result = parseSipDatagram(bytes)
  assert.ok(result.kind === 'message' && result.message.kind === 'request')
  assert.equal(validateRequest(result.message)?.reason, 'More than one CSeq')
})

test('3.3.9 mcl01: several Content-Length values are refused, and end a stream', () => {
  assert.equal(refused('mcl01').status, 400)
  assert.deepEqual(streamed('mcl01'), ['refused', 'fatal'])
})

test('3.3.10 bcast: a response with a second Via parses, both can be seen', () => {
  const response = acceptedResponse('bcast')
  assert.equal(parseVia(response.headers.getAll('Via')[1] ?? '')?.host, '255.255.255.255')
})

test('3.3.11 zeromf: Max-Forwards of zero is legal', () => {
  assert.equal(parseMaxForwards(accepted('zeromf').headers.get('Max-Forwards') ?? ''), 0)
})

test('3.3.12 cparam01: a parameter after a bare URI is the header’s', () => {
  const [contact] = contactsOf(accepted('cparam01'))
  assert.equal(contact?.params.get('unknownparam'), '')
  assert.equal(contact?.uri, 'sip:+19725552222@gw1.example.net')
})

test('3.3.13 cparam02: a parameter within brackets is the URI’s', () => {
  const [contact] = contactsOf(accepted('cparam02'))
  assert.equal(contact?.params.size, 0)
  assert.ok(uri(contact?.uri).params.has('unknownparam'))
})

test('3.3.14 regescrt: a Contact URI keeps its escaped header', () => {
  const [contact] = contactsOf(accepted('regescrt'))
  assert.equal(contact?.uri, 'sip:user@example.com?Route=%3Csip:sip.example.com%3E')
  assert.deepEqual(uri(contact?.uri).headers, [['Route', '<sip:sip.example.com>']])
})

test('3.3.15 sdp01: an Accept of unknown type is well formed', () => {
  assert.deepEqual(accepted('sdp01').headers.getAll('Accept'), ['text/nobodyKnowsThis'])
})

test('3.4.1 inv2543: a request of RFC 2543 times is accepted', () => {
  const request = accepted('inv2543')
  assert.equal(topVia(request)?.params.get('branch'), undefined)
  assert.equal(fromOf(request)?.params.get('tag'), undefined)
  assert.equal(toOf(request)?.params.get('user'), 'phone')
  assert.equal(request.body.length, 105)
})
