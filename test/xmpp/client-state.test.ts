/** XEP-0352: what waits while nobody looks at the client. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { HoldBack } from '../../src/xmpp/client-state.ts'
import type { Wire } from '../../src/xmpp/session.ts'

class FakeWire implements Wire {
  readonly written: (readonly [string, boolean])[] = []

  write(text: string, isCopy = false): boolean {
    this.written.push([text, isCopy])
    return true
  }

  async flushed(): Promise<boolean> {
    return true
  }

  close(): void {
    this.written.push(['closed', false])
  }

  get texts(): string[] {
    return this.written.map(([text]) => text)
  }
}

function inactive() {
  const wire = new FakeWire()
  return { wire, hold: new HoldBack(wire) }
}

const presence = (from: string, inside = '') => `<presence from='${from}'>${inside}</presence>`
const composing = (n: number) =>
  `<message from='bob@corp.example/desk' id='${n}' type='chat'><composing xmlns='http://jabber.org/protocol/chatstates'/></message>`
const text = "<message from='bob@corp.example/desk' type='chat'><body>Come!</body></message>"

describe('an inactive client', () => {
  it('is not told of presence until something comes that cannot wait', () => {
    const { wire, hold } = inactive()
    hold.write(presence('bob@corp.example/desk'))
    hold.write(presence('carol@corp.example/phone'))
    assert.deepEqual(wire.texts, [])
    hold.write(text)
    assert.deepEqual(wire.texts, [
      presence('bob@corp.example/desk'),
      presence('carol@corp.example/phone'),
      text,
    ])
  })

  it('is told the last presence of each sender only, in the order of the last', () => {
    const { wire, hold } = inactive()
    hold.write(presence('bob@corp.example/desk', '<show>away</show>'))
    hold.write(presence('carol@corp.example/phone'))
    hold.write(presence('bob@corp.example/desk', '<show>dnd</show>'))
    hold.release()
    assert.deepEqual(wire.texts, [
      presence('carol@corp.example/phone'),
      presence('bob@corp.example/desk', '<show>dnd</show>'),
    ])
  })

  it('keeps the presence of two clients of one person apart', () => {
    const { wire, hold } = inactive()
    hold.write(presence('bob@corp.example/desk'))
    hold.write("<presence type='unavailable' from='bob@corp.example/phone'/>")
    hold.release()
    assert.equal(wire.written.length, 2)
  })

  for (const [what, stanza] of [
    ['a text', text],
    ['a subscription request', "<presence type='subscribe' from='bob@corp.example'/>"],
    ['an error', "<message type='error' from='bob@corp.example'><error/></message>"],
    ['an error of presence', "<presence type='error' from='bob@corp.example'/>"],
    ['a request', "<iq type='get' id='1'><ping xmlns='urn:xmpp:ping'/></iq>"],
    ['an answer', "<iq type='result' id='1'/>"],
    ['a message that it does not know', "<message><x xmlns='urn:example:call'/></message>"],
    [
      'a room’s subject',
      "<message type='groupchat' from='room@rooms.example'><subject>A</subject></message>",
    ],
  ] as const) {
    it(`gets ${what} at once`, () => {
      const { wire, hold } = inactive()
      hold.write(stanza)
      assert.deepEqual(wire.texts, [stanza])
    })
  }

  it('gets chat states, receipts and markers without a text later, all of them in order', () => {
    const { wire, hold } = inactive()
    const passing = [
      composing(1),
      "<message from='bob@corp.example'><received xmlns='urn:xmpp:receipts' id='7'/></message>",
      "<message from='bob@corp.example'><displayed xmlns='urn:xmpp:chat-markers:0' id='7'/></message>",
      composing(2),
    ]
    for (const stanza of passing) hold.write(stanza)
    assert.deepEqual(wire.texts, [])
    hold.release()
    assert.deepEqual(wire.texts, passing)
  })

  it('leaves no more than a bound waiting', () => {
    const { wire, hold } = inactive()
    for (let n = 0; n <= 250; n += 1) hold.write(presence(`bob@corp.example/${n}`))
    assert.equal(wire.written.length, 251)
    assert.match(wire.texts[0] ?? '', /bob@corp\.example\/0'/)
  })

  it('keeps what others of the person get, too, apart from what it alone gets', async () => {
    const { wire, hold } = inactive()
    hold.write(composing(1), true)
    hold.write(text, true)
    hold.write(text)
    assert.deepEqual(
      wire.written.map(([, isCopy]) => isCopy),
      [true, true, false],
    )
    hold.write(composing(2))
    await hold.flushed()
    assert.equal(wire.texts.at(-1), composing(2), 'whoever waits for the socket waits for these')
  })

  it('is left with nothing but its stream’s end', () => {
    const { wire, hold } = inactive()
    hold.write(composing(1))
    hold.close()
    assert.deepEqual(wire.texts, ['closed'])
  })
})
