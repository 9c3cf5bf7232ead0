/** XEP-0215. */
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { describe, it, type TestContext } from 'node:test'
import type { Element } from '../../../src/xml/element.ts'
import type { ExternalService } from '../../../src/xmpp/modules/external-services.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { condition, startXmppSystem } from '../../support/xmpp-system.ts'

const NS = 'urn:xmpp:extdisco:2'
const NOW = Date.UTC(2026, 10, 23, 9, 30)
const SECRET = 'shared with coturn'

function service(parts: Partial<ExternalService>): ExternalService {
  const none = { name: undefined, username: undefined, password: undefined, secret: undefined }
  return {
    ...{ type: 'stun', host: 'stun.example', port: 0, transport: 'udp', ttl: 3_600_000 },
    ...none,
    ...parts,
  }
}

const STUN = service({ name: 'Our STUN' })
const TURN = service({ type: 'turn', host: 'turn.example', secret: SECRET })
const TURNS = service({ ...TURN, type: 'turns', transport: 'tcp', port: 443 })
const FILES = service({
  ...{ type: 'ftp', host: 'files.example', transport: 'tcp' },
  ...{ port: 21, username: 'guest', password: 'please' },
})

function start(t: TestContext, externalServices: readonly ExternalService[]) {
  return startXmppSystem(t, { config: { externalServices }, clock: new FakeClock(NOW) })
}

function services(result: Element, name = 'services'): Record<string, string>[] {
  const found = [...(result.child(name, NS)?.elements() ?? [])]
  return found.map(({ attrs }) => ({ ...attrs }))
}

function credentials(account: string) {
  const username = `${NOW / 1000 + 3600}:${account}`
  const password = createHmac('sha1', SECRET).update(username).digest('base64')
  return { username, password, expires: '2026-11-23T10:30:00.000Z', restricted: 'true' }
}

describe('external services', () => {
  it('are listed, with credentials of one’s own that last for a while', async (t) => {
    const system = await start(t, [STUN, TURN, TURNS, FILES])
    await using alice = await system.connect('alice')
    const result = await alice.iq('get', `<services xmlns='${NS}'/>`, 'corp.example')
    const mine = credentials('alice@corp.example')
    const { type, host, transport, name } = STUN
    assert.deepEqual(services(result), [
      { type, host, transport, name, port: '3478' },
      { type: 'turn', host: 'turn.example', transport: 'udp', port: '3478', ...mine },
      { type: 'turns', host: 'turn.example', transport: 'tcp', port: '443', ...mine },
      {
        ...{ type: 'ftp', host: 'files.example', transport: 'tcp', port: '21' },
        ...{ restricted: 'true', username: 'guest', password: 'please' },
      },
    ])
  })

  it('are listed by type', async (t) => {
    const system = await start(t, [STUN, TURN])
    await using bob = await system.connect('bob')
    const result = await bob.iq('get', `<services xmlns='${NS}' type='turn'/>`, 'corp.example')
    assert.equal(result.child('services', NS)?.attr('type'), 'turn')
    const [turn, ...more] = services(result)
    assert.equal(turn?.username, credentials('bob@corp.example').username)
    assert.deepEqual(more, [])
    const none = await bob.iq('get', `<services xmlns='${NS}' type='turns'/>`, 'corp.example')
    assert.deepEqual(services(none), [])
  })

  it('give credentials to whoever knows of them', async (t) => {
    const system = await start(t, [STUN, TURN, service({ ...TURN, port: 80 })])
    await using alice = await system.connect('alice')
    const ask = (inside: string) =>
      alice.iq('get', `<credentials xmlns='${NS}'>${inside}</credentials>`, 'corp.example')
    const both = await ask(`<service host='turn.example' type='turn'/>`)
    assert.deepEqual(
      services(both, 'credentials').map(({ port }) => port),
      ['3478', '80'],
    )
    const one = await ask(`<service host='TURN.example' type='turn' port='80'/>`)
    const [given] = services(one, 'credentials')
    assert.equal(given?.password, credentials('alice@corp.example').password)
    for (const inside of [
      `<service host='stun.example' type='stun'/>`,
      `<service host='turn.example' type='turns'/>`,
      `<service host='turn.example' type='turn' port='81'/>`,
    ]) {
      assert.equal(condition(await ask(inside)), 'cancel item-not-found', inside)
    }
    for (const inside of ['', `<service host='turn.example'/>`]) {
      assert.equal(condition(await ask(inside)), 'modify bad-request', inside)
    }
  })

  it('are not spoken of where there are none', async (t) => {
    const system = await start(t, [])
    await using alice = await system.connect('alice')
    const refused = await alice.iq('get', `<services xmlns='${NS}'/>`, 'corp.example')
    assert.equal(condition(refused), 'cancel service-unavailable')
  })
})
