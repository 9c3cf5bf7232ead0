import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { metrics } from '../../../src/util/metrics.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { XmppClient } from '../../support/xmpp-client.ts'
import { PASSWORD, type Rig, startRig } from '../rig.ts'

const JULIET = { jid: 'juliet@capulet.example', password: PASSWORD, mechanism: 'PLAIN' }
const message = (n: number) => `<message id='${n}' to='romeo@montague.example'/>`
const NO_LIMIT = { plaintextAuth: true }

async function heard(rig: Rig, count: number): Promise<void> {
  while (rig.handler.stanzas.length < count) await new Promise(setImmediate)
}

/** Resolves when whatever was to be read has been: another client was served meanwhile. */
async function served(rig: Rig): Promise<void> {
  for (let n = 0; n < 3; n += 1) {
    const other = await XmppClient.connect(rig)
    await other.open('capulet.example')
    await other.cut()
  }
}

describe('a client that says too much', () => {
  for (const [what, limit] of [
    ['too many stanzas', { maxStanzasPerSecond: 2 }],
    ['too many bytes', { maxBytesPerSecond: 100 }],
  ] as const) {
    it(`is left unread after ${what}, until it is paid for`, async (t) => {
      const clock = new FakeClock()
      const rig = await startRig(t, { clock, config: { ...NO_LIMIT, ...limit } })
      await using client = await XmppClient.signIn(rig, JULIET)
      clock.advance(60_000)
      const before = await throttled()
      client.send(Array.from({ length: 60 }, (_, n) => message(n)).join(''))
      await heard(rig, 60)
      client.send(message(60))
      await served(rig)
      assert.equal(rig.handler.stanzas.length, 60)
      assert.ok((await throttled()) > before)
      clock.advance(30_000)
      await heard(rig, 61)
      client.send(message(61))
      await heard(rig, 62)
    })
  }

  it('leaves others alone, but for those from the same address where that has a limit', async (t) => {
    const clock = new FakeClock()
    const config = { ...NO_LIMIT, maxStanzasPerSecondPerAddress: 5 }
    const rig = await startRig(t, { clock, config })
    await using one = await XmppClient.signIn(rig, JULIET)
    await using other = await XmppClient.signIn(rig, JULIET)
    clock.advance(60_000)
    one.send(Array.from({ length: 100 }, (_, n) => message(n)).join(''))
    await heard(rig, 100)
    // It is held when it has said something itself.
    other.send(message(100))
    await heard(rig, 101)
    other.send(message(101))
    await served(rig)
    assert.equal(rig.handler.stanzas.length, 101)
    clock.advance(20_000)
    await heard(rig, 102)
  })

  it('goes in peace, unread or not', async (t) => {
    const clock = new FakeClock()
    const rig = await startRig(t, { clock, config: { ...NO_LIMIT, maxStanzasPerSecond: 1 } })
    const client = await XmppClient.signIn(rig, JULIET)
    client.send(Array.from({ length: 50 }, (_, n) => message(n)).join(''))
    await heard(rig, 50)
    const [session] = rig.handler.sessions
    session?.close()
    await client.closed()
    assert.equal(rig.sessions.count, 0)
  })
})

async function throttled(): Promise<number> {
  const text = await metrics.getSingleMetricAsString('heliograph_xmpp_throttled_total')
  return Number(/^heliograph_xmpp_throttled_total (\d+)/m.exec(text)?.[1] ?? 0)
}
