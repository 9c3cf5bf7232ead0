/** A copy on the wire: XEP-0280 §7, §8, forwarded as XEP-0297 has it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { requireJid } from '../../../src/core/address.ts'
import type { InstantMessage } from '../../../src/core/messaging/message.ts'
import { messageWithin, renderCarbon } from '../../../src/xmpp/messages/carbon.ts'
import { parseStanza } from '../../../src/xmpp/messages/render.ts'
import { XmppMessage } from '../../../src/xmpp/messages/xmpp-message.ts'

const FROM = requireJid(`alice@corp.example/d'esk`)
const TO = requireJid('bob@corp.example/phone')
const TABLET = requireJid(`bob@corp.example/t'ablet`)

function message(type = 'normal'): XmppMessage {
  const stanza = parseStanza(`<message to='${TO.full}' type='${type}'><body>Hi</body></message>`)
  assert.ok(stanza)
  return new XmppMessage(stanza.withAttrs({ from: FROM.full }), FROM, TO)
}

test('comes from the account to the client, of the same type, with the message as it was', () => {
  const text = renderCarbon(message(), TABLET, 'received')
  const copy = parseStanza(text)
  assert.equal(copy?.attr('from'), 'bob@corp.example')
  assert.equal(copy?.attr('to'), TABLET.full)
  assert.equal(copy?.attr('type'), 'normal')
  const within = copy && messageWithin(copy, TO.bare)
  assert.ok(within && within !== 'sent')
  assert.equal(within.ns, 'jabber:client')
  assert.equal(within.attr('from'), FROM.full)
  assert.equal(within.attr('to'), TO.full)
  assert.equal(within.child('body')?.text(), 'Hi')
})

test('has the id that the account gave where the account got it, and none where it sent it', () => {
  const one = message('chat')
  one.stableId = 'id1'
  assert.match(
    renderCarbon(one, TABLET, 'received'),
    /stanza-id[^>]*id='id1' by='bob@corp.example'/,
  )
  const sent = renderCarbon(one, TABLET, 'sent')
  assert.ok(!sent.includes('stanza-id'))
  assert.equal(parseStanza(sent)?.child('sent', 'urn:xmpp:carbons:2') !== undefined, true)
})

test('of a message from a phone holds what an XMPP client would have got', () => {
  const one: InstantMessage = {
    from: requireJid('alice@corp.example'),
    to: requireJid('bob@corp.example'),
    type: 'chat',
    id: 'call-1',
    thread: undefined,
    subject: undefined,
    body: 'Hi',
    origin: 'sip',
    delayedSince: undefined,
    storable: true,
    native: () => undefined,
  }
  const copy = parseStanza(renderCarbon(one, requireJid('alice@corp.example/desk'), 'sent'))
  const forwarded = copy
    ?.child('sent', 'urn:xmpp:carbons:2')
    ?.child(undefined, 'urn:xmpp:forward:0')
  const within = forwarded?.child('message', 'jabber:client')
  assert.equal(within?.attr('from'), 'alice@corp.example')
  assert.equal(within?.child('body')?.text(), 'Hi')
})
