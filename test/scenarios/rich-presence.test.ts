/**
 * All that phones publish reaches who may see it, over real sockets: RPID (RFC 4480), CIPID (RFC 4482),
 * capabilities (RFC 5196), devices (RFC 4479), timed statuses (RFC 4481), unknown extensions (RFC 3863).
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { requireJid } from '../../src/core/address.ts'
import type { SipRequest } from '../../src/sip/message/message.ts'
import { Phone, startSipSystem } from '../support/sip-system.ts'

const ALICE = requireJid('alice@example.com').bare
const BOB = requireJid('bob@example.com').bare
const AOR_BOB = 'sip:bob@example.com'

interface Said {
  readonly tuple?: string
  readonly person?: string
  readonly rest?: string
}

function pidf(sourceClass: string, { tuple = '', person = '', rest = '' }: Said): string {
  return (
    '<presence xmlns="urn:ietf:params:xml:ns:pidf" xmlns:d="urn:ietf:params:xml:ns:pidf:data-model"' +
    ' xmlns:r="urn:ietf:params:xml:ns:pidf:rpid" xmlns:c="urn:ietf:params:xml:ns:pidf:cipid"' +
    ' xmlns:k="urn:ietf:params:xml:ns:pidf:caps" xmlns:t="urn:ietf:params:xml:ns:pidf:timed-status"' +
    ` entity="${AOR_BOB}"><tuple id="${sourceClass}"><status><basic>open</basic></status>` +
    `<r:class>${sourceClass}</r:class>${tuple}</tuple><d:person id="p">${person}</d:person>${rest}</presence>`
  )
}

async function publish(phone: Phone, body: string): Promise<void> {
  const headers: [string, string][] = [
    ['Event', 'presence'],
    ['Content-Type', 'application/pidf+xml'],
  ]
  assert.equal((await phone.send('PUBLISH', { uri: AOR_BOB, headers, body })).status, 200)
}

const PHONE = pidf('phone', {
  tuple:
    '<k:servcaps><k:audio>true</k:audio><k:duplex><k:supported><k:full/></k:supported></k:duplex></k:servcaps>' +
    '<d:deviceID>urn:uuid:desk</d:deviceID><x xmlns="urn:example:x">kept</x>',
  person: '<r:mood><r:happy/></r:mood><c:icon>http://example.com/phone.png</c:icon>',
  rest:
    '<d:device id="x"><k:devcaps><k:mobility><k:supported><k:fixed/></k:supported></k:mobility></k:devcaps>' +
    '<d:deviceID>urn:uuid:desk</d:deviceID></d:device>',
})
const CLIENT = pidf('enterprise-im', {
  person: '<c:card>http://example.com/bob.vcf</c:card><r:sphere><r:work/></r:sphere>',
})

const has =
  (...texts: string[]) =>
  (request: SipRequest) =>
    texts.every((text) => request.body.includes(text))

describe('rich presence', () => {
  test('of several sources is told together, kind by kind', async (t) => {
    const system = await startSipSystem(t)
    const alice = await Phone.open(t, system, 'alice')
    const bob = await Phone.open(t, system, 'bob')
    await alice.subscribe(AOR_BOB)
    await publish(bob, PHONE)
    await publish(bob, CLIENT)
    await alice.got(
      'NOTIFY',
      has(
        '<rpid:mood><rpid:happy/></rpid:mood>',
        '<rpid:sphere><rpid:work/></rpid:sphere>',
        '<ci:icon>http://example.com/phone.png</ci:icon>',
        '<ci:card>http://example.com/bob.vcf</ci:card>',
        '<caps:duplex><caps:supported><caps:full/></caps:supported></caps:duplex>',
        '<dm:deviceID>urn:uuid:desk</dm:deviceID>',
        '<caps:mobility><caps:supported><caps:fixed/></caps:supported></caps:mobility>',
        '<x xmlns="urn:example:x">kept</x>',
      ),
    )
  })

  test('is no more to who sees the telephone alone than what the telephone says', async (t) => {
    const system = await startSipSystem(t, {}, 'block')
    const rule = { presentity: BOB, watcher: ALICE, enforced: false, refusesMessages: false }
    await system.access.put({ ...rule, level: 'Telephony', action: 'allow' })
    const alice = await Phone.open(t, system, 'alice')
    const bob = await Phone.open(t, system, 'bob')
    await publish(bob, CLIENT)
    await alice.subscribe(AOR_BOB)
    await alice.got('NOTIFY', has('closed'))
    await publish(bob, PHONE)
    const told = await alice.got('NOTIFY', has('<rpid:happy/>', 'phone.png', 'urn:uuid:desk'))
    assert.ok(!has('card')(told) && !has('sphere')(told))
    assert.ok(alice.received.every((one) => !has('bob.vcf')(one)))
  })

  test('takes effect at its time, and ends by itself', async (t) => {
    const system = await startSipSystem(t)
    const alice = await Phone.open(t, system, 'alice')
    const bob = await Phone.open(t, system, 'bob')
    await alice.subscribe(AOR_BOB)
    const at = (ms: number) => new Date(Date.now() + ms).toISOString()
    const timed = `<t:timed-status from="${at(1_000)}" until="${at(2_000)}"><t:basic>closed</t:basic></t:timed-status>`
    await publish(bob, pidf('phone', { tuple: timed }))
    const before = await alice.got('NOTIFY', has('<ts:timed-status ', '<basic>open</basic>'))
    const during = await alice.got(
      'NOTIFY',
      (one) => isAfter(alice, before)(one) && has('<basic>closed')(one),
    )
    assert.ok(!has('timed-status')(during))
    const after = await alice.got(
      'NOTIFY',
      (one) => isAfter(alice, during)(one) && has('<basic>open')(one),
    )
    assert.ok(!has('timed-status')(after))
  })
})

function isAfter({ received }: Phone, earlier: SipRequest) {
  return (one: SipRequest) => received.indexOf(one) > received.indexOf(earlier)
}
