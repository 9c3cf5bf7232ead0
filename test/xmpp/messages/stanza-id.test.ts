/** XEP-0359: ids that accounts give, and those that somebody made up. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { requireJid } from '../../../src/core/address.ts'
import { parseStanza, renderMessage } from '../../../src/xmpp/messages/render.ts'
import { idGivenBy, stanzaIdOf, withoutIdsBy } from '../../../src/xmpp/messages/stanza-id.ts'
import { XmppMessage } from '../../../src/xmpp/messages/xmpp-message.ts'

const FROM = requireJid('alice@corp.example/desk')
const BOB = requireJid('bob@corp.example')
const id = (by: string, value = 'made-up') =>
  `<stanza-id xmlns='urn:xmpp:sid:0' id='${value}' by='${by}'/>`
const ORIGIN = `<origin-id xmlns='urn:xmpp:sid:0' id='o1'/>`

function stanza(...inside: readonly string[]) {
  const one = parseStanza(`<message type='chat'><body>Hi</body>${inside.join('')}</message>`)
  assert.ok(one)
  return one
}

describe('an id that somebody made up', () => {
  it('in the name of either account is taken out, however it is spelled (§3, rule 2)', () => {
    for (const by of [BOB.bare, 'BOB@Corp.Example', 'bob@corp.example/x', FROM.bare]) {
      const sent = stanza(ORIGIN, id(by), '<x xmlns="urn:x"/>')
      const native = new XmppMessage(sent, FROM, BOB).native()
      assert.ok(!native.includes('made-up'), by)
      assert.ok(native.includes('o1') && native.includes('urn:x'), native)
    }
  })

  it('in the name of others stays (§3, rule 3)', () => {
    const others = stanza(id('room@chat.example'), id(''), id('carol@corp.example'))
    const native = new XmppMessage(others, FROM, BOB).native()
    assert.equal(native.split('made-up').length - 1, 3)
    assert.equal(withoutIdsBy(others, BOB.bare).children.length, others.children.length)
  })

  it('in the name of the account is taken out where it was sent to another of his addresses', () => {
    const alias = requireJid('5551234@corp.example')
    const message = new XmppMessage(stanza(id(BOB.bare)), FROM, alias)
    message.stableId = 'ours'
    const text = renderMessage(message, BOB.bare)
    assert.ok(!text.includes('made-up'), text)
    assert.ok(text.endsWith(`${id(BOB.bare, 'ours')}</message>`), text)
  })
})

it('an id that the account gave is written, escaped, and found again', () => {
  const message = new XmppMessage(stanza(), FROM, BOB)
  message.stableId = 'a1'
  const text = renderMessage(message, BOB.bare)
  assert.ok(text.endsWith(`${id(BOB.bare, 'a1')}</message>`), text)
  const sent = parseStanza(text)
  assert.equal(sent && idGivenBy(BOB.bare, sent), 'a1')
  assert.equal(sent && idGivenBy(FROM.bare, sent), undefined)
  assert.match(stanzaIdOf(`'`, requireJid('a@b').bare), /id='&apos;'/)
  assert.ok(!renderMessage(message).includes('a1'), 'as it was sent it has none')
})
