import assert from 'node:assert/strict'
import { test } from 'node:test'
import { requireJid } from '../../../src/core/address.ts'
import { type LiveWatch, Watchers } from '../../../src/core/presence/watchers.ts'

const alice = requireJid('alice@corp.example').bare

function watch(watcher: string, protocol: LiveWatch['protocol']): LiveWatch {
  const rest = { status: 'active', subscriptions: 1, roster: false } as const
  return { presentity: alice, watcher, protocol, ...rest }
}

test('answers of all sources come together in order, whenever they come', async () => {
  const watchers = new Watchers()
  assert.deepEqual(await watchers.watched(alice), [])
  const [bob, carol] = ['bob@corp.example', 'carol@corp.example']
  const xmpp = [watch(carol, 'xmpp'), watch(bob, 'xmpp')]
  const sip = [watch(bob, 'sip')]
  watchers.add({ watched: () => xmpp, watching: () => xmpp })
  const source = watchers.add({ watched: async () => sip, watching: async () => sip })
  const expected = [watch(bob, 'sip'), watch(bob, 'xmpp'), watch(carol, 'xmpp')]
  assert.deepEqual(await watchers.watched(alice), expected)
  assert.deepEqual(await watchers.watching(bob), expected)
  source[Symbol.dispose]()
  assert.deepEqual(await watchers.watched(alice), expected.slice(1))
})
