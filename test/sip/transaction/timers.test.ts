import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DEFAULT_TIMER_BASE, timersFor } from '../../../src/sip/transaction/timers.ts'

test('UDP has the values of RFC 3261 table 4', () => {
  assert.deepEqual(timersFor('udp', DEFAULT_TIMER_BASE), {
    ...{ a: 500, b: 32_000, d: 32_000, e: 500, f: 32_000, g: 500, h: 32_000 },
    ...{ i: 5_000, j: 32_000, k: 5_000, l: 32_000, m: 32_000, t2: 4_000, trying: 200 },
  })
})

test('TCP and TLS repeat nothing and absorb nothing, except after a 2xx to INVITE', () => {
  for (const transport of ['tcp', 'tls'] as const) {
    assert.deepEqual(timersFor(transport, DEFAULT_TIMER_BASE), {
      ...{ a: undefined, b: 32_000, d: 0, e: undefined, f: 32_000, g: undefined, h: 32_000 },
      ...{ i: 0, j: 0, k: 0, l: 32_000, m: 32_000, t2: 4_000, trying: 200 },
    })
  }
})
