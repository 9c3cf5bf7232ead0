import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadConfig } from '../../../src/config/load-config.ts'
import { DEFAULT_TRANSPORT_LIMITS } from '../../../src/sip/transport/limits.ts'
import { transportLimits } from '../../../src/sip/transport/transport-config.ts'

function limitsOf(...args: string[]) {
  const loaded = loadConfig(args, {})
  assert.ok(loaded.kind === 'config')
  return transportLimits(loaded.config.sip)
}

test('where an operator says nothing the limits are those of the transports', () => {
  const { firstMessageMs, stallMs, ...configured } = DEFAULT_TRANSPORT_LIMITS
  assert.deepEqual(limitsOf(), configured)
  assert.ok(firstMessageMs > 0 && stallMs > 0)
})

test('an idle time of 0 is for ever', () => {
  assert.equal(limitsOf('--set', 'sip.transport.idleTimeout=0s').idleMs, Infinity)
})
