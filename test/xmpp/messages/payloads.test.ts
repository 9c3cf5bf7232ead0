/**
 * What is kept and what is copied, as a table: XEP-0085, XEP-0184, XEP-0249, XEP-0280, XEP-0308, XEP-0333, XEP-0334, XEP-0424,
 * XEP-0428, XEP-0444, XEP-0461, by XEP-0160 for those who are away.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { requireJid } from '../../../src/core/address.ts'
import type { MessageType } from '../../../src/core/messaging/message.ts'
import { PAYLOADS } from '../../../src/xmpp/messages/payloads.ts'
import { parseStanza } from '../../../src/xmpp/messages/render.ts'
import { XmppMessage } from '../../../src/xmpp/messages/xmpp-message.ts'

const TO = requireJid('bob@corp.example/phone')
const ALICE = 'alice@corp.example/desk'

function message(type: MessageType, inside: string, from = ALICE): XmppMessage {
  const stanza = parseStanza(`<message type='${type}' id='m1'>${inside}</message>`)
  assert.ok(stanza)
  return new XmppMessage(stanza, requireJid(from), TO)
}

const BODY = '<body>Hi</body>'
const hint = (name: string) => `<${name} xmlns='urn:xmpp:hints'/>`
const STATE = `<composing xmlns='http://jabber.org/protocol/chatstates'/>`
const RECEIPT = `<received xmlns='urn:xmpp:receipts' id='m0'/>`
const MARKER = `<displayed xmlns='urn:xmpp:chat-markers:0' id='m0'/>`
const REACTION = `<reactions xmlns='urn:xmpp:reactions:0' id='m0'><reaction>👋</reaction></reactions>`
const RETRACTION = `<retract xmlns='urn:xmpp:message-retract:1' id='m0'/>`
const CORRECTION = `${BODY}<replace xmlns='urn:xmpp:message-correct:0' id='m0'/>`
const REPLY = `${BODY}<reply xmlns='urn:xmpp:reply:0' id='m0'/><fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:reply:0'/>`
const INVITATION = `<x xmlns='jabber:x:conference' jid='room@chat.example'/>`
const MEDIATED = `<x xmlns='http://jabber.org/protocol/muc#user'><invite from='a@b'/></x>`
const PRIVATE = `<private xmlns='urn:xmpp:carbons:2'/>`
const UNKNOWN = `<x xmlns='urn:x'/>`

/** What is kept of a type with this inside: k; what is copied to the sender's other clients: s, to the recipient's: r. */
const ROWS: readonly [MessageType, string, string][] = [
  ['chat', BODY, 'k s r'],
  ['normal', BODY, 'k s r'],
  ['normal', '<subject>Topic</subject>', 'k'],
  ['headline', BODY, ''],
  ['groupchat', BODY, ''],
  ['error', BODY, 's r'],
  // XEP-0160 §3 and XEP-0085 §5.6: nothing but a chat state, in its thread or not.
  ['chat', STATE, 's r'],
  ['chat', `${STATE}<thread>t1</thread>`, 's r'],
  [
    'chat',
    `${STATE}<origin-id xmlns='urn:xmpp:sid:0' id='o'/>${hint('no-permanent-store')}`,
    's r',
  ],
  ['chat', `${BODY}<active xmlns='http://jabber.org/protocol/chatstates'/>`, 'k s r'],
  ['normal', STATE, 's r'],
  ['chat', '', 's r'],
  ['chat', '<thread>t1</thread>', 's r'],
  // Receipts and markers tell something that is worth knowing tomorrow.
  ['chat', RECEIPT, 'k s r'],
  ['normal', RECEIPT, 'k s r'],
  ['normal', MARKER, 'k s r'],
  ['headline', RECEIPT, 's r'],
  ['groupchat', RECEIPT, ''],
  // These must reach an absent user.
  ['chat', REACTION, 'k s r'],
  ['normal', REACTION, 'k s r'],
  ['chat', RETRACTION, 'k s r'],
  ['chat', CORRECTION, 'k s r'],
  ['normal', CORRECTION, 'k s r'],
  ['chat', REPLY, 'k s r'],
  ['normal', INVITATION, 'k s r'],
  ['normal', MEDIATED, 'k s r'],
  // What we do not know.
  ['normal', UNKNOWN, 'k'],
  ['chat', UNKNOWN, 'k s r'],
  ['headline', UNKNOWN, ''],
  // XEP-0334 §4: what the sender says.
  ['chat', `${BODY}${hint('no-store')}`, 's r'],
  ['chat', `${BODY}${hint('no-permanent-store')}`, 'k s r'],
  ['chat', `${STATE}${hint('store')}`, 'k s r'],
  ['normal', hint('store'), 'k'],
  ['headline', `${BODY}${hint('store')}`, ''],
  ['groupchat', `${BODY}${hint('store')}`, ''],
  ['chat', `${BODY}${hint('store')}${hint('no-store')}`, 's r'],
  ['chat', `${BODY}${hint('no-copy')}`, 'k'],
  ['chat', `${BODY}${PRIVATE}`, 'k'],
  ['chat', `${RECEIPT}${PRIVATE}`, 'k'],
  ['error', `${BODY}${PRIVATE}`, ''],
  ['error', '', ''],
  ['error', RECEIPT, 's r'],
]

describe('a message', () => {
  for (const [type, inside, expected] of ROWS) {
    it(`of type ${type} with ${inside || 'nothing'}: ${expected || 'neither kept nor copied'}`, () => {
      const one = message(type, inside)
      const is = [one.storable && 'k', one.isCopied('sent') && 's', one.isCopied('received') && 'r']
      assert.equal(is.filter(Boolean).join(' '), expected)
    })
  }

  it('from an occupant of a room has been sent to each client already (XEP-0280 §6.1)', () => {
    const room = `${BODY}<x xmlns='http://jabber.org/protocol/muc#user'/>`
    const occupant = 'room@chat.example/nick'
    assert.equal(message('chat', room, occupant).isCopied('received'), false)
    assert.equal(message('chat', room).isCopied('sent'), true)
    assert.equal(message('normal', MEDIATED, 'room@chat.example').isCopied('received'), true)
  })

  it('that a server sends back answers what was sent to a bare JID (XEP-0280 §6.1)', () => {
    assert.equal(message('error', '<error/>', 'carol@corp.example').isCopied('received'), true)
    assert.equal(message('error', '<error/>', 'carol@corp.example/x').isCopied('received'), false)
  })

  it('off the record waits, and is not kept for good (XEP-0334 §3.3)', () => {
    for (const name of ['no-store', 'no-permanent-store']) {
      assert.equal(message('chat', `${BODY}${hint(name)}`).offTheRecord, true)
    }
    assert.equal(message('chat', BODY).offTheRecord, false)
  })
})

it('each extension has one row, by its namespace', () => {
  const namespaces = PAYLOADS.map(({ ns }) => ns)
  assert.equal(new Set(namespaces).size, namespaces.length)
  const table = PAYLOADS.filter(({ store, copy }) => store || copy)
  assert.deepEqual(
    table.map(({ xep, store, copy }) => `${xep} ${store ? 'k' : '-'}${copy ? 'c' : '-'}`),
    ['85 -c', '184 kc', '249 kc', '308 kc', '333 kc', '424 kc', '428 kc', '444 kc', '461 kc'],
  )
})
