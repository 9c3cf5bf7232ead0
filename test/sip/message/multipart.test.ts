/** RFC 2046 §5.1, RFC 2387, RFC 4662 §5. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { parseMediaType } from '../../../src/sip/message/media-type.ts'
import {
  MULTIPART_LIMITS,
  type Part,
  parseMultipart,
  renderRelated,
  rootFirst,
} from '../../../src/sip/message/multipart.ts'

function mediaType(text: string) {
  const type = parseMediaType(text)
  assert.ok(type)
  return type
}

const MIXED = mediaType('multipart/mixed; boundary="b 1"')

function read(text: string, type = MIXED) {
  return parseMultipart(type, Buffer.from(text))
}

const parts = fc.record(
  {
    contentId: fc.stringMatching(/^[a-z0-9]{1,10}@example\.com$/),
    contentType: fc.constantFrom('application/pidf+xml', 'application/rlmi+xml;charset="UTF-8"'),
    contentDisposition: fc.constant(undefined),
    body: fc
      .string({ unit: fc.constantFrom('\r\n', '\n', '--', 'a', 'é', ' ') })
      .map((text) => Buffer.from(text)),
  },
  { noNullPrototype: true },
)

describe('multipart/related (RFC 2387)', () => {
  it('is read as it was written, whatever its parts are', () => {
    fc.assert(
      fc.property(fc.array(parts, { minLength: 1, maxLength: 6 }), (made) => {
        const [root, ...others] = made
        assert.ok(root)
        const { contentType, body } = renderRelated([root, ...others])
        assert.deepEqual(parseMultipart(mediaType(contentType), body), made)
      }),
    )
  })

  it('names the type of its root, and where the root is', () => {
    const { contentType } = renderRelated([
      { contentId: 'l1@example.com', contentType: 'application/rlmi+xml', body: Buffer.alloc(0) },
    ])
    const { type, params } = mediaType(contentType)
    assert.equal(type, 'multipart/related')
    assert.equal(params.get('type'), 'application/rlmi+xml')
    assert.equal(params.get('start'), '<l1@example.com>')
  })

  it('has a boundary of its own each time', () => {
    const part: Part = { contentType: 'text/plain', body: Buffer.from('x') }
    assert.notEqual(renderRelated([part]).contentType, renderRelated([part]).contentType)
  })

  it('may nest: a part that is one is read in its turn (RFC 4662 §5.5)', () => {
    const inner = renderRelated([{ contentType: 'text/plain', body: Buffer.from('deep') }])
    const outer = renderRelated([{ contentType: 'text/plain', body: Buffer.from('root') }, inner])
    const [, nested] = parseMultipart(mediaType(outer.contentType), outer.body) ?? []
    assert.ok(nested)
    const [deep] = parseMultipart(mediaType(nested.contentType), nested.body) ?? []
    assert.equal(deep?.body.toString(), 'deep')
  })

  it('begins with the root wherever it stands (RFC 2387 §3.2)', () => {
    const first: Part = { contentId: 'a', contentType: 'text/plain', body: Buffer.alloc(0) }
    const second: Part = { ...first, contentId: 'b' }
    const type = mediaType('multipart/related;start="<b>";boundary=x')
    assert.deepEqual(rootFirst(type, [first, second]), [second, first])
    assert.deepEqual(rootFirst(mediaType('multipart/related;boundary=x'), [first, second]), [
      first,
      second,
    ])
  })
})

describe('a body of several parts that somebody else wrote', () => {
  it('may end its lines with a line feed alone, have headers of any case, and text around', () => {
    const text =
      'preamble\n--b 1\nCONTENT-ID:<a@x>\ncontent-type: text/plain;\n charset=utf-8\nContent-Length: 3\n\none\n--b 1  \n\ntwo\n--b 1--\nepilogue'
    assert.deepEqual(read(text), [
      {
        contentId: 'a@x',
        contentType: 'text/plain; charset=utf-8',
        contentDisposition: undefined,
        body: Buffer.from('one'),
      },
      {
        contentId: undefined,
        contentType: 'text/plain',
        contentDisposition: undefined,
        body: Buffer.from('two'),
      },
    ])
  })

  it('tells what a part is for', () => {
    const [part] = read('--b 1\r\nContent-Disposition: recipient-list\r\n\r\n\r\n--b 1--') ?? []
    assert.equal(part?.contentDisposition, 'recipient-list')
    assert.equal(part?.body.length, 0)
  })

  it('does not end a part where a line merely begins like a boundary', () => {
    const [part] = read('--b 1\n\n--b 12\nx--b 1\n--b 1--') ?? []
    assert.equal(part?.body.toString(), '--b 12\nx--b 1')
  })

  it('is none where it has no boundary, no end, another encoding, or more than the limits', () => {
    assert.equal(read('--b 1\n\nx\n--b 1--', mediaType('multipart/mixed')), undefined)
    assert.equal(read('--b 1\n\nx'), undefined)
    assert.equal(read('nothing'), undefined)
    assert.equal(read('--b 1\nno end of the head\n--b 1--'), undefined)
    const encoded = (by: string) =>
      read(`--b 1\nContent-Transfer-Encoding: ${by}\n\neA==\n--b 1--`)?.[0]?.body.toString()
    assert.equal(encoded('quoted-printable'), undefined)
    assert.equal(encoded('base64'), 'x')
    assert.equal(read(`--b 1\nx: ${'y'.repeat(9_000)}\n\nx\n--b 1--`), undefined)
    const three = Buffer.from('--b 1\n\nx\n--b 1\n\ny\n--b 1\n\nz\n--b 1--')
    assert.equal(parseMultipart(MIXED, three)?.length, 3)
    assert.equal(parseMultipart(MIXED, three, { ...MULTIPART_LIMITS, maxParts: 2 }), undefined)
  })

  it('never does harm', () => {
    const pieces = fc.constantFrom('--b 1', '--', '\r\n', '\n', ' ', 'Content-ID: <a>', ':', 'x')
    fc.assert(fc.property(fc.array(pieces), (some) => void read(some.join(''))))
  })
})
