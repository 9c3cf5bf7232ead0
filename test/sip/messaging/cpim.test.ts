/** message/cpim: RFC 3862, with the header fields of RFC 5438. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type CpimMessage, parseCpim, renderCpim } from '../../../src/sip/messaging/cpim.ts'
import { crlf } from './support.ts'

function read(text: string): CpimMessage {
  const parsed = parseCpim(Buffer.from(crlf(text)))
  assert.ok(typeof parsed === 'object', String(parsed))
  return parsed
}

const HELLO = `
From: MR SANDERS <im:piglet@100akerwood.com>
To: Depressed Donkey <im:eeyore@100akerwood.com>
DateTime: 2000-12-13T13:40:00-08:00
Subject: the weather will be fine today
Subject:;lang=fr beau temps prevu pour aujourd'hui

Content-Type: text/plain; charset=utf-8
Content-ID: <1234567890@foo.com>

Hello`

describe('a CPIM message (RFC 3862)', () => {
  test('tells its ends, its time, its subject and its content', () => {
    const message = read(HELLO)
    assert.equal(message.from, 'im:piglet@100akerwood.com')
    assert.deepEqual(message.to, ['im:eeyore@100akerwood.com'])
    assert.equal(message.dateTime, '2000-12-13T13:40:00-08:00')
    assert.equal(message.subject, 'the weather will be fine today')
    assert.equal(message.content.headers.get('content-type'), 'text/plain; charset=utf-8')
    assert.equal(message.content.body.toString(), 'Hello')
  })

  test('escapes what a field cannot hold (§2.3), both ways', () => {
    const subject = 'back\\slash, tab\t, line\r\nbreak, bell\u0007, “quoted”'
    const content = { headers: [['Content-Type', 'text/plain']], body: 'x' } as const
    const ends = { from: 'sip:a@example.com', to: 'sip:b@example.com' }
    const written = renderCpim({ ...ends, time: 0, subject, messageId: '1', content })
    assert.match(
      written.toString(),
      /\r\nSubject: back\\\\slash, tab\\t, line\\r\\nbreak, bell\\u0007, “quoted”\r\n/,
    )
    const parsed = parseCpim(written)
    assert.ok(typeof parsed === 'object')
    assert.equal(parsed.subject, subject)
  })

  test('names fields of other namespaces by whatever prefix (§3.4)', () => {
    const message = read(`
From: <im:a@example.com>
NS: x <urn:ietf:params:imdn>
x.Message-ID: 34jk324j
x.Disposition-Notification: positive-delivery, Display;a=b, future
x.IMDN-Record-Route: <im:one@example.com>
x.IMDN-Record-Route: <im:two@example.com>
imdn.Original-To: <im:nobody@example.com>

Content-Type: text/plain

Hi`)
    assert.equal(message.messageId, '34jk324j')
    assert.deepEqual(message.dispositionNotification, ['positive-delivery', 'display', 'future'])
    assert.deepEqual(message.recordRoute, ['<im:one@example.com>', '<im:two@example.com>'])
    // Its prefix was never declared.
    assert.equal(message.originalTo, undefined)
  })

  test('is not understood where a field that it requires is not (§3.5)', () => {
    const requiring = (name: string) =>
      parseCpim(
        Buffer.from(
          crlf(`
From: <im:a@example.com>
NS: imdn <urn:ietf:params:imdn>
NS: my <mid:MessageFeatures@id.foo.com>
Require: ${name}

Content-Type: text/plain

Hi`),
        ),
      )
    assert.equal(requiring('my.VitalMessageOption'), 'not-understood')
    assert.equal(requiring('Subject, my.Other'), 'not-understood')
    assert.equal(requiring('Locale.MustRenderKanji'), 'not-understood')
    assert.ok(typeof requiring('Subject') === 'object')
    assert.ok(typeof requiring('imdn.Message-ID') === 'object')
  })

  test('may have the fields of its content right behind its own, as in RFC 5438 §7.1.1.3', () => {
    const message = read(`
From: Alice <im:alice@example.com>
To: Bob <im:bob@example.com>
NS: imdn <urn:ietf:params:imdn>
imdn.Message-ID: 34jk324j
Content-type: text/plain
Content-length: 11

Hello World`)
    assert.equal(message.messageId, '34jk324j')
    assert.equal(message.content.body.toString(), 'Hello World')
  })

  test('is malformed without an end of its fields, or with a line that is none', () => {
    assert.equal(parseCpim(Buffer.from('From: <im:a@example.com>\r\n')), 'malformed')
    assert.equal(parseCpim(Buffer.from(crlf('From <im:a>\n\nContent-Type: a/b\n\nx'))), 'malformed')
    assert.equal(parseCpim(Buffer.from(crlf('From: <im:a>\n\nno header\n\nx'))), 'malformed')
    const many = `${'Subject: x\n'.repeat(65)}\nContent-Type: a/b\n\nx`
    assert.equal(parseCpim(Buffer.from(crlf(many))), 'malformed')
  })

  test('that is written can be read', () => {
    const written = renderCpim({
      from: 'sip:alice@example.com',
      to: 'sip:bob@example.com',
      time: Date.UTC(2030, 0, 2, 3, 4, 5),
      messageId: 'm1',
      dispositionNotification: ['positive-delivery', 'display'],
      originalTo: 'sip:list@example.com',
      route: ['<im:one@example.com>'],
      content: { headers: [['Content-Type', 'text/plain;charset=UTF-8']], body: 'Grüße' },
    })
    const parsed = parseCpim(written)
    assert.ok(typeof parsed === 'object')
    assert.equal(parsed.from, 'sip:alice@example.com')
    assert.equal(parsed.dateTime, '2030-01-02T03:04:05.000Z')
    assert.deepEqual(parsed.dispositionNotification, ['positive-delivery', 'display'])
    assert.equal(parsed.originalTo, '<sip:list@example.com>')
    assert.equal(parsed.content.body.toString(), 'Grüße')
    assert.match(written.toString(), /\r\nimdn\.IMDN-Route: <im:one@example\.com>\r\n/)
  })
})
