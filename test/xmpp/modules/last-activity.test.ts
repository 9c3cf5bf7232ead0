/** XEP-0012. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FakeClock } from '../../support/fake-clock.ts'
import type { XmppClient } from '../../support/xmpp-client.ts'
import { condition, startXmppSystem } from '../../support/xmpp-system.ts'

const NS = 'jabber:iq:last'

const PATIENT = { idleTimeoutMs: 86_400_000 }

/** Seconds and last words, or the error. */
async function last(client: XmppClient, to?: string): Promise<string> {
  const result = await client.iq('get', `<query xmlns='${NS}'/>`, to)
  const query = result.child('query', NS)
  return query ? `${query.attr('seconds')} ${query.text()}`.trim() : condition(result)
}

describe('last activity', () => {
  it('of the server is how long it has been there', async (t) => {
    const clock = new FakeClock()
    const system = await startXmppSystem(t, { clock, config: PATIENT })
    await using alice = await system.connect('alice')
    clock.advance(3_600_500)
    assert.equal(await last(alice, 'corp.example'), '3600')
  })

  it('of somebody who is there is now', async (t) => {
    const clock = new FakeClock()
    const system = await startXmppSystem(t, { clock, config: PATIENT })
    await system.befriend('alice', 'bob')
    await using alice = await system.connect('alice')
    await using _bob = await system.online('bob')
    clock.advance(60_000)
    assert.equal(await last(alice, 'bob@corp.example'), '0')
    assert.equal(await last(alice), '0', 'oneself')
  })

  it('of somebody who left is when, and what he said', async (t) => {
    const clock = new FakeClock()
    const system = await startXmppSystem(t, { clock, config: PATIENT })
    await system.befriend('alice', 'bob')
    await using alice = await system.connect('alice')
    await using bob = await system.online('bob')
    bob.send(`<presence type='unavailable'><status>Heading Home</status></presence>`)
    await bob.settle()
    clock.advance(903_000)
    assert.equal(await last(alice, 'bob@corp.example'), '903 Heading Home')
    bob.send('<presence/>')
    await bob.settle()
    assert.equal(await last(alice, 'bob@corp.example'), '0')
    bob.send(`<presence type='unavailable'/>`)
    await bob.settle()
    clock.advance(5_000)
    assert.equal(await last(alice, 'bob@corp.example'), '5', 'he is there, but is not to be seen')
  })

  it('goes by all of somebody’s clients, telephones too', async (t) => {
    const clock = new FakeClock()
    const system = await startXmppSystem(t, { clock, config: PATIENT })
    await system.befriend('alice', 'bob')
    await using alice = await system.connect('alice')
    system.report('bob', 'on-a-call')
    {
      await using bob = await system.online('bob')
      bob.send(`<presence type='unavailable'><status>Heading Home</status></presence>`)
      await bob.settle()
    }
    clock.advance(10_000)
    assert.equal(await last(alice, 'bob@corp.example'), '0')
    system.withdraw('bob')
    clock.advance(5_000)
    assert.equal(await last(alice, 'bob@corp.example'), '5')
  })

  it('of somebody who appears offline does not tell that he is there', async (t) => {
    const clock = new FakeClock()
    const system = await startXmppSystem(t, { clock, config: PATIENT })
    await system.befriend('alice', 'bob')
    await using alice = await system.connect('alice')
    await using _bob = await system.online('bob')
    system.report('bob', 'appear-offline', undefined, 'manual')
    clock.advance(42_000)
    assert.equal(await last(alice, 'bob@corp.example'), '42')
  })

  it('is for those who may see his clients: to others, nobody exists', async (t) => {
    const system = await startXmppSystem(t)
    await using _bob = await system.online('bob')
    await using alice = await system.connect('alice')
    for (const account of ['bob@corp.example', 'nobody@corp.example']) {
      assert.equal(await last(alice, account), 'auth forbidden')
    }
    await system.befriend('alice', 'bob')
    await using bob = await system.connect('bob', 'other')
    await bob.iq('set', `<block xmlns='urn:xmpp:blocking'><item jid='alice@corp.example'/></block>`)
    assert.equal(await last(alice, 'bob@corp.example'), 'cancel service-unavailable')
  })

  it('of somebody who was never there is not known', async (t) => {
    const system = await startXmppSystem(t)
    await system.befriend('alice', 'bob')
    await using alice = await system.connect('alice')
    assert.equal(await last(alice, 'bob@corp.example'), 'cancel item-not-found')
  })
})
