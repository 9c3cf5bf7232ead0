/** SIP user agents that we did not write watch lists (RFC 4662, RFC 5367). */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { Linphone } from './drivers/linphone.ts'
import { Sipp } from './drivers/sipp.ts'
import { heliograph, PASSWORD, signedIn, startWithPeople } from './people.ts'

const LISTENERS = { udp: 'sipUdp', tcp: 'sipTcp', tls: 'sipTls' } as const

for (const transport of ['udp', 'tcp'] as const) {
  it(`SIPp watches lists over ${transport}`, async (t) => {
    const server = await startWithPeople(t, ['alice', 'bob'])
    heliograph(server, 'contact', 'add', 'bob@example.com', 'alice@example.com', '--group', 'Team')
    const run = async (scenario: string, to: string, keys: Record<string, string> = {}) => {
      const sipp = await Sipp.start({
        scenario,
        transport,
        to,
        user: 'bob',
        port: server.port(LISTENERS[transport]),
        password: PASSWORD,
        keys: { domain: 'example.com', ...keys },
      })
      t.after(() => sipp[Symbol.asyncDispose]())
      return sipp
    }
    const refused = await run('list-errors', 'contacts')
    await refused.done()
    // SIPp replaces no keys in its patterns: what differs is looked for here.
    const contacts = await run('list', 'contacts')
    await contacts.saw(/fullState='true'><resource uri='sip:alice@example\.com'/)
    const groups = await run('list', 'contacts-by-group')
    await groups.saw(/<resource uri='sip:contacts\+Team@example\.com'><name>Team<\/name><instance/)
    await groups.saw(
      /<list [^>]*uri='sip:contacts\+Team@example\.com' version='0' fullState='true'/,
    )
    const request = await run('list-request', 'rls', { first: 'alice' })
    await request.saw(/fullState='true'/)
    const alice = await signedIn(t, server, 'alice')
    alice.tell('presence', { show: 'dnd', status: 'Writing' })
    for (const list of [contacts, groups, request]) await list.done()
  })
}

for (const transport of ['udp', 'tcp', 'tls'] as const) {
  it(`linphonec gets its buddies’ presence through a list over ${transport}`, async (t) => {
    const server = await startWithPeople(t, ['alice', 'bob', 'carol'])
    const alice = await signedIn(t, server, 'alice')
    alice.tell('presence', { show: 'dnd', status: 'Writing' })
    const bob = new Linphone({
      user: 'bob',
      domain: 'example.com',
      password: PASSWORD,
      transport,
      port: server.port(LISTENERS[transport]),
      list: { uri: 'sip:rls@example.com', friends: ['alice', 'carol'] },
    })
    t.after(() => bob[Symbol.asyncDispose]())
    await bob.saw(/Require: recipient-list-subscribe/)
    await bob.saw(/Require: eventlist/)
    await bob.saw(/multipart\/related;\s*type="application\/rlmi\+xml"/)
    await bob.saw(/do-not-disturb/)
    const carol = await signedIn(t, server, 'carol')
    carol.tell('presence', { show: 'away', status: 'On the balcony' })
    await bob.saw(/On the balcony/)
    assert.match(
      heliograph(server, 'watchers', '--watched', 'alice@example.com'),
      /bob@example\.com/,
    )
  })
}
