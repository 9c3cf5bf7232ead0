/** Filters in SUBSCRIBEs over real sockets (RFC 4660, RFC 4661). */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Phone, startSipSystem } from '../support/sip-system.ts'

const BOB = 'sip:bob@example.com'

const FILTER = `<?xml version="1.0" encoding="UTF-8"?>
<filter-set xmlns="urn:ietf:params:xml:ns:simple-filter">
  <ns-bindings>
    <ns-binding prefix="pidf" urn="urn:ietf:params:xml:ns:pidf"/>
    <ns-binding prefix="dm" urn="urn:ietf:params:xml:ns:pidf:data-model"/>
    <ns-binding prefix="rpid" urn="urn:ietf:params:xml:ns:pidf:rpid"/>
  </ns-bindings>
  <filter id="1" uri="${BOB}">
    <what><include>/pidf:presence/dm:person/rpid:activities</include></what>
    <trigger><changed>/pidf:presence/dm:person/rpid:activities</changed></trigger>
    <trigger><added>/pidf:presence/dm:person/rpid:activities</added></trigger>
  </filter>
</filter-set>`

const pidf = (activity: string, note: string) =>
  `<presence xmlns="urn:ietf:params:xml:ns:pidf" xmlns:d="urn:ietf:params:xml:ns:pidf:data-model"
    xmlns:r="urn:ietf:params:xml:ns:pidf:rpid" entity="${BOB}">
    <tuple id="t1"><status><basic>open</basic></status><note>${note}</note></tuple>
    <d:person id="p1"><r:activities><r:${activity}/></r:activities></d:person></presence>`

for (const transport of ['udp', 'tls'] as const) {
  describe(`over ${transport}`, () => {
    test('alice is told of what bob does, and of nothing else', async (t) => {
      const system = await startSipSystem(t)
      const alice = await Phone.open(t, system, 'alice', transport)
      const bob = await Phone.open(t, system, 'bob', transport)
      const publish = async (body: string, etag?: string) => {
        const response = await bob.send('PUBLISH', {
          uri: BOB,
          headers: [
            ['Event', 'presence'],
            ['Content-Type', 'application/pidf+xml'],
            ...(etag === undefined ? [] : [['SIP-If-Match', etag] as const]),
          ],
          body,
        })
        assert.equal(response.status, 200)
        return response.headers.get('SIP-ETag')
      }
      const subscribed = await alice.send('SUBSCRIBE', {
        uri: BOB,
        headers: [
          ['Event', 'presence'],
          ['Content-Type', 'application/simple-filter+xml'],
        ],
        body: FILTER,
      })
      assert.equal(subscribed.status, 200)
      assert.equal((await alice.got('NOTIFY')).body.length, 0)

      let etag = await publish(pidf('meeting', 'one'))
      const first = await alice.got('NOTIFY', ({ body }) => body.includes('meeting'))
      assert.match(
        first.body.toString(),
        /<presence [^>]*><dm:person id="p1"><rpid:activities><rpid:meeting\/><\/rpid:activities><\/dm:person><\/presence>/,
      )
      etag = await publish(pidf('meeting', 'two'), etag)
      await publish(pidf('busy', 'two'), etag)
      await alice.got('NOTIFY', ({ body }) => body.includes('busy'))
      const notifies = alice.received.filter(({ method }) => method === 'NOTIFY')
      assert.equal(notifies.length, 3)
      assert.ok(notifies.every(({ body }) => !body.includes('two') && !body.includes('tuple')))
    })

    test('a filter that cannot be is refused with a reason', async (t) => {
      const system = await startSipSystem(t)
      const alice = await Phone.open(t, system, 'alice', transport)
      const refused = await alice.send('SUBSCRIBE', {
        uri: BOB,
        headers: [
          ['Event', 'presence'],
          ['Content-Type', 'application/simple-filter+xml'],
        ],
        body: FILTER.replace('prefix="rpid"', 'prefix="other"'),
      })
      assert.equal(refused.status, 488)
      assert.match(refused.headers.get('Warning') ?? '', /the prefix rpid is not bound/)
    })
  })
}
