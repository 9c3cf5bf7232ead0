import assert from 'node:assert/strict'
import { test } from 'node:test'
import { requireJid } from '../../src/core/address.ts'
import { contactPlace } from '../../src/directory/contact-place.ts'

const directory = { isLocal: (domain: string) => /^(corp|west)\.example$/.test(domain) }
const alice = requireJid('alice@corp.example').bare

/** Address, how it stands on Alice's list, what it waits for. */
const PLACES = [
  ['+1 (555) 000-1111', '+15550001111@corp.example', '+15550001111'],
  ['tel:+1-555-000-1111;ext=5', '+15550001111@corp.example', '+15550001111'],
  ['sip:+15550001111@west.example', '+15550001111@corp.example', '+15550001111'],
  ['sip:+15550001111@gw.example;user=phone', '+15550001111@corp.example', '+15550001111'],
  ['+15550001111@gw.example', '+15550001111@gw.example', '+15550001111@gw.example'],
  ['5000', '5000@corp.example', '5000'],
  ['sip:5000@proxy.corp.example', '5000@corp.example', '5000'],
  ['sip:5000@west.example;user=phone', '5000@corp.example', '5000'],
  ['5000@west.example', '5000@west.example', '5000@west.example'],
  ['sip:Nobody@Corp.example', 'nobody@corp.example', 'nobody@corp.example'],
  ['xmpp:eve@partner.example/desk', 'eve@partner.example', 'eve@partner.example'],
  ['mailto:eve@partner.example', 'eve@partner.example', 'eve@partner.example'],
] as const

for (const [address, contact, awaits] of PLACES) {
  test(`${address} is ${contact} until somebody has ${awaits}`, () => {
    assert.deepEqual(contactPlace(directory, address, alice), { contact, awaits })
    // As the list has it, and as it is looked for later, it is the same contact.
    assert.equal(contactPlace(directory, awaits, alice)?.contact, contact)
    assert.equal(contactPlace(directory, contact, alice)?.contact, contact)
  })
}

for (const address of [
  '',
  'partner.example',
  'a@b@',
  'CN=Bob/O=Acme',
  "sip:o'brien@corp.example",
]) {
  test(`“${address}” stands on no list`, () => {
    assert.equal(contactPlace(directory, address, alice), undefined)
  })
}
