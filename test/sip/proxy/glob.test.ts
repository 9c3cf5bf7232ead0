import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { matchesGlob } from '../../../src/sip/proxy/glob.ts'

const FITTING = [
  ['*', ''],
  ['*', 'anything'],
  ['example.com', 'example.com'],
  ['*.example.com', 'sip.example.com'],
  ['2*', '2001'],
  ['sip:+49*@*', 'sip:+4930123@example.com'],
  ['a*b*c', 'aXbXbYc'],
  ['**', 'x'],
] as const

const OTHERS = [
  ['', 'x'],
  ['example.com', 'example.com.evil'],
  ['*.example.com', 'example.com'],
  ['2*', '12'],
  ['a*b', 'abc'],
  ['Bob', 'bob'],
] as const

describe('a pattern', () => {
  for (const [pattern, text] of FITTING) {
    test(`${pattern} fits “${text}”`, () => assert.equal(matchesGlob(pattern, text), true))
  }
  for (const [pattern, text] of OTHERS) {
    test(`${pattern} does not fit “${text}”`, () => assert.equal(matchesGlob(pattern, text), false))
  }

  test('with many stars takes no long way through a long text', () => {
    let reads = 0
    const text = new Proxy(Object('a'.repeat(2000)), {
      get(target, name) {
        reads += 1
        return target[name]
      },
    })
    assert.equal(matchesGlob('*a*a*a*a*a*a*b', text), false)
    assert.ok(reads < 10 * 2000 * 14, String(reads))
  })
})
