/** RFC 3261 §7.4.1, §20.12; RFC 5367 with the deflated lists of linphone. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import { SipError } from '../../../src/sip/errors.ts'
import { MAX_UNPACKED_BYTES, unpacked } from '../../../src/sip/message/content-encoding.ts'
import { SipHeaders } from '../../../src/sip/message/message.ts'

const TEXT = Buffer.from('<resource-lists/>'.repeat(20))

function encoded(...values: string[]): SipHeaders {
  return new SipHeaders(values.map((value) => ['Content-Encoding', value]))
}

function refuses(headers: SipHeaders, body: Buffer, status: number): void {
  assert.throws(
    () => unpacked(headers, body),
    (error) => error instanceof SipError && error.status === status,
  )
}

describe('a packed body (RFC 3261 §20.12)', () => {
  it('is unpacked, by zlib, by what is inside of zlib, and by gzip', () => {
    assert.deepEqual(unpacked(encoded('deflate'), deflateSync(TEXT)), TEXT)
    assert.deepEqual(unpacked(encoded('Deflate'), deflateRawSync(TEXT)), TEXT)
    assert.deepEqual(unpacked(encoded('gzip'), gzipSync(TEXT)), TEXT)
  })

  it('is left as it is where it is not packed', () => {
    assert.equal(unpacked(encoded(), TEXT), TEXT)
    assert.equal(unpacked(encoded('identity'), TEXT), TEXT)
  })

  it('is refused where it is packed in another way, or twice', () => {
    refuses(encoded('br'), TEXT, 415)
    refuses(encoded('deflate, gzip'), TEXT, 415)
    assert.throws(
      () => unpacked(encoded('br'), TEXT),
      (error) =>
        error instanceof SipError &&
        error.headers.some(
          ([name, value]) => name === 'Accept-Encoding' && value === 'deflate, gzip',
        ),
    )
  })

  it('is refused where it is broken, or cut off', () => {
    refuses(encoded('deflate'), TEXT, 400)
    refuses(encoded('deflate'), deflateSync(TEXT).subarray(0, 20), 400)
    refuses(encoded('gzip'), gzipSync(TEXT).subarray(0, 20), 400)
  })

  it('is refused where it unpacks to more than the bound', () => {
    const most = Buffer.alloc(MAX_UNPACKED_BYTES)
    assert.equal(unpacked(encoded('deflate'), deflateSync(most)).length, MAX_UNPACKED_BYTES)
    const bomb = deflateSync(Buffer.alloc(MAX_UNPACKED_BYTES + 1))
    assert.ok(bomb.length < 1_000)
    refuses(encoded('deflate'), bomb, 413)
  })
})
