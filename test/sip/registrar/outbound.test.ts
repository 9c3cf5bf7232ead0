/** RFC 5626 §6, §7. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { requireJid } from '../../../src/core/address.ts'
import { DELIVERED } from '../../../src/core/messaging/message.ts'
import type { Peer } from '../../../src/sip/transport/transport.ts'
import { BOB, fakeFlow, settle } from '../events/support.ts'
import { chat } from '../messaging/support.ts'
import { PHONE, type Register, setUp } from './support.ts'

const DEVICE = `${PHONE};+sip.instance="<urn:uuid:1>"`
const OUTBOUND: [string, string] = ['Supported', 'path, outbound']
const EDGE = 'SIP/2.0/TCP 192.0.2.40:5060;branch=z9hG4bKedge'

function flowOf(port: number): Peer & { flow: ReturnType<typeof fakeFlow> } {
  return { transport: 'tcp', host: '192.0.2.10', port, flow: fakeFlow() }
}

function start() {
  const system = setUp()
  const flow = (regId: number, source: Peer, more: Register = {}) =>
    system.register([`${DEVICE};reg-id=${regId}`], { headers: [OUTBOUND], source, ...more })
  return { ...system, flow }
}

describe('REGISTER of a flow (RFC 5626 §6)', () => {
  test('is confirmed, with the time after which the client should show itself', async () => {
    const { flow } = start()
    const tx = await flow(1, flowOf(41_000))
    assert.equal(tx.status, 200)
    assert.equal(tx.header('Require'), 'outbound')
    assert.equal(tx.header('Flow-Timer'), '120')
    assert.match(tx.header('Contact') ?? '', /;\+sip\.instance="<urn:uuid:1>";reg-id=1$/)
  })

  test('is one binding a flow; a flow that comes again replaces itself, whatever its Contact', async () => {
    const { flow, register, bindings } = start()
    await flow(1, flowOf(41_000))
    await flow(2, flowOf(42_000))
    assert.equal(bindings.of(BOB).length, 2)
    const source = flowOf(43_000)
    const contact = '<sip:bob@198.51.100.7>;+sip.instance="<urn:uuid:1>";reg-id=1'
    await register([contact], { headers: [OUTBOUND], source })
    assert.deepEqual(
      bindings.of(BOB).map(({ state }) => [state.regId, state.peer?.port]),
      [
        [1, 43_000],
        [2, 42_000],
      ],
    )
  })

  test('is the packets’ own way over UDP, too, not the Contact', async () => {
    const { flow, bindings } = start()
    await flow(1, { transport: 'udp', host: '192.0.2.10', port: 33_000 })
    assert.equal(bindings.of(BOB)[0]?.state.peer?.port, 33_000)
  })

  test('is not confirmed to a client that does not say it knows of it', async () => {
    const { flow, bindings } = start()
    const tx = await flow(1, flowOf(41_000), { headers: [] })
    assert.equal(tx.header('Require'), undefined)
    assert.equal(bindings.of(BOB)[0]?.state.regId, 1)
  })

  test('ends one flow with expires=0, and the others stay', async () => {
    const { flow, register, bindings } = start()
    await flow(1, flowOf(41_000))
    await flow(2, flowOf(42_000))
    await register([`${DEVICE};reg-id=1;expires=0`], { headers: [OUTBOUND] })
    assert.deepEqual(
      bindings.of(BOB).map(({ state }) => state.regId),
      [2],
    )
  })

  test('without an instance is no flow', async () => {
    const { register, bindings } = start()
    const tx = await register([`${PHONE};reg-id=1`], { headers: [OUTBOUND] })
    assert.equal(tx.header('Require'), undefined)
    assert.equal(bindings.of(BOB)[0]?.state.regId, undefined)
  })

  test('together with another contact gets 400', async () => {
    const { register } = start()
    const contacts = [`${DEVICE};reg-id=1`, '<sip:bob@192.0.2.11>']
    assert.equal((await register(contacts, { headers: [OUTBOUND] })).status, 400)
    const [first = '', second = ''] = contacts
    const ending = await register([first, `${second};expires=0`], { headers: [OUTBOUND] })
    assert.equal(ending.status, 200)
  })
})

describe('REGISTER through other proxies (RFC 5626 §6)', () => {
  test('gets 439 where the first of them keeps no flows', async () => {
    const { flow } = start()
    assert.equal((await flow(1, flowOf(1), { vias: [EDGE] })).status, 439)
    const path: [string, string] = ['Path', '<sip:192.0.2.40;lr>']
    assert.equal(
      (await flow(1, flowOf(1), { vias: [EDGE], headers: [OUTBOUND, path] })).status,
      439,
    )
  })

  test('is a flow of the edge proxy that says ob; the last Path is the first hop’s', async () => {
    const { flow, bindings } = start()
    const path: [string, string] = ['Path', '<sip:p2.example.com;lr>, <sip:t@192.0.2.40;lr;ob>']
    const tx = await flow(1, flowOf(1), { vias: [EDGE], headers: [OUTBOUND, path] })
    assert.equal(tx.status, 200)
    assert.equal(tx.header('Require'), 'outbound')
    assert.equal(tx.header('Flow-Timer'), undefined, 'that is for the edge to say')
    const [binding] = bindings.of(BOB)
    assert.equal(binding?.state.peer, undefined)
    assert.deepEqual(binding?.state.path, ['<sip:p2.example.com;lr>', '<sip:t@192.0.2.40;lr;ob>'])
  })

  test('has its reg-id ignored where the client does not ask for outbound', async () => {
    const { flow, bindings } = start()
    const tx = await flow(1, flowOf(1), { vias: [EDGE], headers: [] })
    assert.equal(tx.status, 200)
    assert.equal(bindings.of(BOB)[0]?.state.regId, undefined)
  })
})

describe('a device with several flows (RFC 5626 §7)', () => {
  test('is one session and one source of presence', async () => {
    const { flow, sessions, presence, bindings } = start()
    const [first, second] = [flowOf(41_000), flowOf(42_000)]
    await flow(1, first)
    await flow(2, second)
    assert.equal(sessions.of(BOB).length, 1)
    assert.equal(presence.explain(BOB).reports.length, 1)
    first.flow.open = false
    bindings.flowClosed(first.flow)
    assert.equal(sessions.of(BOB).length, 1)
    assert.equal(presence.explain(BOB).reports.length, 1)
    second.flow.open = false
    bindings.flowClosed(second.flow)
    assert.equal(sessions.of(BOB).length, 0)
    assert.equal(presence.explain(BOB).reports.length, 0)
  })

  test('gets a message by its next flow where the first has failed, and only then', async () => {
    const { flow, sessions, userAgent } = start()
    await flow(1, flowOf(41_000))
    await flow(2, flowOf(42_000))
    const to = requireJid('bob@example.com')
    for (const failure of [430, 408, 503]) {
      const outcome = sessions.of(BOB)[0]?.deliver(chat('Hello', { to }))
      await settle()
      const tried = userAgent.last.peer?.port
      await userAgent.last.answer(failure)
      assert.notEqual(userAgent.last.peer?.port, tried)
      await userAgent.last.answer(200)
      assert.deepEqual(await outcome, DELIVERED)
    }
    const before = userAgent.sent.length
    const refused = sessions.of(BOB)[0]?.deliver(chat('Hello', { to }))
    await settle()
    await userAgent.last.answer(486)
    assert.equal((await refused)?.kind, 'refused')
    assert.equal(userAgent.sent.length, before + 1, 'any other answer is the device’s own')
  })

  test('keeps its temporary GRUUs for all of them, until one registers under another Call-ID (RFC 5627 §5.1)', async () => {
    const { flow, bindings } = start()
    const series = () => new Set(bindings.of(BOB).map(({ state }) => state.series))
    await flow(1, flowOf(41_000), { callId: 'one' })
    await flow(2, flowOf(42_000), { callId: 'two' })
    assert.equal(series().size, 1)
    const [before] = series()
    await flow(2, flowOf(42_000), { callId: 'two' })
    assert.deepEqual([...series()], [before])
    await flow(2, flowOf(42_000), { callId: 'three' })
    assert.equal(series().size, 1)
    assert.notDeepEqual([...series()], [before])
  })
})
