/** Bodies of MESSAGE: RFC 3428 §7, RFC 3862, RFC 3994, RFC 5438, and of several parts (RFC 2046 §5.1). */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { SipError } from '../../../src/sip/errors.ts'
import { type Content, readBody } from '../../../src/sip/messaging/content.ts'
import { BOB, sipRequest } from '../events/support.ts'
import { crlf, handlerRig } from './support.ts'

function read(type: string, body: string | Buffer) {
  const request = sipRequest('MESSAGE', { headers: [['Content-Type', type]] })
  request.body = typeof body === 'string' ? Buffer.from(crlf(body)) : body
  return readBody(request, request.body)
}

function textOf(content: Content): string | undefined {
  return content.kind === 'text' ? content.text : undefined
}

function refusedWith(status: number) {
  return (error: unknown) => error instanceof SipError && error.status === status
}

const CPIM = (from: string, body = 'Content-Type: text/plain\n\nHi') =>
  `From: <${from}>\nTo: <im:alice@example.com>\n\n${body}`

describe('the text of a MESSAGE', () => {
  test('is in the charset that it names (RFC 3862 §2.4 has it in the content)', () => {
    const latin = read(
      'text/plain; charset=ISO-8859-1',
      Buffer.from([0x47, 0x72, 0xfc, 0xdf, 0x65]),
    )
    assert.equal(textOf(latin.content), 'Grüße')
    assert.throws(() => read('text/plain;charset=klingon', 'x'), refusedWith(415))
    assert.throws(() => read('text/plain;charset=utf-8', Buffer.from([0xff])), refusedWith(400))
  })

  test('is found in CPIM, in text or in HTML', () => {
    assert.equal(textOf(read('message/cpim', CPIM('im:bob@example.com')).content), 'Hi')
    const html = CPIM('im:bob@example.com', 'Content-Type: text/html\n\n<p>a &amp; b</p>')
    assert.equal(textOf(read('Message/CPIM', html).content), 'a & b')
  })

  test('is the plain one of alternatives, or the best that can be read', () => {
    const both = `
--b
Content-Type: text/html

<b>Hi</b>
--b
Content-Type: text/plain

Hi
--b
Content-Type: image/png

...
--b--
`
    assert.equal(textOf(read('multipart/alternative; boundary=b', both).content), 'Hi')
    const html = '--b\nContent-Type: text/html\n\n<i>Yes</i>\n--b\nContent-Type: a/b\n\n.\n--b--\n'
    assert.equal(textOf(read('multipart/alternative; boundary="b"', html).content), 'Yes')
    const none = '--b\nContent-Type: image/png\n\n.\n--b--\n'
    assert.throws(() => read('multipart/alternative; boundary=b', none), refusedWith(415))
  })

  test('may stand beside parts that need not be handled (RFC 3261 §20.11)', () => {
    const mixed = (handling: string) => `--b
Content-Type: text/plain

Look
--b
Content-Type: image/png
Content-Disposition: render${handling}
Content-Transfer-Encoding: base64

aGVsbG8=
--b--
`
    const type = 'multipart/mixed;boundary=b'
    assert.equal(textOf(read(type, mixed(';handling=optional')).content), 'Look')
    assert.throws(() => read(type, mixed('')), refusedWith(415))
  })

  test('may be in base64 within a part, and in nothing that is not known', () => {
    const part = (encoding: string) =>
      CPIM(
        'im:bob@example.com',
        `Content-Type: text/plain\nContent-Transfer-Encoding: ${encoding}\n\nR3LDvMOfZQ==`,
      )
    assert.equal(textOf(read('message/cpim', part('base64')).content), 'Grüße')
    assert.equal(textOf(read('message/cpim', part('8bit')).content), 'R3LDvMOfZQ==')
    assert.throws(() => read('message/cpim', part('x-uuencode')), refusedWith(415))
  })

  test('is not looked for without end', () => {
    let body = 'Content-Type: text/plain\n\nHi'
    for (let depth = 0; depth < 4; depth += 1) {
      body = `Content-Type: message/cpim\n\n${CPIM('im:bob@example.com', body)}`
    }
    assert.equal(textOf(read('message/cpim', body.slice(body.indexOf('\n\n') + 2)).content), 'Hi')
    assert.throws(() => read('message/cpim', CPIM('im:bob@example.com', body)), refusedWith(400))
    const parts = '--b\nContent-Type: text/plain\n\nx\n'.repeat(17)
    assert.throws(() => read('multipart/mixed;boundary=b', `${parts}--b--\n`), refusedWith(400))
  })

  test('that cannot be read gets 400', () => {
    assert.throws(() => read('message/cpim', 'no header fields'), refusedWith(400))
    assert.throws(() => read('multipart/mixed', '--b\n\nx\n--b--\n'), refusedWith(400))
    assert.throws(() => read('multipart/mixed;boundary=b', '--b\n\nx\n'), refusedWith(400))
    assert.throws(() => read('application/im-iscomposing+xml', '<isComposing/>'), refusedWith(400))
    assert.throws(() => read('message/imdn+xml', '<imdn/>'), refusedWith(400))
  })

  test('never does harm, whatever it is', () => {
    const pieces = fc.constantFrom(
      ...[
        '--b',
        '--',
        '\r\n',
        '\r\n\r\n',
        '\n',
        ' ',
        'From: <im:a@b>',
        'NS: imdn <urn:ietf:params:imdn>',
      ],
      ...[
        'Content-Type: text/plain',
        'Content-Type: message/cpim',
        'Require: x',
        'imdn.Message-ID: 1',
      ],
      ...[
        'Content-Type: multipart/mixed;boundary=b',
        'Content-Disposition: recipient-list',
        ';',
        '\\u00',
      ],
      ...['<imdn xmlns="urn:ietf:params:xml:ns:imdn">', '<', '\0', 'Grüße'],
    )
    const types = fc.constantFrom('message/cpim', 'multipart/mixed;boundary=b', 'text/html')
    fc.assert(
      fc.property(types, fc.array(pieces, { maxLength: 40 }), (type, some) => {
        try {
          read(type, Buffer.from(some.join('')))
        } catch (error) {
          assert.ok(error instanceof SipError, String(error))
        }
      }),
      { numRuns: 2000 },
    )
  })

  test('that has to be understood and is not gets 488 (RFC 3862 §4.7)', () => {
    const required = `From: <im:bob@example.com>\nRequire: Vital\n\nContent-Type: text/plain\n\nHi`
    assert.throws(() => read('message/cpim', required), refusedWith(488))
  })
})

describe('the sender of a CPIM message (RFC 3862 §4.1)', () => {
  test('is the one who was authenticated, by any of his addresses', async () => {
    const { message, sent } = handlerRig()
    assert.equal((await message(crlf(CPIM('im:bob@example.com')), 'message/cpim')).status, 200)
    assert.equal((await message(crlf(CPIM('sip:bob@example.com')), 'message/cpim')).status, 200)
    assert.equal(sent[0]?.from.bare, BOB)
  })

  test('cannot be another', async () => {
    const { message, sent } = handlerRig()
    assert.equal((await message(crlf(CPIM('im:carol@example.com')), 'message/cpim')).status, 403)
    const eve = { from: '<sip:eve@elsewhere.example>;tag=1' }
    const forged = await message(crlf(CPIM('im:mallory@elsewhere.example')), 'message/cpim', eve)
    assert.equal(forged.status, 403)
    assert.equal(sent.length, 0)
    const own = await message(crlf(CPIM('im:eve@elsewhere.example')), 'message/cpim', eve)
    assert.equal(own.status, 200)
  })

  test('may name nobody', async () => {
    const { message } = handlerRig()
    const nobody = CPIM('sip:anonymous@anonymous.invalid')
    assert.equal((await message(crlf(nobody), 'message/cpim')).status, 200)
  })
})
