/**
 * What clients tell each other about messages reaches those who are there, waits for those who are not, and is
 * copied: XEP-0085, XEP-0184, XEP-0308, XEP-0333, XEP-0424, XEP-0428, XEP-0444, XEP-0461.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { startXmppSystem } from '../../support/xmpp-system.ts'

const BOB = 'bob@corp.example'
const FALLBACK = `<fallback xmlns='urn:xmpp:fallback:0' for='urn:x'><body start='0' end='2'/></fallback>`

const CASES: readonly [string, string, 'waits' | 'passes'][] = [
  ['XEP-0085', `<composing xmlns='http://jabber.org/protocol/chatstates'/>`, 'passes'],
  ['XEP-0184', `<body>Hi</body><request xmlns='urn:xmpp:receipts'/>`, 'waits'],
  ['XEP-0184', `<received xmlns='urn:xmpp:receipts' id='m0'/>`, 'waits'],
  ['XEP-0308', `<body>Hi</body><replace xmlns='urn:xmpp:message-correct:0' id='m0'/>`, 'waits'],
  ['XEP-0333', `<body>Hi</body><markable xmlns='urn:xmpp:chat-markers:0'/>`, 'waits'],
  ['XEP-0333', `<displayed xmlns='urn:xmpp:chat-markers:0' id='m0'/>`, 'waits'],
  ['XEP-0424', `<retract xmlns='urn:xmpp:message-retract:1' id='m0'/>`, 'waits'],
  ['XEP-0428', `<body>Hi there</body>${FALLBACK}`, 'waits'],
  [
    'XEP-0444',
    `<reactions xmlns='urn:xmpp:reactions:0' id='m0'><reaction>👋</reaction></reactions>`,
    'waits',
  ],
  ['XEP-0461', `<body>Hi</body><reply xmlns='urn:xmpp:reply:0' to='${BOB}' id='m0'/>`, 'waits'],
]

for (const [xep, inside, expected] of CASES) {
  describe(`${xep}: ${inside.replace(/<body>[^<]*<\/body>/, '')}`, () => {
    it('comes as it was sent, and other clients of both are told', async (t) => {
      const system = await startXmppSystem(t)
      await using alice = await system.online('alice')
      await using aliceToo = await system.online('alice', 'phone')
      await using bob = await system.online('bob')
      await using bobToo = await system.online('bob', 'phone')
      for (const one of [aliceToo, bobToo])
        await one.iq('set', `<enable xmlns='urn:xmpp:carbons:2'/>`)
      alice.send(`<message to='${bob.jid}' type='chat' id='m1'>${inside}</message>`)
      const got = await bob.expect(({ attrs }) => attrs.id === 'm1')
      const text = got.children
        .filter((child) => !/<stanza-id /.test(String(child)))
        .map((child) => (typeof child === 'string' ? child : child.toString('jabber:client')))
      assert.equal(text.join(''), inside)
      for (const [one, direction] of [
        [aliceToo, 'sent'],
        [bobToo, 'received'],
      ] as const) {
        const copy = await one.expect(
          (stanza) => stanza.child(direction, 'urn:xmpp:carbons:2') !== undefined,
        )
        assert.ok(copy.toString('jabber:client').includes(inside), direction)
      }
    })

    it(
      expected === 'waits' ? 'waits for somebody who is away' : 'does not wait for anybody',
      async (t) => {
        const system = await startXmppSystem(t)
        await using alice = await system.online('alice')
        alice.send(`<message to='${BOB}' type='chat' id='m1'>${inside}</message>`)
        assert.deepEqual(await alice.settle(), [])
        await using bob = await system.connect('bob')
        bob.send('<presence/>')
        const got = (await bob.settle()).filter(({ attrs }) => attrs.id === 'm1')
        assert.equal(got.length, expected === 'waits' ? 1 : 0)
      },
    )
  })
}
