/** Who is meant by a URI: SIP, `pres:` (RFC 3859 §3.2), `tel:`. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addressIn, watcherOf } from '../../../src/sip/events/resources.ts'
import { BOB } from './support.ts'

test('a user of the system goes by his account, whatever he calls himself', () => {
  const identity = { address: BOB, uri: 'sip:bobby@example.com', trusted: false }
  assert.deepEqual(watcherOf(identity), { address: BOB, account: BOB, protocol: 'sip' })
})

test('somebody of another system goes by the address in his URI, as rules name him', () => {
  const addressOf = (uri: string) =>
    watcherOf({ address: undefined, uri, trusted: true }).address as string
  assert.equal(addressOf('sip:Carol@Partner.Example:5061;transport=tls'), 'carol@partner.example')
  assert.equal(addressOf('sips:carol%2Bx@partner.example'), 'carol+x@partner.example')
  assert.equal(addressOf('pres:carol@partner.example'), 'carol@partner.example')
})

test('who has no such address goes by his URI', () => {
  for (const uri of [
    'tel:+4312345',
    'sip:partner.example',
    'sip:anonymous@anonymous.invalid',
    'sip:a%40b@partner.example',
  ]) {
    assert.equal(addressIn(uri), undefined, uri)
    assert.equal(watcherOf({ address: undefined, uri, trusted: true }).address, uri)
  }
})
