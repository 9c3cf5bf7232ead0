/** Where a relay needs transactions (RFC 3261 §16.2, §16.6 step 11, §17.2.2): time is the test's, sockets are real. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { TrustedPeers } from '../../../src/sip/auth/trusted-peers.ts'
import { SipError } from '../../../src/sip/errors.ts'
import { FlowTokens } from '../../../src/sip/proxy/flow-tokens.ts'
import { Location } from '../../../src/sip/proxy/location.ts'
import { OwnAddresses } from '../../../src/sip/proxy/own-addresses.ts'
import { Permission } from '../../../src/sip/proxy/permission.ts'
import { SipProxy } from '../../../src/sip/proxy/proxy.ts'
import { Rules } from '../../../src/sip/proxy/rules.ts'
import { Gruus } from '../../../src/sip/registrar/gruu.ts'
import { silentLog } from '../../../src/util/log.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { SteeredOverload } from '../../support/overload.ts'
import { type RigOptions, startRig } from '../rig.ts'
import { headerOf, requestText, responseText, StreamPeer, statusOf, UdpPeer } from '../wire.ts'

const SECRET = Buffer.alloc(32, 7)

/** Sends everything on by request-URI, for anybody at 127.0.0.1. */
async function start(options: RigOptions = {}) {
  const clock = new FakeClock()
  const rig = await startRig({ clock, ...options })
  const { agent, transports } = rig
  const isLocal = () => false
  const bindings = { of: () => [] }
  const resolve = async () => {
    throw new SipError(404)
  }
  agent.relayBy(({ transactions, find }) => {
    const listening = () => transports.listening
    const own = new OwnAddresses({ clock, advertise: undefined, isLocal, listening })
    const permission = new Permission({
      trustedPeers: new TrustedPeers(['127.0.0.1']),
      identify: () => Promise.reject(new SipError(403)),
    })
    return new SipProxy({
      ...{ clock, log: silentLog, secret: SECRET, transports, transactions },
      decision: { own, rules: new Rules([]), defaultRule: 'forward', handles: () => false },
      plan: {
        location: new Location({
          resolve,
          bindings,
          gruus: new Gruus({ secret: SECRET, bindings }),
        }),
        ...{ destinations: new Map(), hosts: new Map(), outboundProxy: undefined },
      },
      dispatch: {
        find,
        acquire: (peer) => transports.acquire(peer),
        existing: (peer) => transports.existing(peer),
        maxUdpBytes: 1300,
        udpOnly: { add: () => undefined, has: () => false },
      },
      forwarder: { tokens: new FlowTokens(SECRET), permission, recordRoute: false, isLocal },
    })
  })
  return { clock, rig, [Symbol.asyncDispose]: () => rig[Symbol.asyncDispose]() }
}

/** A caller by TCP and a callee by UDP, and the INVITE between them as it arrives. */
async function ringing() {
  const system = await start()
  const caller = await StreamPeer.tcp(system.rig.tcp)
  const callee = await UdpPeer.open(system.rig.udp)
  const invite = requestText({
    method: 'INVITE',
    transport: 'TCP',
    uri: `sip:bob@127.0.0.1:${callee.port}`,
  })
  caller.send(invite)
  const arrived = await callee.next()
  return {
    ...{ ...system, caller, callee, invite, arrived },
    async [Symbol.asyncDispose]() {
      await caller[Symbol.asyncDispose]()
      await callee[Symbol.asyncDispose]()
      await system[Symbol.asyncDispose]()
    },
  }
}

describe('from TCP to UDP (RFC 3261 §17.1.1.2)', () => {
  test('the proxy repeats what its sender does not, until there is an answer', async () => {
    await using it = await ringing()
    it.clock.advance(500)
    assert.equal(await it.callee.next(), it.arrived)
    assert.equal(statusOf(await it.caller.next()), 100, 'and says that it does (§17.2.1)')
    it.callee.send(responseText(it.arrived, '180 Ringing'))
    assert.equal(statusOf(await it.caller.next()), 180)
    it.clock.advance(30_000)
    it.callee.send(responseText(it.arrived, '486 Busy Here'))
    assert.match(await it.callee.next(), /^ACK /, 'nothing was repeated any more')
    assert.equal(statusOf(await it.caller.next()), 486)
  })

  test('silence ends with 408', async () => {
    await using it = await ringing()
    it.clock.advance(32_000)
    assert.equal(statusOf(await it.caller.next()), 100)
    assert.equal(statusOf(await it.caller.next()), 408)
  })

  test('each copy of a 200 goes to the caller, who acknowledges it (RFC 6026 §8.4)', async () => {
    await using it = await ringing()
    const ok = responseText(it.arrived, '200 OK')
    it.callee.send(ok)
    assert.equal(statusOf(await it.caller.next()), 200)
    it.callee.send(ok)
    assert.equal(statusOf(await it.caller.next()), 200)
  })

  test('who rings for more than three minutes is called off (timer C, §16.8)', async () => {
    await using it = await ringing()
    it.callee.send(responseText(it.arrived, '180 Ringing'))
    assert.equal(statusOf(await it.caller.next()), 180)
    it.clock.advance(170_000)
    it.callee.send(responseText(it.arrived, '180 Ringing'))
    assert.equal(statusOf(await it.caller.next()), 180)
    it.clock.advance(170_000)
    assert.equal(it.callee.inbox.waiting, 0, 'each 1xx begins it anew')
    it.clock.advance(11_000)
    const cancel = await it.callee.next()
    assert.match(cancel, /^CANCEL /)
    assert.equal(headerOf(cancel, 'Via'), headerOf(it.arrived, 'Via'), '§9.1')
    assert.equal(statusOf(await it.caller.next()), 408)
  })
})

test('an overloaded server relays no new calls, and what belongs to old ones as ever (RFC 3261 §21.5.4)', async () => {
  const overload = new SteeredOverload()
  await using it = await start({ overload: overload.watch })
  await using caller = await UdpPeer.open(it.rig.udp)
  await using callee = await UdpPeer.open(it.rig.udp)
  const uri = `sip:bob@127.0.0.1:${callee.port}`
  const invite = requestText({ method: 'INVITE', uri })
  caller.send(invite)
  const arrived = await callee.next()
  overload.begin()
  caller.send(requestText({ method: 'INVITE', uri }))
  const refused = await caller.next()
  assert.equal(statusOf(refused), 503)
  assert.notEqual(headerOf(refused, 'Retry-After'), '')
  caller.send(invite)
  assert.equal(await callee.next(), arrived)
  caller.send(requestText({ method: 'BYE', uri, to: '<sip:bob@example.com>;tag=1' }))
  assert.match(await callee.next(), /^BYE /)
})

test('from UDP to TCP a copy gets the answer again, and goes no further (RFC 3261 §17.2.2)', async () => {
  await using it = await start()
  await using caller = await UdpPeer.open(it.rig.udp)
  await using far = await startRig()
  let handled = 0
  far.agent.handle('MESSAGE', (tx) => {
    handled += 1
    throw new SipError(tx.source.transport === 'tcp' ? 606 : 500)
  })
  const message = requestText({
    method: 'MESSAGE',
    uri: `sip:bob@127.0.0.1:${far.tcp};transport=tcp`,
  })
  caller.send(message)
  const first = await caller.next()
  assert.equal(statusOf(first), 606)
  caller.send(message)
  assert.equal(await caller.next(), first)
  assert.equal(handled, 1)
})

test('a request too long for UDP takes TCP where somebody accepts (RFC 3261 §18.1.1)', async () => {
  await using it = await start()
  await using caller = await StreamPeer.tcp(it.rig.tcp)
  await using callee = await UdpPeer.open(it.rig.udp)
  const uri = `sip:bob@127.0.0.1:${callee.port}`
  caller.send(requestText({ method: 'INFO', transport: 'TCP', uri, body: 'x'.repeat(1500) }))
  assert.match(await callee.next(), /^INFO /, 'nobody accepts: UDP all the same')
})
