/** Several people talk, each writing to all others at once: the manual's “Multiuser chat”, XEP-0033 §7. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { Element } from '../../src/xml/element.ts'
import type { XmppClient } from '../support/xmpp-client.ts'
import { startXmppSystem } from '../support/xmpp-system.ts'

const NS = 'http://jabber.org/protocol/address'
const SERVICE = 'multicast.corp.example'
const CONFIG = {
  multicast: { enabled: true, name: 'multicast', maxAddresses: 50, senders: 'users' },
} as const

interface Address {
  readonly type: string
  readonly jid: string
}

const jidOf = (user: string) => `${user}@corp.example`
const bare = (jid = '') => jid.split('/')[0] ?? ''

function say(client: XmppClient, addresses: readonly Address[], body: string, thread: string) {
  const header = addresses.map(({ type, jid }) => `<address type='${type}' jid='${jid}'/>`)
  client.send(
    `<message to='${SERVICE}' type='chat'><body>${body}</body><thread>${thread}</thread><addresses xmlns='${NS}'>${header.join('')}</addresses></message>`,
  )
}

async function heard(client: XmppClient): Promise<Element[]> {
  return (await client.settle()).filter(({ name }) => name === 'message')
}

const bodies = (messages: readonly Element[]) =>
  messages.map((message) => message.child('body')?.text())

function addressesOf(message: Element): Address[] {
  const header = message.child('addresses', NS)
  return [...(header?.elements() ?? [])].map((address) => ({
    type: address.attr('type') ?? '',
    jid: address.attr('jid') ?? '',
  }))
}

/** §7, rule 4: what a client that knows the header does when its user answers. */
function answer(client: XmppClient, user: string, to: Element | undefined, body: string) {
  assert.ok(to, `${user} has a message to answer`)
  const addresses = addressesOf(to)
  const sender = bare(to.attr('from'))
  if (!addresses.some(({ jid }) => bare(jid) === sender)) {
    addresses.push({ type: 'to', jid: sender })
  }
  const others = addresses.filter(({ jid }) => bare(jid) !== jidOf(user))
  say(client, others, body, to.child('thread')?.text() ?? '')
}

/** Everybody in a conversation: who wrote and whom he wrote to. */
function participants(message: Element | undefined): string[] {
  assert.ok(message)
  const jids = [message.attr('from'), ...addressesOf(message).map(({ jid }) => jid)].map(bare)
  return [...new Set(jids)].sort()
}

it('three people who each answer to all keep the participants and the thread', async (t) => {
  const system = await startXmppSystem(t, { config: CONFIG })
  await using alice = await system.online('alice')
  await using bob = await system.online('bob')
  await using carol = await system.online('carol')
  const all = ['alice', 'bob', 'carol'].map(jidOf)

  say(
    alice,
    [
      { type: 'to', jid: jidOf('bob') },
      { type: 'to', jid: jidOf('carol') },
    ],
    '1',
    'T',
  )
  const [toBob] = await heard(bob)
  const [toCarol] = await heard(carol)
  answer(bob, 'bob', toBob, '2')
  await bob.settle()
  answer(carol, 'carol', toCarol, '3')
  assert.deepEqual(bodies(await heard(carol)), ['2'])
  const [two, three] = await heard(alice)
  assert.deepEqual(bodies(await heard(bob)), ['3'])
  answer(alice, 'alice', three, '4')
  await alice.settle()
  const [fourToBob] = await heard(bob)
  const [fourToCarol] = await heard(carol)
  for (const message of [toBob, toCarol, two, three, fourToBob, fourToCarol]) {
    assert.deepEqual(participants(message), all)
    assert.equal(message?.child('thread')?.text(), 'T')
  }
})

it('a conversation stays at the client that answers to all, whoever writes, and one who comes in later has all of it', async (t) => {
  const system = await startXmppSystem(t, { config: CONFIG })
  await using alice = await system.online('alice')
  await using bob = await system.online('bob')
  await using desk = await system.online('carol', 'desk')
  await using phone = await system.online('carol', 'phone')
  await desk.settle()

  say(
    alice,
    [
      { type: 'to', jid: jidOf('bob') },
      { type: 'to', jid: jidOf('carol') },
    ],
    '1',
    'T',
  )
  const [toBob] = await heard(bob)
  assert.deepEqual(bodies(await heard(desk)), ['1'])
  const [toPhone] = await heard(phone)
  answer(phone, 'carol', toPhone, '2')
  await phone.settle()
  await heard(bob)

  answer(bob, 'bob', toBob, '3')
  await bob.settle()
  assert.deepEqual(bodies(await heard(phone)), ['3'], 'bob’s too: she answered to him as well')
  assert.deepEqual(bodies(await heard(desk)), [])

  await using davesDesk = await system.online('dave', 'desk')
  await using davesPhone = await system.online('dave', 'phone')
  await davesDesk.settle()
  const [, three] = await heard(alice)
  assert.ok(three)
  const invited = ['bob', 'carol', 'dave'].map((user) => ({ type: 'to', jid: jidOf(user) }))
  say(alice, invited, '4', 'T')
  await alice.settle()
  assert.deepEqual(bodies(await heard(davesDesk)), ['4'])
  const [four] = await heard(davesPhone)
  assert.deepEqual(participants(four), ['alice', 'bob', 'carol', 'dave'].map(jidOf))
  answer(davesDesk, 'dave', four, '5')
  await davesDesk.settle()
  assert.deepEqual(bodies(await heard(alice)), ['5'])
  assert.deepEqual(bodies(await heard(bob)), ['4', '5'])
  assert.deepEqual(bodies(await heard(phone)).slice(0, 1), ['4'])
  // She has not answered dave anywhere yet: his first message finds all her clients.
  assert.deepEqual(bodies(await heard(desk)), ['5'])
})

it('one who was away has it when he comes, with everybody whom he may answer', async (t) => {
  const system = await startXmppSystem(t, { config: CONFIG })
  await using alice = await system.online('alice')
  await using bob = await system.online('bob')
  say(
    alice,
    [
      { type: 'to', jid: jidOf('bob') },
      { type: 'cc', jid: jidOf('carol') },
    ],
    '1',
    'T',
  )
  await heard(alice)
  await using carol = await system.connect('carol')
  carol.send('<presence/>')
  const waited = await carol.expect(({ name }) => name === 'message')
  assert.deepEqual(participants(waited), ['alice', 'bob', 'carol'].map(jidOf))
  assert.equal(waited.child('thread')?.text(), 'T')
  answer(carol, 'carol', waited, '2')
  await carol.settle()
  assert.deepEqual(bodies(await heard(alice)), ['2'])
  assert.deepEqual(bodies(await heard(bob)), ['1', '2'])
})
