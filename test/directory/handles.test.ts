import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  ADDRESS_TYPES,
  type AddressType,
  numberOf,
  parseAddress,
  parseLookup,
} from '../../src/directory/handles.ts'

const DOMAIN = 'corp.example'

const GOOD: [AddressType, string, string][] = [
  ['xmpp', 'Alice@Corp.Example', 'alice@corp.example'],
  ['xmpp', 'xmpp:alice@corp.example', 'alice@corp.example'],
  ['xmpp', 'alice@corp.example/laptop', 'alice@corp.example'],
  ['xmpp', 'xmpp:d%27artagnan@corp.example', ''],
  ['xmpp', 'ＡLICE@corp.example', 'alice@corp.example'],
  ['other-xmpp', 'pres:Élise@jabber.example', 'élise@jabber.example'],
  ['sip', 'sip:Bob@Corp.Example:5060;transport=tcp', 'bob@corp.example'],
  ['sip', 'sips:bob@corp.example', 'bob@corp.example'],
  ['sip', 'sip:%62ob:secret@corp.example', 'bob@corp.example'],
  ['sip', 'sip:bob%40home@corp.example', 'bob@home@corp.example'],
  ['sip', 'sip:bob@[2001:DB8::1]:5061', 'bob@[2001:db8::1]'],
  ['sip', '5354424@corp.example', '5354424@corp.example'],
  ['sip', 'sip:bob@xn--bcher-kva.example', 'bob@bücher.example'],
  ['msrtc', 'sip:handle@ocsdomain.com', 'handle@ocsdomain.com'],
  ['e164', '+1 (303) 535-4424', '+13035354424'],
  ['e164', '+35311230121@avaya.com', '+35311230121'],
  ['e164', 'tel:+1-555.1234', '+15551234'],
  ['e164', 'sip:+15551234@gw.example;user=phone', '+15551234'],
  ['e164', '5354424', '5354424@corp.example'],
  ['e164', '5354424@west.example', '5354424@west.example'],
  ['e164', 'tel:863-1234;phone-context=west.example', '8631234@west.example'],
  ['exchange', 'Alice.B@Mail.Example', 'alice.b@mail.example'],
  ['exchange', 'mailto:alice+x@mail.example?subject=hi', 'alice+x@mail.example'],
  ['notes', 'CN=Bob  Smith/OU=Sales/O=Acme', 'cn=bob smith/ou=sales/o=acme'],
  ['notes', 'cn=bob smith / ou=SALES / o=acme@ACMENET', 'cn=bob smith/ou=sales/o=acme'],
  ['notes', 'ps5603@ca.avaya.com', 'ps5603@ca.avaya.com'],
]

test('each type has one normal form', () => {
  for (const [type, text, handle] of GOOD) {
    assert.equal(parseAddress(type, text, DOMAIN) ?? '', handle, `${type} ${text}`)
  }
})

const BAD: [AddressType, string][] = [
  ['xmpp', ''],
  ['xmpp', 'corp.example'],
  ['xmpp', '@corp.example'],
  ['xmpp', 'alice@'],
  ['xmpp', 'a b@corp.example'],
  ['xmpp', 'sip:alice@corp.example'],
  ['xmpp', `${'a'.repeat(1024)}@corp.example`],
  ['sip', 'sip:corp.example'],
  ['sip', 'sip:%zz@corp.example'],
  ['sip', 'sip:%00@corp.example'],
  ['sip', 'sip:bob@'],
  ['sip', 'sip:bob@a b'],
  ['sip', 'sip:bob@-x-'],
  ['sip', 'tel:+15551234'],
  ['sip', 'javascript:alert(1)@x'],
  ['e164', '+0123456'],
  ['e164', '+1234567890123456'],
  ['e164', '+'],
  ['e164', '()'],
  ['e164', '555-ALICE'],
  ['e164', '1'.repeat(33)],
  ['e164', 'tel:;phone-context=west.example'],
  ['exchange', '<alice@mail.example>'],
  ['exchange', 'a@b@mail.example'],
  ['exchange', 'Alice B@mail.example'],
  ['notes', 'CN=/O=Acme'],
  ['notes', 'CN=Bob/XX=1'],
  ['notes', `CN=${'b'.repeat(5000)}`],
  ['notes', 'CN=Bob\nSmith'],
  ['msrtc', 'x'.repeat(100_000)],
]

test('what is not an address of the type is refused', () => {
  for (const [type, text] of BAD) {
    assert.equal(parseAddress(type, text, DOMAIN), undefined, `${type} ${text.slice(0, 60)}`)
  }
})

test('a number is seen in a handle only where it is nothing else', () => {
  assert.equal(numberOf('+13035354424'), '+13035354424')
  assert.equal(numberOf('5354424@corp.example'), '5354424')
  assert.equal(numberOf('+13035354424@corp.example'), '+13035354424')
  assert.equal(numberOf('bob2@corp.example'), undefined)
  assert.equal(numberOf('+0@corp.example'), undefined)
  assert.equal(numberOf('corp.example'), undefined)
})

// Except where it has a slash or a colon, which only the escapes of a SIP URI can carry.
test('a handle is its own normal form, and names itself', () => {
  const text = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 40 }),
    fc.emailAddress(),
    fc
      .tuple(fc.constantFrom('sip:', 'tel:', 'xmpp:', 'CN='), fc.string({ unit: 'binary' }))
      .map((all) => all.join('')),
    fc.stringMatching(/^\+?[0-9 ().-]{1,20}(@[a-z]{1,5}\.[a-z]{2})?$/),
  )
  fc.assert(
    fc.property(fc.constantFrom(...ADDRESS_TYPES), text, (type, value) => {
      const handle = parseAddress(type, value, DOMAIN)
      if (handle === undefined || /[/:].*@/.test(handle)) return
      const lookup = parseLookup(handle)
      if (lookup?.handle !== undefined) assert.equal(lookup.handle, handle)
      else if (lookup) assert.equal(lookup.number, handle)
      assert.ok(Buffer.byteLength(handle) <= 4_096)
      assert.equal(handle, handle.normalize('NFC'))
    }),
    { numRuns: 3_000 },
  )
})

test('no text makes a lookup fail', () => {
  const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 100 }), fc.string())
  fc.assert(
    fc.property(
      fc.constantFrom('', 'sip:', 'tel:', 'xmpp:', 'pres:', 'CN='),
      text,
      (scheme, rest) => {
        parseLookup(scheme + rest)
      },
    ),
    { numRuns: 5_000 },
  )
})
