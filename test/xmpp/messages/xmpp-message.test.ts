import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { requireJid } from '../../../src/core/address.ts'
import { type Child, xml } from '../../../src/xml/element.ts'
import { XmppMessage } from '../../../src/xmpp/messages/xmpp-message.ts'

const from = requireJid('alice@corp.example/desk')
const to = requireJid('bob@corp.example')

function message(type: string | undefined, ...children: Child[]) {
  const attrs = { xmlns: 'jabber:client', from: from.full, to: to.full, type, id: 'm1' }
  return new XmppMessage(xml('message', attrs, ...children), from, to)
}

const body = (attrs = {}) => xml('body', attrs, 'Hi')

describe('an XMPP message', () => {
  it('is read when asked', () => {
    const read = message('chat', xml('subject', {}, 'S'), body(), xml('thread', {}, 't1'))
    const { id, type, subject, thread, origin } = read
    assert.deepEqual([id, type, subject, thread, origin], ['m1', 'chat', 'S', 't1', 'xmpp'])
    assert.equal(read.body, 'Hi')
    assert.equal(message('chat').body, undefined)
  })

  it('is normal without a type or with an unknown one (RFC 6121 §5.2.2)', () => {
    assert.equal(message(undefined).type, 'normal')
    assert.equal(message('letter').type, 'normal')
    assert.equal(message('headline').type, 'headline')
  })

  it('goes on as it came, serialised once', () => {
    const sent = message('chat', body(), xml('x', { xmlns: 'urn:x' }))
    assert.equal(
      sent.native(),
      `<message from='alice@corp.example/desk' to='bob@corp.example' type='chat' id='m1'><body>Hi</body><x xmlns='urn:x'/></message>`,
    )
    assert.equal(sent.native(), sent.native())
  })
})
