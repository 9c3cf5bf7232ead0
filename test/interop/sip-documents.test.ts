/** Partial presence (RFC 5263, RFC 5264) and filters (RFC 4660) with SIPp, which we did not write. */
import { it } from 'node:test'
import { Sipp } from './drivers/sipp.ts'
import { PASSWORD, signedIn, startWithPeople } from './people.ts'

const LISTENERS = { udp: 'sipUdp', tcp: 'sipTcp' } as const

for (const transport of ['udp', 'tcp'] as const) {
  it(`SIPp publishes and watches presence in parts, and through a filter, over ${transport}`, async (t) => {
    const server = await startWithPeople(t, ['alice', 'bob'])
    const run = async (scenario: string, user: string, to: string) => {
      const sipp = await Sipp.start({
        scenario,
        transport,
        to,
        user,
        port: server.port(LISTENERS[transport]),
        password: PASSWORD,
        keys: { domain: 'example.com' },
      })
      t.after(() => sipp[Symbol.asyncDispose]())
      return sipp
    }
    const filtered = await run('watch-filtered', 'bob', 'alice')
    await filtered.saw(/Subscription-State: active/)
    await (await run('publish-partial', 'alice', 'alice')).done()
    await filtered.done()
    const partial = await run('watch-partial', 'bob', 'alice')
    await partial.saw(/pidf-full .*version="1"/)
    const alice = await signedIn(t, server, 'alice')
    alice.tell('presence')
    await partial.done()
  })

  it(`SIPp is told why its filters cannot be, over ${transport}`, async (t) => {
    const server = await startWithPeople(t, ['alice', 'bob'])
    const sipp = await Sipp.start({
      scenario: 'subscribe-refused',
      transport,
      to: 'alice',
      user: 'bob',
      port: server.port(LISTENERS[transport]),
      password: PASSWORD,
      keys: { domain: 'example.com' },
    })
    t.after(() => sipp[Symbol.asyncDispose]())
    await sipp.done()
  })
}
