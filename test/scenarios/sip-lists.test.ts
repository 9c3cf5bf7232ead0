/** SIP phones watch lists (RFC 4662, RFC 5367), over real sockets. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { deflateSync } from 'node:zlib'
import { requireJid } from '../../src/core/address.ts'
import { newRosterItem } from '../../src/core/presence/roster-item.ts'
import { renderResourceLists } from '../../src/formats/resource-lists.ts'
import type { SipRequest } from '../../src/sip/message/message.ts'
import { readListNotify } from '../support/list-notify.ts'
import { Phone, type PhoneRequest, startSipSystem } from '../support/sip-system.ts'

const ALICE = requireJid('alice@example.com').bare
const BOB = requireJid('bob@example.com').bare
const CAROL = requireJid('carol@example.com').bare

const SUPPORTS: [string, string][] = [
  ['Event', 'presence'],
  ['Supported', 'eventlist'],
  ['Accept', 'multipart/related, application/rlmi+xml, application/pidf+xml'],
]

const CONTACTS: PhoneRequest = { uri: 'sip:contacts@example.com', headers: SUPPORTS }

function request(...uris: string[]): PhoneRequest {
  const members = uris.map((uri) => ({ kind: 'entry' as const, uri }))
  return {
    uri: 'sip:rls@example.com',
    headers: [
      ...SUPPORTS,
      ['Require', 'recipient-list-subscribe'],
      ['Content-Type', 'application/resource-lists+xml'],
      ['Content-Disposition', 'recipient-list'],
      ['Content-Encoding', 'deflate'],
    ],
    body: deflateSync(renderResourceLists([{ kind: 'list', members }])),
  }
}

/** A list that says this of somebody. */
const says =
  (...states: string[]) =>
  (notify: SipRequest) =>
    states.every((state) => readListNotify(notify).states.includes(state))

const shows = (text: string) => (notify: SipRequest) => notify.body.toString().includes(text)

for (const transport of ['udp', 'tcp', 'tls'] as const) {
  describe(`over ${transport}`, () => {
    test('alice’s contact list is what she watches, and follows it', async (t) => {
      const system = await startSipSystem(t)
      const { contacts } = system.directory
      await contacts.put(ALICE, { ...newRosterItem(BOB), subscription: 'to', name: 'Bobby' })
      const alice = await Phone.open(t, system, 'alice', transport)
      const response = await alice.send('SUBSCRIBE', CONTACTS)
      assert.equal(response.status, 200)
      assert.equal(response.headers.get('Require'), 'eventlist')
      const first = readListNotify(await alice.got('NOTIFY'))
      assert.deepEqual(first.states, ['sip:bob@example.com active'])
      assert.deepEqual([first.version, first.fullState], [0, true])
      assert.equal(first.resources[0]?.name, 'Bobby')

      await contacts.put(ALICE, { ...newRosterItem(CAROL), subscription: 'to' })
      await alice.got('NOTIFY', says('sip:carol@example.com active'))
      const carol = await Phone.open(t, system, 'carol', transport)
      await carol.register()
      await alice.got('NOTIFY', shows('<basic>open</basic>'))
      await contacts.remove(ALICE, BOB)
      await alice.got('NOTIFY', says('sip:bob@example.com terminated noresource'))
    })

    test('a list of 300 in the request reaches him, whatever the transport takes at a time', async (t) => {
      const system = await startSipSystem(t)
      const uris = Array.from({ length: 300 }, (_, at) => `sip:colleague-number-${at}@example.com`)
      for (const uri of uris) {
        await system.directory.addUser({ account: uri.slice(4), password: undefined })
      }
      const alice = await Phone.open(t, system, 'alice', transport)
      assert.equal((await alice.send('SUBSCRIBE', request(...uris))).status, 200)
      const seen = new Set<string>()
      for (let version = 0; seen.size < 300; version += 1) {
        const notify = await alice.got('NOTIFY', (one) => readListNotify(one).version === version)
        assert.ok(notify.body.length < 65_000)
        const list = readListNotify(notify)
        assert.equal(list.fullState, version === 0)
        for (const state of list.states) if (state.endsWith(' active')) seen.add(state)
      }
    })
  })
}

test('a list survives a restart over UDP, with what was asked for in its body', async (t) => {
  const system = await startSipSystem(t)
  const alice = await Phone.open(t, system, 'alice')
  await alice.send('SUBSCRIBE', request('sip:bob@example.com', 'sip:carol@example.com'))
  await alice.got('NOTIFY')
  const again = await system.restart()
  alice.turnTo(again)
  const notify = await alice.got('NOTIFY', (one) => readListNotify(one).version > 0)
  const list = readListNotify(notify)
  assert.equal(list.fullState, true)
  assert.deepEqual(list.states, ['sip:bob@example.com active', 'sip:carol@example.com active'])
  const bob = await Phone.open(t, again, 'bob')
  await bob.register()
  await alice.got('NOTIFY', shows('<basic>open</basic>'))
})

test('OPTIONS tells that lists are taken (RFC 5367 §5)', async (t) => {
  const system = await startSipSystem(t)
  const alice = await Phone.open(t, system, 'alice')
  const { headers } = await alice.send('OPTIONS')
  const supported = headers.getAll('Supported').join(', ')
  assert.match(supported, /eventlist/)
  assert.match(supported, /recipient-list-subscribe/)
})

for (const event of ['dialog', 'message-summary', 'reg'] as const) {
  test(`lists are served for ${event}, too, each member by its own rules`, async (t) => {
    const system = await startSipSystem(t)
    const alice = await Phone.open(t, system, 'alice')
    const [, ...others] = SUPPORTS.filter(([name]) => name !== 'Accept')
    const { body, headers = [] } = request('sip:alice@example.com', 'sip:bob@example.com')
    const rest = headers.filter(([name]) => !['Event', 'Accept', 'Supported'].includes(name))
    const asked = [['Event', event] as const, ...others, ...rest]
    const init = { uri: 'sip:rls@example.com', headers: asked, ...(body && { body }) }
    assert.equal((await alice.send('SUBSCRIBE', init)).status, 200)
    const list = readListNotify(await alice.got('NOTIFY'))
    assert.equal(list.states[0], 'sip:alice@example.com active')
    assert.match(list.states[1] ?? '', /^sip:bob@example.com (active|terminated rejected)$/)
    assert.ok(list.document('sip:alice@example.com'))
  })
}
