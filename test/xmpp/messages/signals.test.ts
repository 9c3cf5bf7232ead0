/** What messages say beside their text: XEP-0085, XEP-0184, XEP-0333 and XEP-0033, to and from the core. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { requireJid } from '../../../src/core/address.ts'
import type { InstantMessage } from '../../../src/core/messaging/message.ts'
import type { Signals } from '../../../src/core/messaging/signals.ts'
import { type Child, xml } from '../../../src/xml/element.ts'
import { renderMessage } from '../../../src/xmpp/messages/render.ts'
import { readSignals } from '../../../src/xmpp/messages/signals.ts'

const RECEIPTS = 'urn:xmpp:receipts'
const MARKERS = 'urn:xmpp:chat-markers:0'

function read(...children: Child[]) {
  return readSignals(xml('message', { xmlns: 'jabber:client', id: 'm1' }, ...children))
}

function rendered(signals: Signals): string {
  const message: InstantMessage = {
    from: requireJid('bob@example.com'),
    to: requireJid('alice@example.com'),
    type: 'chat',
    id: 'm1',
    thread: undefined,
    subject: undefined,
    body: undefined,
    origin: 'sip',
    delayedSince: undefined,
    storable: false,
    signals,
    native: () => undefined,
  }
  return renderMessage(message, requireJid('alice@example.com').bare)
}

describe('signals of a stanza', () => {
  it('are none where it says nothing of the kind', () => {
    assert.equal(read(xml('body', {}, 'Hi'), xml('x', { xmlns: 'urn:x' })), undefined)
  })

  it('tell the chat state (XEP-0085)', () => {
    const states = ['active', 'composing', 'paused', 'inactive', 'gone'] as const
    for (const state of states) {
      const element = xml(state, { xmlns: 'http://jabber.org/protocol/chatstates' })
      assert.deepEqual(read(element), { state })
    }
  })

  it('tell what is asked for (XEP-0184, XEP-0333), of a message that has an id', () => {
    const asks = [xml('request', { xmlns: RECEIPTS }), xml('markable', { xmlns: MARKERS })]
    assert.deepEqual(read(...asks), { wants: ['delivered', 'failed', 'displayed'] })
    assert.equal(readSignals(xml('message', { xmlns: 'jabber:client' }, ...asks)), undefined)
  })

  it('tell what became of another (XEP-0184, XEP-0333)', () => {
    const id = 'a1'
    assert.deepEqual(read(xml('received', { xmlns: RECEIPTS, id })), {
      report: { fate: 'delivered', id },
    })
    for (const name of ['displayed', 'acknowledged']) {
      assert.deepEqual(read(xml(name, { xmlns: MARKERS, id })), {
        report: { fate: 'displayed', id },
      })
    }
    assert.equal(read(xml('received', { xmlns: RECEIPTS })), undefined)
  })

  it('tell who was written to (XEP-0033)', () => {
    const header = xml(
      'addresses',
      { xmlns: 'http://jabber.org/protocol/address' },
      xml('address', { type: 'to', jid: 'bob@example.com', delivered: 'true' }),
      xml('address', { type: 'cc', uri: 'sip:carol@example.com' }),
      xml('address', { type: 'replyto', jid: 'dave@example.com' }),
      xml('address', { type: 'bcc', jid: 'erin@example.com' }),
    )
    assert.deepEqual(read(header)?.addressees, [
      { copy: 'to', address: 'bob@example.com' },
      { copy: 'cc', address: 'sip:carol@example.com' },
      { copy: 'bcc', address: 'erin@example.com' },
    ])
  })
})

describe('signals of another protocol', () => {
  it('become elements', () => {
    assert.equal(
      rendered({ state: 'composing' }),
      `<message from='bob@example.com' to='alice@example.com' type='chat' id='m1'><composing xmlns='http://jabber.org/protocol/chatstates'/></message>`,
    )
    const asked = rendered({ wants: ['delivered', 'displayed'] })
    assert.match(asked, /<request xmlns='urn:xmpp:receipts'\/><markable xmlns='urn:xmpp:chat-m/)
    const received = rendered({ report: { fate: 'delivered', id: 'a&1' } })
    assert.match(received, /<received xmlns='urn:xmpp:receipts' id='a&amp;1'\/>/)
    const displayed = rendered({ report: { fate: 'displayed', id: 'a1' } })
    assert.match(displayed, /<displayed xmlns='urn:xmpp:chat-markers:0' id='a1'\/>/)
  })

  it('of a message that failed become the error that it would have been (RFC 6120 §8.3)', () => {
    assert.equal(
      rendered({ report: { fate: 'failed', id: 'a1' } }),
      `<message from='bob@example.com' to='alice@example.com' type='error' id='a1'><error type='cancel'><recipient-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>`,
    )
  })

  it('become a header of those who are named (XEP-0033)', () => {
    const addressees = [
      { copy: 'to', address: 'alice@example.com' },
      { copy: 'cc', address: 'tel:+15550100' },
      { copy: 'to', address: '', anonymous: 2 },
    ] as const
    assert.match(
      rendered({ addressees }),
      /<addresses xmlns='http:\/\/jabber.org\/protocol\/address'><address type='to' jid='alice@example.com' delivered='true'\/><address type='cc' uri='tel:\+15550100' delivered='true'\/><\/addresses>/,
    )
  })
})
