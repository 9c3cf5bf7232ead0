import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import type { BareJid } from '../../../src/core/address.ts'
import { metrics } from '../../../src/util/metrics.ts'
import type { Element } from '../../../src/xml/element.ts'
import { SignInDelays } from '../../../src/xmpp/c2s/sign-in-delays.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { XmppClient } from '../../support/xmpp-client.ts'
import { PASSWORD, startRig } from '../rig.ts'

const JULIET = 'juliet@capulet.example' as BareJid
const NURSE = 'nurse@capulet.example' as BareJid
const NS_SASL = 'urn:ietf:params:xml:ns:xmpp-sasl'

function said(outcome: Element): string | undefined {
  return outcome.name === 'success' ? 'success' : outcome.child(undefined, NS_SASL)?.name
}

describe('who has failed to sign in', () => {
  async function start(t: TestContext) {
    const clock = new FakeClock()
    const { directPort: port } = await startRig(t, { clock })
    const connect = async () => {
      const client = await XmppClient.connect({ port, direct: true })
      t.after(() => client[Symbol.asyncDispose]())
      await client.open('capulet.example')
      return client
    }
    const attempt = async (jid: string, password: string, mechanism = 'PLAIN') =>
      said(await (await connect()).authenticate({ jid, password, mechanism }))
    const fail = async (times: number) => {
      for (let n = 0; n < times; n++) assert.equal(await attempt(JULIET, 'wrong'), 'not-authorized')
    }
    return { clock, connect, attempt, fail }
  }

  it('waits before he may try that account again, longer each time', async (t) => {
    const { clock, attempt, fail } = await start(t)
    await fail(5)
    assert.equal(await attempt(JULIET, PASSWORD), 'temporary-auth-failure')
    clock.advance(1_000)
    await fail(1)
    clock.advance(1_999)
    for (const mechanism of ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-1-PLUS']) {
      assert.equal(await attempt(JULIET, PASSWORD, mechanism), 'temporary-auth-failure', mechanism)
    }
    clock.advance(1)
    assert.equal(await attempt(JULIET, PASSWORD), 'success')
    await fail(4)
    assert.equal(await attempt(JULIET, PASSWORD), 'success')
  })

  it('keeps nobody else out, from the same address', async (t) => {
    const { attempt, fail } = await start(t)
    await fail(5)
    assert.equal(await attempt(NURSE, PASSWORD), 'success')
  })

  it('waits for SASL2 as well, and for accounts that there are not', async (t) => {
    const { connect, attempt } = await start(t)
    for (let n = 0; n < 5; n++) await attempt('nobody@capulet.example', 'x')
    const client = await connect()
    const options = { jid: 'nobody@capulet.example', password: 'x', mechanism: 'PLAIN' }
    assert.equal(said(await client.authenticate2(options)), 'temporary-auth-failure')
  })
})

describe('delays of sign-in', () => {
  it('are held against an account from the address where it failed, and from no other', () => {
    const delays = new SignInDelays(new FakeClock())
    for (let n = 0; n < 5; n++) delays.failed('10.0.0.1', JULIET)
    assert.equal(delays.admitsAccount('10.0.0.1', JULIET), false)
    assert.equal(delays.admitsAccount('10.0.0.2', JULIET), true)
    assert.equal(delays.admitsAddress('10.0.0.1'), true)
  })

  it('are held against an address that fails with many, and counted', async () => {
    const delays = new SignInDelays(new FakeClock(), 3)
    for (const account of [JULIET, NURSE, undefined]) delays.failed('10.0.0.1', account)
    assert.equal(delays.admitsAddress('10.0.0.1'), false)
    assert.equal(delays.admitsAddress('10.0.0.2'), true)
    assert.match(
      await metrics.metrics(),
      /heliograph_xmpp_logins_delayed_total\{by="address"\} [1-9]/,
    )
  })
})
