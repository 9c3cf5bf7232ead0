/** XEP-0390. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseDocument } from '../../../src/xml/document.ts'
import { hashes } from '../../../src/xmpp/modules/caps2.ts'
import { startXmppSystem } from '../../support/xmpp-system.ts'

const NS_INFO = 'http://jabber.org/protocol/disco#info'
const LIMITS = { maxStanzaBytes: 100_000, maxDepth: 10, maxAttributes: 10 }
const info = (inside: string) =>
  parseDocument(`<query xmlns='${NS_INFO}'>${inside}</query>`, LIMITS)

test('the hashes are those of the simple example (XEP-0390 §3.4.1)', () => {
  const features = [
    ...['si', 'bytestreams', 'chatstates', 'disco#info', 'disco#items'].map(
      (name) => `http://jabber.org/protocol/${name}`,
    ),
    ...['urn:xmpp:ping', 'jabber:iq:time', 'jabber:iq:privacy', 'jabber:iq:version'],
    ...['http://jabber.org/protocol/rosterx', 'urn:xmpp:time', 'jabber:x:oob'],
    ...['http://jabber.org/protocol/ibb', 'http://jabber.org/protocol/si/profile/file-transfer'],
    ...['urn:xmpp:receipts', 'jabber:iq:roster', 'jabber:iq:last'],
  ]
  const bombus = `<identity category='client' name='BombusMod' type='mobile'/>${features
    .map((feature) => `<feature var='${feature}'/>`)
    .join('')}`
  assert.deepEqual(hashes(info(bombus)), [
    ['sha-256', 'kzBZbkqJ3ADrj7v08reD1qcWUwNGHaidNUgD7nHpiw8='],
    ['sha3-256', '79mdYAfU9rEdTOcWDO7UEAt6E56SUzk/g6TnqUeuD9Q='],
  ])
})

test('the stream features name hashes that disco#info bears out', async (t) => {
  const outageUrls = ['https://status.example/status.json']
  const system = await startXmppSystem(t, { config: { outageUrls } })
  const features = await system.features('alice')
  const c = features.child('c', 'urn:xmpp:caps')
  const told = [...(c?.elements() ?? [])].map((hash) => [hash.attr('algo'), hash.text()])
  assert.deepEqual(
    told.map(([algorithm]) => algorithm),
    ['sha-256', 'sha3-256'],
  )
  await using alice = await system.connect('alice')
  for (const [algorithm, hash] of told) {
    const node = `urn:xmpp:caps#${algorithm}.${hash}`
    const get = `<query xmlns='${NS_INFO}' node='${node}'/>`
    const query = (await alice.iq('get', get, 'corp.example')).child('query', NS_INFO)
    assert.equal(query?.attr('node'), node)
    assert.deepEqual(query && hashes(query), told)
  }
})
