/** The wrapper of BOSH (XEP-0124 §6): whatever comes, it is read or refused. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { XmlSyntaxError } from '../../../src/xml/tokenizer.ts'
import { parseBody, renderBody, xbosh } from '../../../src/xmpp/http/bosh/body.ts'
import { body } from '../../support/bosh-client.ts'
import { LIMITS } from '../../support/stream-client.ts'

const GOOD = body(
  `rid='1' sid='x' xmpp:restart='true'`,
  `<message to='a'><body>b</body></message><iq/>`,
)

it('reads what it wrote', () => {
  const parsed = parseBody(Buffer.from(GOOD), LIMITS)
  assert.equal(parsed.wrapper.attr('rid'), '1')
  assert.equal(xbosh(parsed, 'restart'), 'true')
  assert.deepEqual(parsed.payloads.map(String), [
    `<message xmlns='jabber:client' to='a'><body>b</body></message>`,
    `<iq xmlns='jabber:client'/>`,
  ])
  const written = renderBody({ type: 'a & b', condition: undefined }, [
    '<stream:features/>',
    '<iq/>',
  ])
  assert.equal(
    written,
    `<body xmlns='http://jabber.org/protocol/httpbind' type='a &amp; b' xmlns:stream='http://etherx.jabber.org/streams'><stream:features/><iq xmlns='jabber:client'/></body>`,
  )
})

it('refuses everything else, and nothing breaks', () => {
  const damaged = fc
    .tuple(fc.nat(GOOD.length), fc.nat(GOOD.length), fc.string())
    .map(([from, length, text]) => GOOD.slice(0, from) + text + GOOD.slice(from + length))
  fc.assert(
    fc.property(fc.oneof(damaged, fc.string()), (text) => {
      try {
        parseBody(Buffer.from(text), LIMITS)
      } catch (error) {
        assert.ok(error instanceof XmlSyntaxError, String(error))
      }
    }),
    { numRuns: 2000 },
  )
})
