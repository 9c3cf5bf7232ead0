/** RFC 3261 §8.1.2, RFC 5627 §6.1: the ways of requests that begin here. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SipError } from '../../../src/sip/errors.ts'
import { SipRequest } from '../../../src/sip/message/message.ts'
import { waysOf } from '../../../src/sip/proxy/own-requests.ts'
import type { PlanDeps } from '../../../src/sip/proxy/plan.ts'
import { ownAddresses } from './support.ts'

const PHONE = { transport: 'udp', host: '192.0.2.9', port: 5066 } as const

/** bob is registered, nobody else is. */
const location: PlanDeps['location'] = {
  contactsFor: async ({ user }) => {
    if (user !== 'bob') throw new SipError(480)
    return [{ state: { contact: 'sip:bob@192.0.2.9:5066', path: [], peer: PHONE } }]
  },
}

function ways(uri: string, outboundProxy?: string) {
  const hosts = new Map([
    ['partner.example', { host: '192.0.2.77', port: 5080, transport: 'tcp' as const }],
  ])
  const request = new SipRequest({ method: 'NOTIFY', uri })
  return waysOf(request, { own: ownAddresses(), plan: { location, hosts, outboundProxy } })
}

test('a user of ours is reached where he is registered', async () => {
  const expected = [{ uri: 'sip:bob@192.0.2.9:5066', routes: [], peer: PHONE }]
  assert.deepEqual(await ways('sip:bob@example.com'), expected)
  assert.deepEqual(await ways('sip:bob@example.com;gr=urn:uuid:1', '<sip:192.0.2.5;lr>'), expected)
})

test('a GRUU that nobody has leads nowhere, and an address that nobody has registered to DNS', async () => {
  await assert.rejects(ways('sip:carol@example.com;gr=urn:uuid:1'), { status: 480 })
  assert.deepEqual(await ways('sip:carol@example.com'), [
    { uri: 'sip:carol@example.com', routes: [] },
  ])
})

test('a client at a port of the machine that the domain names is no user', async () => {
  const uri = 'sip:bob@example.com:5099'
  assert.deepEqual(await ways(uri), [{ uri, routes: [] }])
})

test('others go by the operator’s map of hosts, then by the outbound proxy', async () => {
  const proxy = '<sip:192.0.2.5;lr>'
  const [mapped] = await ways('sip:dave@partner.example', proxy)
  assert.equal(mapped?.hop?.host, '192.0.2.77')
  const uri = 'sip:erin@elsewhere.example'
  assert.deepEqual(await ways(uri, proxy), [{ uri, routes: [proxy] }])
})
