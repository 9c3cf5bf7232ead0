import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { FRAME, FrameBatch, type FrameKind, readBatch } from '../../src/net/frames.ts'

const kinds = fc.constantFrom(...(Object.values(FRAME) as FrameKind[]))
const payloads = fc.oneof(fc.string({ unit: 'binary' }), fc.uint8Array())
const frames = fc.array(fc.tuple(kinds, fc.nat(2 ** 32 - 1), payloads))

describe('a batch of frames', () => {
  it('is read as it was written, in order, whatever it carries', () => {
    fc.assert(
      fc.property(frames, fc.nat(2 ** 32 - 1), (written, acknowledged) => {
        const batch = new FrameBatch()
        for (const frame of written) batch.add(...frame)
        const bytes = batch.bytes
        const taken = batch.take(acknowledged)
        assert.equal(taken.byteLength, bytes)
        assert.ok(batch.isEmpty)
        const read: [FrameKind, number, string][] = []
        const told = readBatch(taken, (kind, link, payload) => {
          read.push([kind, link, payload.toString('hex')])
        })
        assert.equal(told, acknowledged)
        assert.deepEqual(
          read,
          written.map(([kind, link, payload]) => [
            kind,
            link,
            Buffer.from(payload).toString('hex'),
          ]),
        )
      }),
    )
  })

  it('has memory of its own, which can be given away', () => {
    const batch = new FrameBatch()
    batch.add(FRAME.write, 1, 'text')
    const taken = batch.take(0)
    assert.equal(taken.buffer.byteLength, taken.byteLength)
  })
})
