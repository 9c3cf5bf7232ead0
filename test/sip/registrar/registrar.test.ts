import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { BOB, fakeFlow, UDP_SOURCE } from '../events/support.ts'
import { PHONE, setUp } from './support.ts'

describe('REGISTER', () => {
  test('binds a contact as a session, and lists it with its time', async () => {
    const { register, sessions, state } = setUp()
    const tx = await register([`${PHONE};q=0.5`])
    assert.equal(tx.status, 200)
    assert.equal(tx.header('Contact'), '<sip:bob@192.0.2.10:5060>;expires=3600;q=0.5')
    assert.ok(tx.header('Date'))
    const [session] = sessions.of(BOB)
    assert.match(session?.resource ?? '', /^sip-[0-9a-f]{12}$/)
    assert.equal(session?.protocol, 'sip')
    assert.equal(session?.priority, 5)
    assert.equal(state(), 'available')
  })

  test('takes the time of the contact over that of Expires, within the bounds', async () => {
    const { register } = setUp()
    const tx = await register([`${PHONE};expires=120`], { headers: [['Expires', '900']] })
    assert.match(tx.header('Contact') ?? '', /;expires=120$/)
    const long = await register([`${PHONE};expires=100000`])
    assert.match(long.header('Contact') ?? '', /;expires=7200$/)
    const brief = await register([`${PHONE};expires=59`])
    assert.equal(brief.status, 423)
    assert.equal(brief.header('Min-Expires'), '60')
    const odd = await register([`${PHONE};expires=soon`])
    assert.match(odd.header('Contact') ?? '', /;expires=3600$/)
  })

  test('without contacts only lists', async () => {
    const { register } = setUp()
    assert.equal((await register([])).header('Contact'), undefined)
    await register([PHONE])
    assert.match((await register([])).header('Contact') ?? '', /^<sip:bob@192/)
  })

  test('again renews the same session; two contacts are two', async () => {
    const { register, sessions, clock } = setUp()
    await register([PHONE])
    const [session] = sessions.of(BOB)
    clock.advance(1000)
    await register([PHONE])
    assert.deepEqual(sessions.of(BOB), [session])
    await register(['<sip:bob@192.0.2.11>, <sip:bob@192.0.2.12>'])
    assert.equal(sessions.of(BOB).length, 3)
  })

  test('from the same device at another address replaces the old binding', async () => {
    const { register, sessions } = setUp()
    const instance = '+sip.instance="<urn:uuid:00000000-0000-1000-8000-AABBCCDDEEFF>"'
    await register([`<sip:bob@192.0.2.10>;${instance}`])
    const [before] = sessions.of(BOB)
    const tx = await register([`<sip:bob@192.0.2.77>;${instance}`], {
      callId: 'after-reboot',
      cseq: 1,
    })
    assert.deepEqual(sessions.of(BOB), [before])
    assert.match(tx.header('Contact') ?? '', /^<sip:bob@192\.0\.2\.77>.*\+sip\.instance="<urn:uuid/)
  })

  test('with expires 0 unbinds one contact, with a star all of them', async () => {
    const { register, sessions, state, store } = setUp()
    await register([PHONE, '<sip:bob@192.0.2.11>'])
    await register([`${PHONE};expires=0`])
    assert.equal(sessions.of(BOB).length, 1)
    const tx = await register(['*'], { headers: [['Expires', '0']] })
    assert.equal(tx.status, 200)
    assert.equal(sessions.of(BOB).length, 0)
    assert.equal(store.records.size, 0)
    assert.equal(state(), 'offline')
  })

  test('with a star among others, or without Expires 0, gets 400', async () => {
    const { register } = setUp()
    assert.equal((await register(['*'])).status, 400)
    assert.equal((await register(['*', PHONE], { headers: [['Expires', '0']] })).status, 400)
    assert.equal((await register(['<tel:+123>'])).status, 400)
    assert.equal((await register(['<tel:+123>;expires=0'])).status, 400)
  })

  test('that is older than what is known changes nothing', async () => {
    const { register, sessions } = setUp()
    await register([PHONE], { cseq: 10 })
    assert.equal((await register([`${PHONE};expires=0`], { cseq: 9 })).status, 500)
    assert.equal((await register(['*'], { cseq: 9, headers: [['Expires', '0']] })).status, 500)
    assert.equal(sessions.of(BOB).length, 1)
    const rebooted = await register([`${PHONE};expires=0`], { cseq: 1, callId: 'other' })
    assert.equal(rebooted.status, 200)
    assert.equal(sessions.of(BOB).length, 0)
  })

  test('for another user gets 403, for nobody 404', async () => {
    const { register } = setUp()
    assert.equal((await register([PHONE], { to: '<sip:alice@example.com>' })).status, 403)
    assert.equal((await register([PHONE], { to: '<sip:nobody@example.com>' })).status, 404)
  })

  test('whose request-URI is of another domain than the AOR gets 404 (RFC 3261 §10.3 step 5)', async () => {
    const { register } = setUp()
    assert.equal((await register([PHONE], { uri: 'sip:example.org' })).status, 404)
    assert.equal((await register([PHONE], { uri: 'sip:192.0.2.1:5060' })).status, 200)
  })

  test('of a contact that leads back here gets 403 (RFC 5627 §5.1)', async () => {
    const { register, bindings, gruus } = setUp()
    assert.equal((await register(['<sip:bob@example.com>'])).status, 403)
    assert.equal((await register(['<sip:bob@example.com;gr=urn:uuid:1>'])).status, 403)
    await register([`${PHONE};+sip.instance="<urn:uuid:1>"`])
    const [binding] = bindings.of(BOB)
    const aor = { scheme: 'sip', user: 'bob', host: 'example.com', params: new Map(), headers: [] }
    const temporary = binding && gruus.temporaryUri(aor, binding)
    assert.equal((await register([`<${temporary}>`])).status, 403)
  })

  test('above the user’s limit gets 403 and changes nothing', async () => {
    const { register, sessions } = setUp({ maxPerUser: 1 })
    await register([PHONE])
    assert.equal((await register(['<sip:bob@192.0.2.11>'])).status, 403)
    assert.equal(sessions.of(BOB).length, 1)
    assert.equal((await register([PHONE])).status, 200)
  })

  test('of a client that takes no MESSAGE keeps it out of routing', async () => {
    const { register, sessions } = setUp()
    await register([PHONE], { headers: [['Allow', 'INVITE, ACK, BYE']] })
    assert.equal(sessions.of(BOB)[0]?.priority, undefined)
    await register([PHONE], { headers: [['Allow', 'INVITE, MESSAGE']] })
    assert.equal(sessions.of(BOB)[0]?.priority, 0)
  })
})

describe('a binding', () => {
  test('ends with its time', async () => {
    const { register, sessions, clock, state, store } = setUp()
    await register([`${PHONE};expires=60`])
    clock.advance(60_000)
    assert.equal(sessions.of(BOB).length, 0)
    assert.equal(state(), 'offline')
    assert.equal(store.records.size, 0)
  })

  test('over TCP ends with its connection, and is not kept for after a restart', async () => {
    const { register, sessions, bindings, state, store } = setUp()
    const flow = fakeFlow()
    const source = { transport: 'tcp' as const, host: '192.0.2.10', port: 41_000, flow }
    await register(['<sip:bob@192.0.2.10:41000;transport=tcp>'], { source })
    assert.equal(store.records.size, 0)
    assert.equal(state(), 'available')
    flow.open = false
    bindings.flowClosed(flow)
    assert.equal(sessions.of(BOB).length, 0)
    assert.equal(state(), 'offline')
  })

  test('renewed over a new connection does not end with the old one', async () => {
    const { register, sessions, bindings } = setUp()
    const [old, fresh] = [fakeFlow(), fakeFlow()]
    const contact = ['<sip:bob@192.0.2.10:41000;transport=tcp>']
    const at = { transport: 'tcp' as const, host: '192.0.2.10', port: 41_000 }
    await register(contact, { source: { ...at, flow: old } })
    await register(contact, { source: { ...at, flow: fresh } })
    bindings.flowClosed(old)
    assert.equal(sessions.of(BOB).length, 1)
    bindings.flowClosed(fresh)
    assert.equal(sessions.of(BOB).length, 0)
  })

  test('over UDP is there again after a restart', async () => {
    const before = setUp()
    await before.register([PHONE])
    const [session] = before.sessions.of(BOB)
    before.bindings.stop()
    const after = setUp({ store: before.store, clock: before.clock })
    await after.bindings.restore()
    assert.equal(after.sessions.of(BOB)[0]?.resource, session?.resource)
    assert.equal(after.state(), 'available')
    const peer = after.bindings.of(BOB)[0]?.state.peer
    assert.deepEqual(peer, { transport: 'udp', host: '192.0.2.10', port: 5060 })
  })

  test('of a client behind a NAT is reached where its packets come from', async () => {
    const { register, bindings } = setUp()
    const source = { ...UDP_SOURCE, host: '203.0.113.5', port: 33_000 }
    await register([PHONE], { source })
    assert.deepEqual(bindings.of(BOB)[0]?.state.peer, source)
  })

  test('tells what happens to it in the words of RFC 3680 §4.7.1', async () => {
    const { register, bindings, clock, events } = setUp()
    const told = () => events.splice(0)
    await register([`${PHONE};expires=60`])
    await register([`${PHONE};expires=60`])
    clock.advance(60_000)
    assert.deepEqual(told(), ['registered', 'refreshed', 'expired'])
    await register([PHONE])
    await register([`${PHONE};expires=0`])
    assert.deepEqual(told(), ['registered', 'unregistered'])
    await register([PHONE])
    bindings.forget(BOB, 'deactivated')
    await register([PHONE])
    bindings.forget(BOB, 'rejected')
    assert.deepEqual(told(), ['registered', 'deactivated', 'registered', 'rejected'])
    const source = { ...UDP_SOURCE, transport: 'tcp' as const, flow: fakeFlow() }
    await register(['<sip:bob@192.0.2.10;transport=tcp>'], { source })
    bindings.flowClosed(source.flow)
    assert.deepEqual(told(), ['registered', 'deactivated'])
    assert.equal(bindings.of(BOB).length, 0)
  })

  test('says nothing of presence while the user publishes himself', async () => {
    const { register, registrations, state, presence } = setUp()
    await register([PHONE])
    registrations.publishes(BOB, true)
    assert.equal(state(), 'offline')
    await register([PHONE])
    assert.equal(presence.explain(BOB).reports.length, 0)
    registrations.publishes(BOB, false)
    assert.equal(state(), 'available')
  })
})
