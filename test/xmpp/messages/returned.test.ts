/** What a client was sent and never got (XEP-0198 §4), copies included (XEP-0280). */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { requireJid } from '../../../src/core/address.ts'
import { renderCarbon } from '../../../src/xmpp/messages/carbon.ts'
import { parseStanza, renderMessage } from '../../../src/xmpp/messages/render.ts'
import { asItCame } from '../../../src/xmpp/messages/returned.ts'
import { XmppMessage } from '../../../src/xmpp/messages/xmpp-message.ts'

const FROM = requireJid('alice@corp.example/desk')
const TO = requireJid('bob@corp.example/phone')
const STAMP = Date.UTC(2030, 0, 1)

function parse(text: string) {
  const stanza = parseStanza(text)
  assert.ok(stanza)
  return stanza
}

const sentText = `<message from='${FROM.full}' to='${TO.full}' type='chat'><body>Hi</body></message>`

function message(since?: number): XmppMessage {
  const one = new XmppMessage(parse(sentText), FROM, TO, since)
  one.stableId = 'id1'
  return one
}

describe('a message that comes back', () => {
  it('is what it was before it was sent, and keeps its id and its time', () => {
    const returned = asItCame(parse(renderMessage(message(STAMP), TO.bare)), TO.bare)
    assert.equal(returned?.stanza.toString('jabber:client'), sentText)
    assert.deepEqual([returned?.stableId, returned?.since], ['id1', STAMP])
    assert.equal(asItCame(parse(sentText), TO.bare)?.stableId, undefined)
  })

  it('and was a copy is the message that another client had got', () => {
    const tablet = requireJid('bob@corp.example/tablet')
    const copy = parse(renderCarbon(message(), tablet, 'received'))
    const returned = asItCame(copy, TO.bare)
    assert.equal(returned?.stanza.toString('jabber:client'), sentText)
    assert.deepEqual([returned?.stableId, returned?.since], ['id1', undefined])
  })

  it('and was a copy of what the person sent himself is for nobody else', () => {
    const laptop = requireJid('alice@corp.example/laptop')
    assert.equal(asItCame(parse(renderCarbon(message(), laptop, 'sent')), FROM.bare), undefined)
  })

  it('and only looks like a copy is itself: it is not from the account', () => {
    const copy = renderCarbon(message(), TO, 'received')
    const forged = parse(copy.replace("from='bob@corp.example'", "from='mallory@corp.example/x'"))
    assert.equal(asItCame(forged, TO.bare)?.stanza.attr('from'), 'mallory@corp.example/x')
  })
})
