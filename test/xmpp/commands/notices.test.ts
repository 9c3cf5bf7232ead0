/** XEP-0133 §4.23 to §4.28: messages of the day, and welcomes. */
import assert from 'node:assert/strict'
import { it, type TestContext } from 'node:test'
import type { Element } from '../../../src/xml/element.ts'
import type { XmppClient } from '../../support/xmpp-client.ts'
import { condition, PASSWORD, startXmppSystem } from '../../support/xmpp-system.ts'

const NS = 'http://jabber.org/protocol/commands'
const NS_ADMIN = 'http://jabber.org/protocol/admin'
const DOMAIN = 'corp.example'

const start = (t: TestContext) => startXmppSystem(t, { config: { admins: ['alice@corp.example'] } })

const command = (client: XmppClient, node: string, attrs = '', inside = '') =>
  client.iq(
    'set',
    `<command xmlns='${NS}' node='${NS_ADMIN}#${node}'${attrs}>${inside}</command>`,
    DOMAIN,
  )

/** Answers what the form held before. */
async function write(client: XmppClient, node: string, field: string, lines: string[]) {
  const begun = (await command(client, node)).child('command', NS)
  const values = lines.map((line) => `<value>${line}</value>`).join('')
  const form = `<x xmlns='jabber:x:data' type='submit'><field var='${field}'>${values}</field></x>`
  const reply = await command(client, node, ` sessionid='${begun?.attr('sessionid')}'`, form)
  const fields = [...(begun?.child('x', 'jabber:x:data')?.elements() ?? [])]
  const asked = fields.find((each) => each.attr('var') === field)
  return {
    reply,
    held: [...(asked?.elements() ?? [])]
      .filter(({ name }) => name === 'value')
      .map((value) => value.text()),
  }
}

const told = (stanzas: readonly Element[]) =>
  stanzas
    .filter((stanza) => stanza.name === 'message' && stanza.attr('from') === DOMAIN)
    .map((message) => message.child('body')?.text())

/** What the domain tells a user who comes now. */
async function comes(system: Awaited<ReturnType<typeof start>>, user: string) {
  await using client = await system.connect(user)
  client.send('<presence/>')
  return told(await client.settle())
}

it('tells everybody once: at once who is there, others when they come', async (t) => {
  const system = await start(t)
  await using alice = await system.online('alice')
  await using bob = await system.online('bob')
  await using erin = await system.online('erin@west.example')
  const set = await write(alice, 'set-motd', 'motd', ['Cake', 'in the hall'])
  assert.deepEqual(set.held, [])
  assert.deepEqual(told(await bob.settle()), ['Cake\nin the hall'])
  assert.deepEqual(told(await erin.settle()), [])
  assert.deepEqual(await comes(system, 'carol'), ['Cake\nin the hall'])
  assert.deepEqual(await comes(system, 'carol'), [])
  // Who has seen it is not told what was mended in it.
  const edited = await write(alice, 'edit-motd', 'motd', ['Cake in the yard'])
  assert.deepEqual(edited.held, ['Cake', 'in the hall'])
  assert.deepEqual(told(await bob.settle()), [])
  assert.deepEqual(await comes(system, 'dave'), ['Cake in the yard'])
  await write(alice, 'set-motd', 'motd', ['More cake'])
  assert.deepEqual(await comes(system, 'carol'), ['More cake'])
  assert.equal((await command(alice, 'delete-motd')).attr('type'), 'result')
  assert.deepEqual(await comes(system, 'dave'), [])
  const gone = await write(alice, 'edit-motd', 'motd', ['x'])
  assert.equal(condition(gone.reply), 'cancel item-not-found')
})

it('welcomes who is new, at his first sign-in', async (t) => {
  const system = await start(t)
  await using alice = await system.online('alice')
  await write(alice, 'set-welcome', 'welcome', ['Hello'])
  const account = 'frank@corp.example'
  await system.directory.addUser({ account, password: PASSWORD })
  assert.deepEqual(await comes(system, 'frank'), ['Hello'])
  assert.deepEqual(await comes(system, 'frank'), [])
  assert.deepEqual(await comes(system, 'bob'), [])
  const again = await write(alice, 'set-welcome', 'welcome', ['Good day'])
  assert.deepEqual(again.held, ['Hello'])
  await command(alice, 'delete-welcome')
  await system.directory.addUser({ account: 'grace@corp.example', password: PASSWORD })
  assert.deepEqual(await comes(system, 'grace'), [])
})

it('is for administrators, who have something to say', async (t) => {
  const system = await start(t)
  await using alice = await system.online('alice')
  await using bob = await system.online('bob')
  assert.equal(condition(await command(bob, 'set-motd')), 'auth forbidden')
  const nothing = await write(alice, 'set-motd', 'motd', ['  '])
  assert.equal(condition(nothing.reply), 'modify not-acceptable')
})

it('counts who is at a client, and who is at none', async (t) => {
  const system = await start(t)
  await using alice = await system.online('alice')
  await using bob = await system.online('bob', 'desk', '<show>away</show>')
  await using carol = await system.online('carol', 'desk', '<show>xa</show>')
  await using phone = await system.online('carol', 'phone', '<show>dnd</show>')
  const number = async (kind: string) =>
    /usersnum'[^>]*><value>(\d+)</.exec(String(await command(alice, `get-${kind}-users-num`)))?.[1]
  assert.deepEqual(
    [await number('online'), await number('active'), await number('idle')],
    ['3', '2', '1'],
  )
  const begun = (await command(alice, 'get-idle-users')).child('command', NS)
  assert.equal(begun?.attr('status'), 'executing')
  assert.ok(bob.jid && carol.jid && phone.jid)
})
