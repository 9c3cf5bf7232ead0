/** RFC 2782: the order of SRV targets. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { srvOrder } from '../../../../src/sip/transport/dns/srv-order.ts'

test('equal priorities are drawn by weight, and a dot is no service', () => {
  const heavy = { priority: 1, weight: 1_000_000, name: 'heavy', port: 1 }
  const light = { priority: 1, weight: 1, name: 'light', port: 1 }
  const first = Array.from({ length: 50 }, () => srvOrder([light, heavy])[0]?.name)
  assert.ok(first.filter((name) => name === 'heavy').length >= 45)
  assert.deepEqual(srvOrder([{ priority: 0, weight: 0, name: '.', port: 0 }]), [])
})

test('a target of weight 0 has a chance beside one that is light', () => {
  const none = { priority: 1, weight: 0, name: 'none', port: 1 }
  const light = { priority: 1, weight: 1, name: 'light', port: 1 }
  const first = new Set(Array.from({ length: 100 }, () => srvOrder([light, none])[0]?.name))
  assert.deepEqual([...first].toSorted(), ['light', 'none'])
})

test('all of a priority come before the next', () => {
  const records = [30, 10, 20, 10].map((priority, port) => ({
    priority,
    weight: port,
    name: 'a',
    port,
  }))
  assert.deepEqual(
    srvOrder(records).map(({ priority }) => priority),
    [10, 10, 20, 30],
  )
})
