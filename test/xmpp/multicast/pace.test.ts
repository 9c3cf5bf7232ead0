import assert from 'node:assert/strict'
import { test } from 'node:test'
import { requireJid } from '../../../src/core/address.ts'
import { Pace } from '../../../src/xmpp/multicast/pace.ts'
import { FakeClock } from '../../support/fake-clock.ts'

const user = (name: string) => requireJid(`${name}@corp.example`).bare
const alice = user('alice')
const size = () => 100

test('copies are charged like stanzas, and nobody waits for another', () => {
  const clock = new FakeClock()
  const pace = new Pace({ maxStanzasPerSecond: 10 }, clock)
  pace.charge(alice, 99, size)
  pace.charge(alice, 50, size)
  assert.throws(() => pace.charge(alice, 1, size), /too many copies/)
  pace.charge(user('bob'), 1, size)
  clock.advance(5000)
  pace.charge(alice, 1, size)
})

test('so are their bytes', () => {
  const pace = new Pace({ maxBytesPerSecond: 1000, maxStanzasPerSecond: 0 }, new FakeClock())
  pace.charge(alice, 101, size)
  assert.throws(() => pace.charge(alice, 1, size), { condition: 'resource-constraint' })
})

test('without limits nothing is measured', () => {
  const pace = new Pace({}, new FakeClock())
  pace.charge(alice, 99, () => assert.fail())
  assert.equal(pace.size, 0)
})

test('who has paid is forgotten, who has not is remembered', () => {
  const clock = new FakeClock()
  const pace = new Pace({ maxStanzasPerSecond: 1 }, clock)
  for (let n = 0; n < 1000; n += 1) pace.charge(user(`user${n}`), 1, size)
  clock.advance(500)
  pace.charge(alice, 20, size)
  assert.equal(pace.size, 1001)
  clock.advance(1000)
  for (let n = 0; n < 2000; n += 1) pace.charge(user(`more${n}`), 1, size)
  assert.ok(pace.size <= 2002, `${pace.size}`)
  assert.throws(() => pace.charge(alice, 1, size), /too many copies/)
})
