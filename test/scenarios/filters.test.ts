/** Filters in SUBSCRIBEs over real sockets (RFC 4660, RFC 4661). */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { readListNotify } from '../support/list-notify.ts'
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

describe('a filter in a SUBSCRIBE to a list (RFC 4660 §4.1)', () => {
  const basicOf = (id: string, attributes: string) =>
    `<filter id="${id}" ${attributes}><what><include>//pidf:basic</include></what></filter>`

  /** A list and filters for its members, as parts of one body (RFC 5367 §3.1). */
  const body = [
    '--parts',
    'Content-Type: application/resource-lists+xml',
    'Content-Disposition: recipient-list',
    '',
    '<resource-lists xmlns="urn:ietf:params:xml:ns:resource-lists"><list>' +
      '<entry uri="sip:bob@example.com"/><entry uri="sip:carol@example.com"/></list></resource-lists>',
    '--parts',
    'Content-Type: application/simple-filter+xml',
    '',
    '<filter-set xmlns="urn:ietf:params:xml:ns:simple-filter"><ns-bindings>' +
      '<ns-binding prefix="pidf" urn="urn:ietf:params:xml:ns:pidf"/></ns-bindings>' +
      `${basicOf('bob', 'uri="sip:bob@example.com"')}${basicOf('other', 'domain="elsewhere.example"')}</filter-set>`,
    '--parts--',
    '',
  ].join('\r\n')

  test('is for the member that it names alone', async (t) => {
    const system = await startSipSystem(t)
    const alice = await Phone.open(t, system, 'alice', 'tcp')
    const phones = await Promise.all(
      ['bob', 'carol'].map((name) => Phone.open(t, system, name, 'tcp')),
    )
    for (const phone of phones) await phone.register()
    const response = await alice.send('SUBSCRIBE', {
      uri: 'sip:rls@example.com',
      headers: [
        ['Event', 'presence'],
        ['Supported', 'eventlist'],
        ['Accept', 'multipart/related, application/rlmi+xml, application/pidf+xml'],
        ['Require', 'recipient-list-subscribe'],
        ['Content-Type', 'multipart/mixed;boundary=parts'],
      ],
      body,
    })
    assert.equal(response.status, 200)
    const list = readListNotify(await alice.got('NOTIFY'))
    const [bob, carol] = ['bob', 'carol'].map((name) =>
      String(list.document(`sip:${name}@example.com`)),
    )
    assert.match(bob ?? '', /<basic>open<\/basic><\/status><\/tuple><\/presence>/)
    assert.match(carol ?? '', /<basic>open<\/basic>.*<dm:person/)
  })
})
