/** Calls between clients of the server: the stateless proxy (RFC 3261 §16.11) with the location service (§16.5). */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  headersOf,
  inDialog,
  type Party,
  register,
  requestFrom,
  startProxied,
  tcpParty,
  udpParty,
  uriOf,
} from '../sip/proxy/rig.ts'
import { headerOf, responseText, statusOf } from '../sip/wire.ts'
import { DOMAIN, type SipSystem } from '../support/sip-system.ts'

const PARTIES = { udp: udpParty, tcp: tcpParty } as const
const CROSSINGS = [
  ['udp', 'udp'],
  ['tcp', 'tcp'],
  ['udp', 'tcp'],
  ['tcp', 'udp'],
] as const

function invitation(caller: Party, headers: string[] = []): string {
  return requestFrom(caller, {
    method: 'INVITE',
    uri: `sip:bob@${DOMAIN}`,
    from: `<sip:alice@${DOMAIN}>;tag=a1`,
    to: `<sip:bob@${DOMAIN}>`,
    headers: [`Contact: <${caller.contact}>`, 'Content-Type: application/sdp', ...headers],
    body: 'v=0\r\n',
  })
}

/** The answer of a callee, with the Record-Routes of what it answers (RFC 3261 §12.1.1). */
function answer(callee: Party, request: string, status: string): string {
  const routes = headersOf(request, 'Record-Route').map((route) => `Record-Route: ${route}`)
  return responseText(request, status, [...routes, `Contact: <${callee.contact}>`])
}

async function nextFinal(party: Party): Promise<string> {
  for (;;) {
    const message = await party.next()
    if (statusOf(message) !== 100) return message
  }
}

async function call(caller: Party, callee: Party) {
  const invite = invitation(caller)
  caller.send(invite)
  const arrived = await callee.next()
  callee.send(answer(callee, arrived, '180 Ringing'))
  const ringing = await nextFinal(caller)
  callee.send(answer(callee, arrived, '200 OK'))
  const ok = await nextFinal(caller)
  return { invite, arrived, ringing, ok }
}

async function people(
  t: Parameters<typeof startProxied>[0],
  system: SipSystem,
  [from, to]: readonly ['udp' | 'tcp', 'udp' | 'tcp'],
) {
  const alice = await PARTIES[from](t, system, 'alice')
  const bob = await PARTIES[to](t, system, 'bob')
  assert.equal(statusOf(await register(bob, 'bob')), 200)
  return { alice, bob }
}

describe('a call to a registered client (RFC 3261 §16)', () => {
  for (const [from, to] of CROSSINGS) {
    test(`from ${from} to ${to} rings, is answered, and ends, all through the server`, async (t) => {
      const system = await startProxied(t, { recordRoute: true })
      const { alice, bob } = await people(t, system, [from, to])
      const { invite, arrived, ringing, ok } = await call(alice, bob)
      assert.equal(uriOf(arrived), bob.contact, '§16.6 step 2')
      assert.equal(headerOf(arrived, 'Max-Forwards'), '69', '§16.6 step 3')
      assert.equal(headersOf(arrived, 'Via').length, 2, '§16.6 step 8')
      assert.equal(headersOf(arrived, 'Record-Route').length, from === to ? 1 : 2, 'RFC 5658')
      assert.match(arrived, /\r\n\r\nv=0\r\n$/)
      assert.equal(statusOf(ringing), 180)
      assert.equal(statusOf(ok), 200)
      assert.equal(headersOf(ok, 'Via').length, 1)

      alice.send(inDialog(alice, { invite, ok, method: 'ACK', cseq: 1 }))
      const ack = await bob.next()
      assert.match(ack, /^ACK /)
      assert.equal(headerOf(ack, 'Route'), '', 'we took ourselves out of the route set')
      alice.send(inDialog(alice, { invite, ok, method: 'BYE' }))
      const bye = await bob.next()
      assert.match(bye, /^BYE /)
      bob.send(responseText(bye, '200 OK'))
      assert.equal(statusOf(await alice.next()), 200)

      // And from the other side: his route set is the Record-Route as it came (§12.1.1).
      bob.send(
        requestFrom(bob, {
          method: 'INFO',
          uri: alice.contact,
          from: headerOf(ok, 'To'),
          to: headerOf(ok, 'From'),
          callId: headerOf(ok, 'Call-ID'),
          headers: headersOf(arrived, 'Record-Route').map((route) => `Route: ${route}`),
        }),
      )
      const info = await alice.next()
      assert.match(info, /^INFO /)
      alice.send(responseText(info, '200 OK'))
      assert.equal(statusOf(await bob.next()), 200)
    })
  }

  test('is called off by CANCEL, which goes the way of the INVITE (§16.10, §16.11)', async (t) => {
    const system = await startProxied(t)
    const { alice, bob } = await people(t, system, ['udp', 'udp'])
    const invite = invitation(alice)
    alice.send(invite)
    const arrived = await bob.next()
    // He registers anew from elsewhere: the CANCEL must not follow him there.
    const elsewhere = await udpParty(t, system, 'bob')
    await register(elsewhere, 'bob', ';q=1.0')
    alice.send(invite.replace(/^INVITE/, 'CANCEL').replace('1 INVITE', '1 CANCEL'))
    const cancel = await bob.next()
    assert.match(cancel, /^CANCEL /)
    const branch = (message: string) => /branch=([^;]+)/.exec(headerOf(message, 'Via'))?.[1]
    assert.equal(branch(cancel), branch(arrived))
    bob.send(responseText(cancel, '200 OK'))
    assert.match(headerOf(await alice.next(), 'CSeq'), /CANCEL/)
    bob.send(responseText(arrived, '487 Request Terminated'))
    const terminated = await alice.next()
    assert.equal(statusOf(terminated), 487)
    const ack = invite.replace(/^INVITE/, 'ACK').replace('1 INVITE', '1 ACK')
    alice.send(ack.replace(/^To:.*$/m, `To: ${headerOf(terminated, 'To')}`))
    assert.match(await bob.next(), /^ACK /)
    assert.equal(elsewhere.waiting, 0)
  })

  test('a copy goes where the first one went, with the same branch (§16.11)', async (t) => {
    const system = await startProxied(t)
    const { alice, bob } = await people(t, system, ['udp', 'udp'])
    const invite = invitation(alice)
    alice.send(invite)
    const first = await bob.next()
    alice.send(invite)
    assert.equal(await bob.next(), first)
  })

  test('goes to the contact with the highest q (§16.5)', async (t) => {
    const system = await startProxied(t)
    const alice = await udpParty(t, system, 'alice')
    const [desk, mobile] = [await udpParty(t, system, 'bob'), await udpParty(t, system, 'bob')]
    await register(desk, 'bob', ';q=0.9')
    await register(mobile, 'bob', ';q=0.2')
    alice.send(invitation(alice))
    assert.match(await desk.next(), /^INVITE /)
    assert.equal(mobile.waiting, 0)
  })

  test('is refused with 480 where nobody is there, with 404 where nobody is called so', async (t) => {
    const system = await startProxied(t)
    const alice = await udpParty(t, system, 'alice')
    alice.send(invitation(alice))
    assert.equal(statusOf(await alice.next()), 480)
    alice.send(invitation(alice).replaceAll('bob@', 'nobody@'))
    assert.equal(statusOf(await alice.next()), 404)
  })
})
