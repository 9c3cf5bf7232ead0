import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { figuresOf } from '../../bench/harness/span.ts'

describe('the figures of a span', () => {
  const result = { operations: 1_000, ms: 2_000, p50Ms: 1, p99Ms: 2 }
  const figures = figuresOf({ result, serverMs: 500, generatorsMs: [300, 1_800] })

  it('are by operation and by second', () => {
    assert.equal(figures.cost, 500)
    assert.equal(figures.perSecond, 500)
    assert.equal(figures.serverShare, 0.25)
  })

  it('count all generators, and say how busy the busiest is', () => {
    assert.equal(figures.generatorCost, 2_100)
    assert.equal(figures.generatorShare, 0.9)
  })
})
