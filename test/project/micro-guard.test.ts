/** What the server does most often allocates no more, and takes no longer way, than was committed. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  type Counted,
  countAsWritten,
  faults,
  REWRITE,
  readCommitted,
} from '../../bench/micro/counting.ts'

const BEFORE: Counted = {
  'xml: read': { bytes: 1000, steps: 100 },
  'xml: write': { bytes: 500, steps: 10 },
}

function faultsWith(changes: Record<string, { bytes: number; steps: number }>) {
  return faults({ ...BEFORE, ...changes }, BEFORE)
}

describe('the cost of an operation', () => {
  it('may rise by a fifth', () =>
    assert.deepEqual(faultsWith({ 'xml: read': { bytes: 1200, steps: 120 } }), []))

  it('may not allocate more than that', () =>
    assert.deepEqual(faultsWith({ 'xml: read': { bytes: 1210, steps: 100 } }), [
      '“xml: read” takes 1210 bytes; 1000 are committed.',
    ]))

  it('may not take more steps than that', () =>
    assert.deepEqual(faultsWith({ 'xml: write': { bytes: 400, steps: 13 } }), [
      '“xml: write” takes 13 steps; 10 are committed.',
    ]))

  it('is known of every operation, and of no other', () =>
    assert.deepEqual(
      faults({ 'xml: read': { bytes: 1000, steps: 100 }, new: { bytes: 1, steps: 1 } }, BEFORE),
      [
        '“xml: write” is committed and is not counted any more.',
        '“new” is counted and is not committed.',
      ],
    ))

  it('is what was committed', async () => {
    const found = faults(await countAsWritten(), await readCommitted())
    const advice = `If that is meant, commit what this writes: ${REWRITE}`
    assert.equal(found.length, 0, [...found, advice].join('\n'))
  })
})
