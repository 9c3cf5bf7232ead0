/**
 * What the proxy does by its options: rules, destinations, host mappings, the default; and for whom (RFC 3261 §16.3,
 * §16.5, RFC 3325, RFC 5393). Everything that is relayed arrives at, or comes from, a socket of the test.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  headersOf,
  type Party,
  type ProxyOptions,
  portOf,
  register,
  registerWithDigest,
  requestFrom,
  silentPort,
  startProxied,
  tcpParty,
  udpParty,
  uriOf,
  withProxyAuthorization,
} from '../sip/proxy/rig.ts'
import { rule } from '../sip/proxy/support.ts'
import { tortureMessage, tortureNames } from '../sip/torture/load.ts'
import { headerOf, type RequestText, responseText, statusOf } from '../sip/wire.ts'
import { DOMAIN } from '../support/sip-system.ts'

type Context = Parameters<typeof startProxied>[0]

function invite(from: Party, parts: RequestText & { to?: string } = {}): string {
  const { uri = `sip:bob@${DOMAIN}` } = parts
  return requestFrom(from, {
    method: 'INVITE',
    from: `<sip:alice@${DOMAIN}>;tag=a1`,
    to: `<${uri}>`,
    ...parts,
    uri,
    headers: [`Contact: <${from.contact}>`, ...(parts.headers ?? [])],
  })
}

/** A server with a next hop called `gateway`, where we are, and somebody who calls. */
async function withGateway(
  t: Context,
  proxy: (port: number) => Partial<NonNullable<ProxyOptions>>,
  options: Parameters<typeof startProxied>[2] = {},
) {
  // The gateway's port has to be known before the server starts.
  const port = await silentPort()
  const system = await startProxied(t, proxy(port), options)
  const gateway = await udpParty(t, system, 'gateway', port)
  const caller = await udpParty(t, system, 'alice')
  return { system, gateway, caller, port }
}

const toGateway = (port: number) => [
  { name: 'gateway', host: '127.0.0.1', port, transport: 'udp' as const },
]

describe('a rule (RFC 3261 §16.5)', () => {
  const FIELDS: [
    what: string,
    Parameters<typeof rule>[0],
    fitting: RequestText,
    other: RequestText,
  ][] = [
    ['methods', { methods: ['INFO'] }, { method: 'INFO' }, { method: 'UPDATE' }],
    [
      'fromHosts',
      { fromHosts: ['*.example.org'] },
      { from: '<sip:a@ocs.example.org>;tag=1' },
      { from: '<sip:a@example.net>;tag=1' },
    ],
    [
      'fromUsers',
      { fromUsers: ['4*'] },
      { from: '<sip:4711@x.example>;tag=1' },
      { from: '<sip:511@x.example>;tag=1' },
    ],
    [
      'toHosts',
      { toHosts: ['example.org'] },
      { to: '<sip:b@example.org>' },
      { to: '<sip:b@example.net>' },
    ],
    [
      'toUsers',
      { toUsers: ['+49*'] },
      { to: '<sip:+4930@gw.example>' },
      { to: '<sip:+4330@gw.example>' },
    ],
    [
      'uris',
      { uris: ['sip:+49*'] },
      { uri: 'sip:+4930@gw.example' },
      { uri: 'sip:4930@gw.example' },
    ],
    ['events', { events: ['dialog'] }, { headers: ['Event: dialog'] }, { headers: ['Event: x'] }],
  ]
  for (const [what, given, fitting, other] of FIELDS) {
    test(`by ${what} sends on what fits, and nothing else`, async (t) => {
      const { gateway, caller } = await withGateway(t, (port) => ({
        rules: [rule({ ...given, action: 'destination', destinations: ['gateway'] })],
        destinations: toGateway(port),
      }))
      const base = { method: 'INFO', uri: 'sip:x@gw.example', to: '<sip:x@gw.example>' }
      caller.send(requestFrom(caller, { ...base, ...other }))
      assert.ok([403, 405].includes(statusOf(await caller.next())))
      caller.send(requestFrom(caller, { ...base, ...fitting }))
      const arrived = await gateway.next()
      assert.equal(uriOf(arrived), fitting.uri ?? base.uri, 'the request-URI stays')
      gateway.send(responseText(arrived, '200 OK'))
      assert.equal(statusOf(await caller.next()), 200)
    })
  }

  test('rejects with its status, the first that fits', async (t) => {
    const system = await startProxied(t, {
      rules: [
        rule({ toUsers: ['fax*'], action: 'reject', status: 603 }),
        rule({ action: 'reject', status: 410 }),
      ],
    })
    const caller = await udpParty(t, system, 'alice')
    caller.send(invite(caller, { uri: `sip:fax1@${DOMAIN}` }))
    assert.equal(statusOf(await caller.next()), 603)
    caller.send(invite(caller))
    assert.equal(statusOf(await caller.next()), 410)
  })

  test('of the action local keeps what a later one would send on', async (t) => {
    const { caller } = await withGateway(t, (port) => ({
      rules: [
        rule({ methods: ['OPTIONS'], action: 'local' }),
        rule({ action: 'destination', destinations: ['gateway'] }),
      ],
      destinations: toGateway(port),
    }))
    caller.send(requestFrom(caller, { method: 'OPTIONS', uri: 'sip:somewhere.example' }))
    assert.match(headerOf(await caller.next(), 'Allow'), /PUBLISH/)
  })

  test('takes messages for our own users elsewhere, too', async (t) => {
    const { gateway, caller } = await withGateway(t, (port) => ({
      rules: [rule({ methods: ['MESSAGE'], action: 'destination', destinations: ['gateway'] })],
      destinations: toGateway(port),
    }))
    caller.send(requestFrom(caller, { method: 'MESSAGE', uri: `sip:bob@${DOMAIN}` }))
    assert.match(await gateway.next(), /^MESSAGE /)
  })

  test('of the action location rings the user’s device for a message', async (t) => {
    const system = await startProxied(t, {
      rules: [rule({ methods: ['MESSAGE'], action: 'location' })],
    })
    const [caller, bob] = [await udpParty(t, system, 'alice'), await udpParty(t, system, 'bob')]
    await register(bob, 'bob')
    caller.send(requestFrom(caller, { method: 'MESSAGE', uri: `sip:bob@${DOMAIN}`, body: 'Hi' }))
    assert.equal(uriOf(await bob.next()), bob.contact)
  })

  test('chooses among destinations by the user that a request is for, or from', async (t) => {
    for (const selectBy of ['to', 'from'] as const) {
      const ports = [await silentPort(), await silentPort(), await silentPort()]
      const system = await startProxied(t, {
        rules: [rule({ action: 'destination', destinations: ['d0', 'd1', 'd2'], selectBy })],
        destinations: ports.map((port, at) => ({
          ...{ name: `d${at}`, host: '127.0.0.1', port },
          transport: 'udp' as const,
        })),
      })
      const parties = await Promise.all(ports.map((port) => udpParty(t, system, 'd', port)))
      const caller = await udpParty(t, system, 'alice')
      const reached = async (user: string) => {
        const [from, to] = selectBy === 'to' ? ['x', user] : [user, 'x']
        caller.send(
          requestFrom(caller, {
            method: 'INFO',
            uri: 'sip:x.example',
            from: `<sip:${from}@x.example>;tag=1`,
            to: `<sip:${to}@x.example>`,
          }),
        )
        const [at, arrived] = await Promise.race(
          parties.map(async (party, index) => [index, await party.peek()] as const),
        )
        await parties[at]?.next()
        parties[at]?.send(responseText(arrived, '200 OK'))
        await caller.next()
        return at
      }
      const users = ['u1', 'u2', 'u3', 'u4', 'u5', 'u6', 'u7', 'u8']
      const first = []
      for (const user of users) first.push(await reached(user))
      const second = []
      for (const user of users) second.push(await reached(user))
      assert.deepEqual(second, first)
      assert.ok(new Set(first).size > 1, 'not all at one of them')
    }
  })
})

describe('what no rule is about', () => {
  test('is refused: nothing is sent on (default bounce)', async (t) => {
    const system = await startProxied(t)
    const [caller, other] = [await udpParty(t, system, 'alice'), await udpParty(t, system, 'other')]
    caller.send(invite(caller, { uri: other.contact }))
    assert.equal(statusOf(await caller.next()), 403)
    assert.equal(other.waiting, 0)
  })

  test('is sent on by request-URI and DNS (default forward)', async (t) => {
    const system = await startProxied(t, { defaultRule: 'forward' })
    const [caller, other] = [await udpParty(t, system, 'alice'), await udpParty(t, system, 'other')]
    caller.send(invite(caller, { uri: other.contact }))
    const arrived = await other.next()
    assert.equal(uriOf(arrived), other.contact)
    assert.equal(headerOf(arrived, 'Record-Route'), '', 'it has no need to pass here again')
    other.send(responseText(arrived, '603 Decline'))
    assert.equal(statusOf(await caller.next()), 603)
  })

  test('goes to the host that is mapped to its domain', async (t) => {
    const { gateway, caller } = await withGateway(t, (port) => ({
      defaultRule: 'forward',
      hosts: [{ domain: 'ocs.example.org', host: '127.0.0.1', port, transport: 'udp' }],
    }))
    caller.send(invite(caller, { uri: 'sip:carol@ocs.example.org' }))
    assert.equal(uriOf(await gateway.next()), 'sip:carol@ocs.example.org')
  })

  test('goes to the outbound proxy, which is in the route set (RFC 3261 §8.1.2, §16.6)', async (t) => {
    const port = await silentPort()
    const outboundProxy = `sip:127.0.0.1:${port}`
    const system = await startProxied(t, { defaultRule: 'forward' }, { outboundProxy })
    const chained = await udpParty(t, system, 'proxy', port)
    const caller = await udpParty(t, system, 'alice')
    caller.send(invite(caller, { uri: 'sip:carol@far.example' }))
    const arrived = await chained.next()
    assert.equal(headerOf(arrived, 'Route'), `<sip:127.0.0.1:${port};lr>`)
    assert.equal(uriOf(arrived), 'sip:carol@far.example')
  })

  test('is answered 503 where nobody accepts (§16.9)', async (t) => {
    const system = await startProxied(t, { defaultRule: 'forward' })
    const caller = await udpParty(t, system, 'alice')
    const nobody = `sip:x@127.0.0.1:${await silentPort()};transport=tcp`
    caller.send(invite(caller, { uri: nobody }))
    assert.equal(statusOf(await caller.next()), 503)
  })
})

describe('a relay (RFC 3261 §16.3, §16.4)', () => {
  test('follows a route set, loosely and strictly', async (t) => {
    const system = await startProxied(t, { defaultRule: 'forward' })
    const [caller, next] = [await udpParty(t, system, 'alice'), await udpParty(t, system, 'p')]
    const us = `<sip:127.0.0.1:${system.port('udp')};lr>`
    const address = `sip:127.0.0.1:${portOf(next)}`
    const loose = `<${address};lr>`
    caller.send(
      invite(caller, { uri: 'sip:carol@far.example', headers: [`Route: ${us}, ${loose}`] }),
    )
    const loosely = await next.next()
    assert.equal(uriOf(loosely), 'sip:carol@far.example')
    assert.deepEqual(headersOf(loosely, 'Route'), [loose])
    caller.send(
      invite(caller, { uri: 'sip:carol@far.example', headers: [`Route: ${us}, <${address}>`] }),
    )
    const strictly = await next.next()
    assert.equal(uriOf(strictly), address)
    assert.deepEqual(headersOf(strictly, 'Route'), ['<sip:carol@far.example>'])
  })

  test('finds that a request has been here before: 482 (RFC 5393)', async (t) => {
    // A host mapping leads back here.
    const port = await silentPort()
    const system = await startProxied(t, {
      defaultRule: 'forward',
      hosts: [{ domain: 'loop.example', host: '127.0.0.1', port, transport: 'udp' }],
    })
    const caller = await udpParty(t, system, 'alice')
    const mirror = await udpParty(t, system, 'mirror', port)
    caller.send(invite(caller, { uri: 'sip:carol@loop.example' }))
    mirror.send(await mirror.next())
    const back = await mirror.next()
    assert.equal(statusOf(back), 482)
    mirror.send(back.replace(/^Via:.*\r\n/m, ''))
    // What has no proof in its branch goes nowhere; the answer as it came does.
    assert.equal(caller.waiting, 0)
    mirror.send(back)
    assert.equal(statusOf(await caller.next()), 482)
  })

  test('lets no request pass that has no hops left: 483', async (t) => {
    const system = await startProxied(t)
    const [caller, bob] = [await udpParty(t, system, 'alice'), await udpParty(t, system, 'bob')]
    await register(bob, 'bob')
    caller.send(invite(caller).replace('Max-Forwards: 70', 'Max-Forwards: 0'))
    assert.equal(statusOf(await caller.next()), 483)
    caller.send(invite(caller).replace('Max-Forwards: 70', 'Max-Forwards: 1'))
    assert.equal(headerOf(await bob.next(), 'Max-Forwards'), '0')
  })

  test('refuses what Proxy-Require asks of it and it cannot do: 420', async (t) => {
    const system = await startProxied(t)
    const [caller, bob] = [await udpParty(t, system, 'alice'), await udpParty(t, system, 'bob')]
    await register(bob, 'bob')
    caller.send(invite(caller, { headers: ['Proxy-Require: sec-agree', 'Require: 100rel'] }))
    const refused = await caller.next()
    assert.equal(statusOf(refused), 420)
    assert.equal(headerOf(refused, 'Unsupported'), 'sec-agree')
    caller.send(invite(caller, { headers: ['Require: 100rel'] }))
    assert.match(await bob.next(), /^Require: 100rel/m, 'that is for the callee')
  })
})

const STRANGERS = { trustedPeers: [] }

describe('whose requests are relayed (RFC 3261 §22.3)', () => {
  test('a user calls when he has proven himself: 407, and who he is goes with it (RFC 3325)', async (t) => {
    const system = await startProxied(t, {}, STRANGERS)
    const [caller, bob] = [await udpParty(t, system, 'alice'), await tcpParty(t, system, 'bob')]
    // Bob registers by a phone that knows his password; his messages are not of interest here.
    assert.equal(statusOf(await registerWithDigest(bob, 'bob')), 200)
    const first = invite(caller, { headers: ['P-Asserted-Identity: <sip:boss@example.com>'] })
    caller.send(first)
    const challenged = await caller.next()
    assert.equal(statusOf(challenged), 407)
    const proven = withProxyAuthorization(first, challenged, 'alice')
    caller.send(proven)
    const arrived = await bob.next()
    assert.equal(headerOf(arrived, 'P-Asserted-Identity'), `<sip:alice@${DOMAIN}>`)
    assert.equal(headerOf(arrived, 'Proxy-Authorization'), '', '§22.3: it was for us')
    caller.send(proven)
    bob.send(responseText(arrived, '486 Busy Here'))
    for (;;) {
      const status = statusOf(await caller.next())
      assert.notEqual(status, 407, 'a copy is not asked again')
      if (status === 486) return
    }
  })

  test('somebody else’s From, or a stranger’s, gets 403', async (t) => {
    const system = await startProxied(t, {}, STRANGERS)
    const caller = await udpParty(t, system, 'alice')
    caller.send(invite(caller, { from: '<sip:eve@elsewhere.example>;tag=1' }))
    assert.equal(statusOf(await caller.next()), 403)
    const forged = invite(caller, { from: `<sip:bob@${DOMAIN}>;tag=1` })
    caller.send(forged)
    caller.send(withProxyAuthorization(forged, await caller.next(), 'alice'))
    assert.equal(statusOf(await caller.next()), 403)
  })

  test('a user’s call goes to the contact, not by a Route of his own (§16.3)', async (t) => {
    const system = await startProxied(t, {}, STRANGERS)
    const [caller, bob, victim] = [
      await udpParty(t, system, 'alice'),
      await tcpParty(t, system, 'bob'),
      await udpParty(t, system, 'victim'),
    ]
    assert.equal(statusOf(await registerWithDigest(bob, 'bob')), 200)
    const first = invite(caller, { headers: [`Route: <${victim.contact};lr>`] })
    caller.send(first)
    caller.send(withProxyAuthorization(first, await caller.next(), 'alice'))
    const arrived = await Promise.race([bob.next(), victim.next()])
    assert.equal(uriOf(arrived), bob.contact)
    assert.equal(headerOf(arrived, 'Route'), '')
    assert.equal(victim.waiting, 0)
  })

  test('whoever was called once begins nothing else by the token of that call (RFC 5626 §5.3)', async (t) => {
    const system = await startProxied(t, { recordRoute: true }, STRANGERS)
    const [caller, bob, victim] = [
      await udpParty(t, system, 'alice'),
      await tcpParty(t, system, 'bob'),
      await udpParty(t, system, 'victim'),
    ]
    assert.equal(statusOf(await registerWithDigest(bob, 'bob')), 200)
    const first = invite(caller)
    caller.send(first)
    caller.send(withProxyAuthorization(first, await caller.next(), 'alice'))
    const arrived = await bob.next()
    const request = (to: string) =>
      requestFrom(bob, {
        method: 'INFO',
        uri: victim.contact,
        from: `<sip:bob@${DOMAIN}>;tag=b1`,
        to,
        callId: headerOf(arrived, 'Call-ID'),
        headers: headersOf(arrived, 'Record-Route').map((route) => `Route: ${route}`),
      })
    bob.send(request(`<${victim.contact}>`))
    assert.match(await bob.next(), /^SIP\/2\.0 403 Flow Token of a Dialog/)
    assert.equal(victim.waiting, 0)
    bob.send(request(headerOf(arrived, 'From')))
    assert.match(await victim.next(), /^INFO /, 'within the dialog the request-URI says where to')
  })

  test('nobody is relayed to somewhere else, whatever he writes into Route', async (t) => {
    const system = await startProxied(t, { defaultRule: 'forward' }, STRANGERS)
    const [caller, victim] = [
      await udpParty(t, system, 'alice'),
      await udpParty(t, system, 'victim'),
    ]
    const us = `127.0.0.1:${system.port('udp')};lr`
    const tries = [
      invite(caller, { uri: victim.contact }),
      invite(caller, { uri: victim.contact, headers: [`Route: <sip:${us}>`] }),
      invite(caller, {
        uri: victim.contact,
        to: '<sip:x@y.example>;tag=2',
        headers: [`Route: <sip:tokenlike@${us}>`],
      }),
      invite(caller, { headers: [`Route: <sip:${us}>, <sip:127.0.0.1:${portOf(victim)};lr>`] }),
      invite(caller, { method: 'FROBNICATE', uri: victim.contact }),
    ]
    for (const text of tries) {
      caller.send(text)
      assert.ok([403, 407, 480].includes(statusOf(await caller.next())), text)
    }
    caller.send(invite(caller, { method: 'ACK', uri: victim.contact }))
    caller.send(responseTo(victim))
    caller.send(requestFrom(caller, { method: 'OPTIONS' }))
    assert.equal(statusOf(await caller.next()), 200)
    assert.equal(victim.waiting, 0)
  })

  test('an operator may let users, or anybody, use a rule', async (t) => {
    for (const allow of ['trusted', 'users', 'anyone'] as const) {
      const { gateway, caller } = await withGateway(
        t,
        (port) => ({
          rules: [rule({ action: 'destination', destinations: ['gateway'], allow })],
          destinations: toGateway(port),
        }),
        STRANGERS,
      )
      caller.send(invite(caller))
      if (allow === 'anyone') {
        assert.match(await gateway.next(), /^INVITE /)
        continue
      }
      assert.equal(statusOf(await caller.next()), allow === 'users' ? 407 : 403)
      assert.equal(gateway.waiting, 0)
    }
  })
})

/** A response that nobody asked for, its next Via somebody else's address. */
function responseTo(victim: Party): string {
  return [
    'SIP/2.0 200 OK',
    'Via: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bK-AAAAAAAAAAAAAAAA.AAAAAAAA',
    `Via: SIP/2.0/UDP 127.0.0.1:${portOf(victim)};branch=z9hG4bKx`,
    'From: <sip:a@b>;tag=1',
    'To: <sip:a@b>;tag=2',
    'Call-ID: c',
    'CSeq: 1 INVITE',
    'Content-Length: 0',
    '',
    '',
  ].join('\r\n')
}

test('the torture messages of RFC 4475 are relayed nowhere, and do no harm', async (t) => {
  const system = await startProxied(t, { defaultRule: 'forward' }, STRANGERS)
  const caller = await udpParty(t, system, 'alice')
  const internal: string[] = []
  for (const name of tortureNames()) {
    const text = tortureMessage(name).toString('latin1')
    caller.send(text)
    caller.send(text.replace(/\r\n/, '\r\nRoute: <sip:127.0.0.1:9;lr>\r\n'))
    const marker = requestFrom(caller, { method: 'OPTIONS', callId: `after-${name}` })
    caller.send(marker)
    for (;;) {
      const answer = await caller.next()
      if (statusOf(answer) === 500) internal.push(name)
      if (headerOf(answer, 'Call-ID') === `after-${name}`) break
    }
  }
  assert.deepEqual(internal, [])
})
