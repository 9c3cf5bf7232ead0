import assert from 'node:assert/strict'
import { test } from 'node:test'
import { requireJid } from '../../../src/core/address.ts'
import { Shown } from '../../../src/xmpp/multicast/shown.ts'
import { XmppSession } from '../../../src/xmpp/session.ts'

const bot = { jid: requireJid('echo@bot.corp.example'), send: () => true }
const bob = requireJid('bob@corp.example')
const carol = requireJid('carol@corp.example')
const names = (jids: readonly { local: string }[]) => jids.map(({ local }) => local)

test('of a component: who was shown it and not told that it is gone, once', () => {
  const shown = new Shown()
  shown.sent(bot, bob, true)
  shown.sent(bot, carol, true)
  shown.sent(bot, bob, false)
  assert.deepEqual(names(shown.forget({ ...bot, jid: bob })), [])
  assert.deepEqual(names(shown.forget(bot)), ['carol'])
  assert.deepEqual(names(shown.forget(bot)), [])
})

test('what components show is bounded, and room comes back', () => {
  const shown = new Shown(2)
  for (const to of [bob, bob, carol]) {
    shown.requireRoom(bot)
    shown.sent(bot, to, true)
  }
  assert.throws(() => shown.requireRoom(bot), { condition: 'resource-constraint' })
  shown.sent(bot, bob, false)
  shown.requireRoom(bot)
  shown.sent(bot, bob, true)
  shown.forget(bot)
  shown.requireRoom(bot)
})

test('of a client: what is directed presence still', () => {
  const shown = new Shown()
  const session = new XmppSession(requireJid('alice@corp.example/desk'), {
    write: () => true,
    flushed: async () => true,
    close: () => {},
  })
  shown.sent(session, bob, true)
  session.directed = new Set([carol.full])
  shown.sent(session, carol, true)
  assert.deepEqual(names(shown.forget(session)), ['carol'], 'bob was not let see it')
  session.directed.add(bob.full)
  shown.sent(session, bob, true)
  shown.sent(session, carol, true)
  session.directed.delete(bob.full)
  assert.deepEqual(names(shown.forget(session)), ['carol'])
})
