import assert from 'node:assert/strict'
import { test } from 'node:test'
import { requireJid } from '../../../src/core/address.ts'
import { Pace } from '../../../src/xmpp/multicast/pace.ts'
import { XmppSession } from '../../../src/xmpp/session.ts'
import { FakeClock } from '../../support/fake-clock.ts'

const session = () =>
  new XmppSession(requireJid('alice@corp.example/desk'), {
    write: () => true,
    flushed: async () => true,
    close: () => {},
  })
const size = () => 100

test('copies are charged like stanzas, and nobody waits for another', () => {
  const clock = new FakeClock()
  const pace = new Pace({ maxStanzasPerSecond: 10 }, clock)
  const alice = session()
  pace.charge(alice, 99, size)
  pace.charge(alice, 50, size)
  assert.throws(() => pace.charge(alice, 1, size), /too many copies/)
  pace.charge(session(), 1, size)
  clock.advance(5000)
  pace.charge(alice, 1, size)
})

test('so are their bytes', () => {
  const pace = new Pace({ maxBytesPerSecond: 1000, maxStanzasPerSecond: 0 }, new FakeClock())
  const alice = session()
  pace.charge(alice, 101, size)
  assert.throws(() => pace.charge(alice, 1, size), { condition: 'resource-constraint' })
})

test('without limits nothing is measured', () => {
  const pace = new Pace({}, new FakeClock())
  pace.charge(session(), 99, () => assert.fail())
})
