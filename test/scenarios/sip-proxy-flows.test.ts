/**
 * Clients that only their own connections lead to: outbound (RFC 5626), GRUUs (RFC 5627), the server as the edge of
 * another registrar's network, and one without a registrar behind a session manager (RFC 3325).
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseNameAddr } from '../../src/sip/message/values.ts'
import {
  headersOf,
  inDialog,
  type Party,
  portOf,
  registerWithDigest,
  requestFrom,
  silentPort,
  startProxied,
  tcpParty,
  udpParty,
  uriOf,
  webParty,
} from '../sip/proxy/rig.ts'
import { rule } from '../sip/proxy/support.ts'
import { headerOf, responseText, statusOf } from '../sip/wire.ts'
import { DOMAIN, Phone } from '../support/sip-system.ts'

const INSTANCE = '+sip.instance="<urn:uuid:00000000-0000-1000-8000-AABBCCDDEEFF>"'

function registerText(party: Party, params: string, headers: string[] = []): string {
  return requestFrom(party, {
    method: 'REGISTER',
    uri: `sip:${DOMAIN}`,
    from: `<sip:bob@${DOMAIN}>;tag=reg`,
    to: `<sip:bob@${DOMAIN}>`,
    callId: 'registration',
    headers: [
      `Contact: <${party.contact}>;${params}`,
      'Supported: path, outbound, gruu',
      ...headers,
    ],
  })
}

async function registerFlow(party: Party, regId: number): Promise<string> {
  party.send(registerText(party, `${INSTANCE};reg-id=${regId}`))
  const ok = await party.next()
  assert.equal(statusOf(ok), 200)
  return ok
}

function invite(from: Party, uri = `sip:bob@${DOMAIN}`, headers: string[] = []): string {
  return requestFrom(from, {
    method: 'INVITE',
    uri,
    from: `<sip:alice@${DOMAIN}>;tag=a1`,
    to: `<${uri}>`,
    headers: [`Contact: <${from.contact}>`, ...headers],
  })
}

async function nextOf(party: Party, wanted: (message: string) => boolean): Promise<string> {
  for (;;) {
    const message = await party.next()
    if (wanted(message)) return message
  }
}

const isFinal = (message: string) => statusOf(message) >= 200

describe('a client with several flows (RFC 5626 §7)', () => {
  test('is called by its next flow where one answers 430 or nothing at all', async (t) => {
    const system = await startProxied(t)
    const alice = await udpParty(t, system, 'alice')
    const [first, second] = [await tcpParty(t, system, 'bob'), await tcpParty(t, system, 'bob')]
    await registerFlow(first, 1)
    await registerFlow(second, 2)
    alice.send(invite(alice))
    const tried = await second.next()
    second.send(responseText(tried, '430 Flow Failed'))
    assert.match(await second.next(), /^ACK /, 'the hop’s own')
    const again = await first.next()
    assert.match(again, /^INVITE /)
    assert.notEqual(headerOf(again, 'Via'), headerOf(tried, 'Via'))
    first.send(responseText(again, '180 Ringing'))
    await nextOf(alice, (message) => statusOf(message) === 180)
    first.send(responseText(again, '200 OK', [`Contact: <${first.contact}>`]))
    assert.equal(statusOf(await nextOf(alice, isFinal)), 200)
  })

  test('is not called again where it has given an answer of its own', async (t) => {
    const system = await startProxied(t)
    const alice = await udpParty(t, system, 'alice')
    const [first, second] = [await tcpParty(t, system, 'bob'), await tcpParty(t, system, 'bob')]
    await registerFlow(first, 1)
    await registerFlow(second, 2)
    alice.send(invite(alice))
    second.send(responseText(await second.next(), '486 Busy Here'))
    assert.equal(statusOf(await nextOf(alice, isFinal)), 486)
    assert.equal(first.waiting, 0)
  })

  test('is not called again where the caller has called it off', async (t) => {
    const system = await startProxied(t)
    const alice = await udpParty(t, system, 'alice')
    const [first, second] = [await tcpParty(t, system, 'bob'), await tcpParty(t, system, 'bob')]
    await registerFlow(first, 1)
    await registerFlow(second, 2)
    const text = invite(alice)
    alice.send(text)
    const arrived = await second.next()
    alice.send(text.replace(/^INVITE/, 'CANCEL').replace('1 INVITE', '1 CANCEL'))
    const cancel = await second.next()
    assert.match(cancel, /^CANCEL /)
    second.send(responseText(cancel, '200 OK'))
    second.send(responseText(arrived, '430 Flow Failed'))
    assert.equal(statusOf(await nextOf(alice, (message) => statusOf(message) > 200)), 430)
    assert.equal(first.waiting, 0)
  })
})

describe('a GRUU (RFC 5627 §6.1)', () => {
  async function twoDevices(t: Parameters<typeof startProxied>[0]) {
    const system = await startProxied(t)
    const alice = await udpParty(t, system, 'alice')
    const [device, other] = [await tcpParty(t, system, 'bob'), await tcpParty(t, system, 'bob')]
    device.send(registerText(device, `${INSTANCE};q=0.1`))
    const contact = parseNameAddr(headerOf(await device.next(), 'Contact'))
    other.send(
      registerText(other, '+sip.instance="<urn:uuid:2>";q=0.9').replace('CSeq: 1', 'CSeq: 2'),
    )
    await other.next()
    const [gruu = '', temporary = ''] = ['pub-gruu', 'temp-gruu'].map((name) =>
      contact?.params.get(name),
    )
    return { system, alice, device, other, gruu, temporary }
  }

  test('leads to one device of several, whatever their q, public or temporary', async (t) => {
    const { alice, device, other, gruu, temporary } = await twoDevices(t)
    for (const uri of [gruu, temporary]) {
      alice.send(invite(alice, uri))
      const arrived = await nextOf(device, (message) => message.startsWith('INVITE'))
      assert.equal(uriOf(arrived), device.contact)
      device.send(responseText(arrived, '486 Busy Here'))
      assert.equal(statusOf(await nextOf(alice, isFinal)), 486)
    }
    assert.equal(other.waiting, 0)
  })

  test('is the way to the device within a dialog, too; a message for the person is the server’s', async (t) => {
    const { system, alice, device, gruu } = await twoDevices(t)
    const message = {
      method: 'MESSAGE',
      uri: gruu,
      headers: ['Content-Type: text/plain'],
      body: 'Hi',
    }
    alice.send(requestFrom(alice, { ...message, to: `<${gruu}>;tag=dialog` }))
    assert.match(await device.next(), /^MESSAGE /)
    alice.send(requestFrom(alice, message))
    const delivered = await device.next()
    assert.equal(headersOf(delivered, 'Via').length, 1, 'not relayed: routed by the core')
    assert.ok(system.sessions.count > 0)
  })

  test('gets 480 where the device is not there, 404 where it was temporary', async (t) => {
    const { alice, device, gruu, temporary } = await twoDevices(t)
    device.send(registerText(device, `${INSTANCE};expires=0`).replace('CSeq: 1', 'CSeq: 3'))
    assert.equal(statusOf(await device.next()), 200)
    alice.send(invite(alice, gruu))
    assert.equal(statusOf(await nextOf(alice, isFinal)), 480)
    alice.send(invite(alice, temporary))
    assert.equal(statusOf(await nextOf(alice, isFinal)), 404)
  })
})

describe('a call between clients that only their connections lead to', () => {
  test('stays with these connections by itself (RFC 5626 §5.3)', async (t) => {
    const system = await startProxied(t)
    const [alice, bob] = [await tcpParty(t, system, 'alice'), await tcpParty(t, system, 'bob')]
    await registerFlow(bob, 1)
    const text = invite(alice)
    alice.send(text)
    const arrived = await bob.next()
    const routes = headersOf(arrived, 'Record-Route')
    assert.equal(routes.length, 1)
    bob.send(
      responseText(arrived, '200 OK', [
        ...routes.map((route) => `Record-Route: ${route}`),
        `Contact: <${bob.contact}>`,
      ]),
    )
    const ok = await nextOf(alice, isFinal)
    alice.send(inDialog(alice, { invite: text, ok, method: 'ACK', cseq: 1 }))
    assert.match(await bob.next(), /^ACK /)
    const backwards = requestFrom(bob, {
      method: 'BYE',
      uri: alice.contact,
      from: headerOf(ok, 'To'),
      to: headerOf(ok, 'From'),
      callId: headerOf(ok, 'Call-ID'),
      headers: routes.map((route) => `Route: ${route}`),
    })
    bob.send(backwards)
    assert.match(await alice.next(), /^BYE /)
    // Strictly routed, as RFC 2543 had it: we are in the request-URI (RFC 3261 §16.4).
    const us = /<([^>]+)>/.exec(routes[0] ?? '')?.[1] ?? ''
    bob.send(
      requestFrom(bob, {
        method: 'INFO',
        uri: us,
        from: headerOf(ok, 'To'),
        to: headerOf(ok, 'From'),
        callId: headerOf(ok, 'Call-ID'),
        headers: [`Route: <${alice.contact}>`],
      }),
    )
    const info = await alice.next()
    assert.match(info, /^INFO /)
    assert.equal(uriOf(info), alice.contact)
  })

  test('reaches a client in a browser, and comes back from it (RFC 7118 §5)', async (t) => {
    const system = await startProxied(t)
    const [alice, bob] = [await udpParty(t, system, 'alice'), await webParty(t, system, 'bob')]
    assert.equal(statusOf(await registerWithDigest(bob, 'bob', `;${INSTANCE};reg-id=1`)), 200)
    const text = invite(alice)
    alice.send(text)
    const arrived = await bob.next()
    assert.equal(uriOf(arrived), bob.contact)
    const routes = headersOf(arrived, 'Record-Route')
    assert.equal(routes.length, 2)
    bob.send(
      responseText(arrived, '200 OK', [
        ...routes.map((route) => `Record-Route: ${route}`),
        `Contact: <${bob.contact}>`,
      ]),
    )
    const ok = await nextOf(alice, isFinal)
    alice.send(inDialog(alice, { invite: text, ok, method: 'BYE' }))
    const bye = await bob.next()
    assert.match(bye, /^BYE /)
    bob.send(responseText(bye, '200 OK'))
    assert.equal(statusOf(await nextOf(alice, isFinal)), 200)
    bob.send(
      requestFrom(bob, {
        method: 'INFO',
        uri: alice.contact,
        from: headerOf(ok, 'To'),
        to: headerOf(ok, 'From'),
        callId: headerOf(ok, 'Call-ID'),
        headers: routes.map((route) => `Route: ${route}`),
      }),
    )
    assert.match(await alice.next(), /^INFO /)
  })

  test('gets 430 where one of them is gone, and 403 for a forged token', async (t) => {
    const system = await startProxied(t)
    const alice = await udpParty(t, system, 'alice')
    const bob = await Phone.open(t, system, 'bob', 'tls')
    assert.equal((await bob.register()).status, 200)
    const text = invite(alice)
    alice.send(text)
    // His phone takes no calls: that it answers shows that the call came by its connection.
    const refused = await nextOf(alice, isFinal)
    assert.equal(statusOf(refused), 405)
    const token = await tokenTo(t, system)
    alice.send(token.request)
    assert.equal(statusOf(await nextOf(alice, isFinal)), 430)
    alice.send(
      token.request
        .replace(/Route: <sip:[\w-]{4}/, 'Route: <sip:AAAA')
        .replace('z9hG4bKbye', 'z9hG4bKbye2'),
    )
    assert.equal(statusOf(await nextOf(alice, isFinal)), 403)
  })
})

/** A BYE within a dialog whose callee has gone. */
async function tokenTo(
  t: Parameters<typeof startProxied>[0],
  system: Awaited<ReturnType<typeof startProxied>>,
) {
  const [alice, carol] = [await udpParty(t, system, 'alice'), await tcpParty(t, system, 'carol')]
  carol.send(registerText(carol, INSTANCE).replaceAll('bob@', 'carol@'))
  await carol.next()
  const text = invite(alice, `sip:carol@${DOMAIN}`)
  alice.send(text)
  const arrived = await carol.next()
  const routes = headersOf(arrived, 'Record-Route')
  carol.send(
    responseText(arrived, '200 OK', [
      ...routes.map((route) => `Record-Route: ${route}`),
      `Contact: <${carol.contact}>`,
    ]),
  )
  const ok = await nextOf(alice, isFinal)
  const gone = carol.end()
  await gone
  return {
    request: inDialog(alice, { invite: text, ok, method: 'BYE' }).replace(
      /branch=\S+?;/,
      'branch=z9hG4bKbye;',
    ),
  }
}

describe('the edge of another registrar’s network (RFC 5626 §5)', () => {
  test('writes the client’s connection into the Path, and sends what comes by it there', async (t) => {
    const port = await silentPort()
    const system = await startProxied(t, {
      rules: [
        rule({
          methods: ['REGISTER'],
          action: 'destination',
          destinations: ['core'],
          allow: 'anyone',
        }),
      ],
      destinations: [{ name: 'core', host: '127.0.0.1', port, transport: 'udp' }],
    })
    const registrar = await udpParty(t, system, 'registrar', port)
    const bob = await tcpParty(t, system, 'bob')
    bob.send(registerText(bob, `${INSTANCE};reg-id=1`))
    const arrived = await registrar.next()
    const path = headerOf(arrived, 'Path')
    assert.match(path, /^<sip:[\w-]+@127\.0\.0\.1:\d+;lr;ob>$/)
    registrar.send(responseText(arrived, '200 OK', [`Path: ${path}`, 'Require: outbound']))
    assert.equal(headerOf(await bob.next(), 'Require'), 'outbound')

    const called = invite(registrar, bob.contact, [`Route: ${path}`])
    registrar.send(called)
    const ringing = await bob.next()
    assert.match(ringing, /^INVITE /)
    assert.match(
      headersOf(ringing, 'Record-Route')[0] ?? '',
      /;lr>$/,
      '§5.3.1: the dialog stays here',
    )
    bob.send(responseText(ringing, '486 Busy Here'))
    assert.equal(statusOf(await nextOf(registrar, isFinal)), 486)

    await bob.end()
    registrar.send(invite(registrar, bob.contact, [`Route: ${path}`]))
    assert.equal(statusOf(await nextOf(registrar, isFinal)), 430)
    const forged = path.replace(/sip:[\w-]{4}/, 'sip:AAAA')
    registrar.send(invite(registrar, bob.contact, [`Route: ${forged}`]))
    assert.equal(statusOf(await nextOf(registrar, isFinal)), 403)
  })
})

describe('without a registrar, behind a session manager (`sip.registrar: false`)', () => {
  test('REGISTER gets 405, and who publishes is whom the session manager names (RFC 3325)', async (t) => {
    const system = await startProxied(t, {}, { registrar: false })
    const manager = await udpParty(t, system, 'sm')
    manager.send(registerText(manager, INSTANCE))
    const refused = await manager.next()
    assert.equal(statusOf(refused), 405)
    assert.doesNotMatch(headerOf(refused, 'Allow'), /REGISTER/)
    manager.send(
      requestFrom(manager, {
        method: 'PUBLISH',
        uri: `sip:alice@${DOMAIN}`,
        from: '<sip:gateway@sm.example>;tag=1',
        to: `<sip:alice@${DOMAIN}>`,
        headers: [
          `P-Asserted-Identity: <sip:alice@${DOMAIN}>`,
          'Event: presence',
          'Expires: 600',
          'Content-Type: application/pidf+xml',
        ],
        body:
          '<presence xmlns="urn:ietf:params:xml:ns:pidf" entity="sip:alice@example.com">' +
          '<tuple id="t"><status><basic>open</basic></status></tuple></presence>',
      }),
    )
    assert.equal(statusOf(await manager.next()), 200)
  })

  test('an assertion of somebody else counts nothing (RFC 3325 §5)', async (t) => {
    const system = await startProxied(t, {}, { registrar: false, trustedPeers: ['192.0.2.1'] })
    const stranger = await udpParty(t, system, 'x')
    stranger.send(
      requestFrom(stranger, {
        method: 'PUBLISH',
        uri: `sip:alice@${DOMAIN}`,
        from: '<sip:gateway@sm.example>;tag=1',
        headers: [`P-Asserted-Identity: <sip:alice@${DOMAIN}>`, 'Event: presence'],
      }),
    )
    assert.equal(statusOf(await stranger.next()), 403)
    assert.ok(portOf(stranger) > 0)
  })
})
