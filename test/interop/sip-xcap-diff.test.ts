/** SIPp watches a contact list as a document (RFC 5875), which an administrator changes. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { Sipp } from './drivers/sipp.ts'
import { heliograph, PASSWORD, startWithPeople } from './people.ts'

const LISTENERS = { udp: 'sipUdp', tcp: 'sipTcp' } as const

for (const transport of ['udp', 'tcp'] as const) {
  it(`SIPp is told of a change of its documents over ${transport}`, async (t) => {
    const server = await startWithPeople(t, ['alice', 'bob'])
    const sipp = await Sipp.start({
      ...{ scenario: 'xcap-diff', transport, user: 'alice', to: 'alice', password: PASSWORD },
      port: server.port(LISTENERS[transport]),
      keys: { domain: 'example.com', expected: 'new-etag=' },
    })
    t.after(() => sipp[Symbol.asyncDispose]())
    await sipp.saw(/Subscription-State: active;expires=\d+/)
    assert.match(
      heliograph(server, 'contact', 'add', 'alice@example.com', 'bob@example.com'),
      /^added/,
    )
    await sipp.done()
  })
}
