/** XEP-0050, XEP-0133 and XEP-0004: commands that administrators run from their clients. */
import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import type { Element } from '../../../src/xml/element.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import type { XmppClient } from '../../support/xmpp-client.ts'
import { condition, PASSWORD, startXmppSystem } from '../../support/xmpp-system.ts'

const NS = 'http://jabber.org/protocol/commands'
const NS_ADMIN = 'http://jabber.org/protocol/admin'
const NS_FORM = 'jabber:x:data'
const DOMAIN = 'corp.example'

const withAdmin = (t: TestContext, clock?: FakeClock) =>
  startXmppSystem(t, { config: { admins: ['alice@corp.example'] }, ...(clock && { clock }) })

function field(name: string, ...values: string[]): string {
  return `<field var='${name}'>${values.map((value) => `<value>${value}</value>`).join('')}</field>`
}

function form(...fields: string[]): string {
  return `<x xmlns='${NS_FORM}' type='submit'>${field('FORM_TYPE', NS_ADMIN)}${fields.join('')}</x>`
}

async function ask(client: XmppClient, node: string, attrs = '', inside = ''): Promise<Element> {
  return await client.iq(
    'set',
    `<command xmlns='${NS}' node='${NS_ADMIN}#${node}' ${attrs}>${inside}</command>`,
    DOMAIN,
  )
}

const commandOf = (reply: Element) => reply.child('command', NS)

/** Begins a command and submits its form. */
async function run(client: XmppClient, node: string, ...fields: string[]): Promise<Element> {
  const begun = commandOf(await ask(client, node))
  assert.equal(begun?.attr('status'), 'executing')
  const id = begun?.attr('sessionid') ?? ''
  return await ask(client, node, `sessionid='${id}' action='complete'`, form(...fields))
}

function values(reply: Element, name: string): string[] {
  const x = commandOf(reply)?.child('x', NS_FORM)
  const found = [...(x?.elements() ?? [])].find((each) => each.attr('var') === name)
  return [...(found?.elements() ?? [])].map((value) => value.text())
}

describe('commands', () => {
  it('are listed to those who may run them, and to nobody else', async (t) => {
    const system = await withAdmin(t)
    await using alice = await system.connect('alice')
    await using bob = await system.connect('bob')
    const list = async (client: XmppClient) => {
      const items = `<query xmlns='http://jabber.org/protocol/disco#items' node='${NS}'/>`
      const reply = await client.iq('get', items, DOMAIN)
      const query = reply.child('query', 'http://jabber.org/protocol/disco#items')
      return [...(query?.elements() ?? [])].map((item) => item.attr('node'))
    }
    assert.ok((await list(alice)).includes(`${NS_ADMIN}#add-user`))
    assert.deepEqual(await list(bob), [])
    assert.equal(condition(await ask(bob, 'add-user')), 'auth forbidden')
    const info = `<query xmlns='http://jabber.org/protocol/disco#info' node='${NS_ADMIN}#add-user'/>`
    assert.equal(condition(await bob.iq('get', info, DOMAIN)), 'auth forbidden')
    const known = (await alice.iq('get', info, DOMAIN)).child(
      'query',
      'http://jabber.org/protocol/disco#info',
    )
    assert.equal(known?.child('identity')?.attr('type'), 'command-node')
  })

  it('are refused in the words of the extension', async (t) => {
    const system = await withAdmin(t)
    await using alice = await system.connect('alice')
    const detail = (reply: Element) => {
      const error = reply.child('error')
      return [condition(reply), error?.child(undefined, NS)?.name]
    }
    assert.equal(condition(await ask(alice, 'no-such')), 'cancel item-not-found')
    const nothing = await alice.iq('set', `<command xmlns='${NS}'/>`, DOMAIN)
    assert.equal(condition(nothing), 'modify bad-request')
    assert.deepEqual(detail(await ask(alice, 'add-user', `action='dance'`)), [
      'modify bad-request',
      'malformed-action',
    ])
    assert.deepEqual(detail(await ask(alice, 'add-user', `action='next'`)), [
      'modify bad-request',
      'bad-action',
    ])
    assert.deepEqual(detail(await ask(alice, 'add-user', `sessionid='x'`)), [
      'modify bad-request',
      'bad-sessionid',
    ])
    const id = commandOf(await ask(alice, 'add-user'))?.attr('sessionid')
    assert.deepEqual(detail(await ask(alice, 'add-user', `sessionid='${id}' action='prev'`)), [
      'modify bad-request',
      'bad-action',
    ])
    assert.deepEqual(detail(await ask(alice, 'add-user', `sessionid='${id}'`)), [
      'modify bad-request',
      'bad-payload',
    ])
  })

  it('are cancelled, and forgotten after ten minutes', async (t) => {
    const clock = new FakeClock()
    const system = await withAdmin(t, clock)
    await using alice = await system.connect('alice')
    const first = commandOf(await ask(alice, 'add-user'))?.attr('sessionid')
    const cancelled = await ask(alice, 'add-user', `sessionid='${first}' action='cancel'`)
    assert.equal(commandOf(cancelled)?.attr('status'), 'canceled')
    const again = await ask(alice, 'add-user', `sessionid='${first}'`, form())
    assert.equal(again.attr('type'), 'error')
    const second = commandOf(await ask(alice, 'add-user'))?.attr('sessionid')
    clock.advance(600_000)
    assert.equal(
      (await ask(alice, 'add-user', `sessionid='${second}'`, form())).attr('type'),
      'error',
    )
  })

  it('are run ten at a time by one client', async (t) => {
    const system = await withAdmin(t)
    await using alice = await system.connect('alice')
    for (let n = 0; n < 10; n += 1) await ask(alice, 'add-user')
    assert.equal(condition(await ask(alice, 'add-user')), 'wait resource-constraint')
  })
})

describe('administration', () => {
  it('adds a user, who then signs in', async (t) => {
    const system = await withAdmin(t)
    await using alice = await system.connect('alice')
    const done = await run(
      alice,
      'add-user',
      field('accountjid', 'frank@corp.example'),
      field('password', PASSWORD),
      field('password-verify', PASSWORD),
      field('given_name', 'Frank'),
      field('surname', 'Miller'),
    )
    assert.equal(commandOf(done)?.attr('status'), 'completed')
    await using frank = await system.connect('frank')
    assert.equal(frank.jid, 'frank@corp.example/desk')
    assert.equal((await system.directory.user(system.jid('frank')))?.name, 'Frank Miller')
    const twice = await run(
      alice,
      'add-user',
      field('accountjid', 'frank@corp.example'),
      field('password', PASSWORD),
    )
    assert.equal(condition(twice), 'cancel conflict')
  })

  it('refuses what is wrong, and changes nothing', async (t) => {
    const system = await withAdmin(t)
    await using alice = await system.connect('alice')
    const add = (...fields: string[]) => run(alice, 'add-user', ...fields)
    const jid = field('accountjid', 'frank@corp.example')
    assert.equal(condition(await add(jid)), 'modify not-acceptable')
    const different = [field('password', 'one'), field('password-verify', 'two')]
    assert.equal(condition(await add(jid, ...different)), 'modify not-acceptable')
    const password = field('password', PASSWORD)
    assert.equal(condition(await add(field('accountjid', 'x y'), password)), 'modify bad-request')
    const elsewhere = field('accountjid', 'frank@west.example')
    assert.equal(condition(await add(elsewhere, password)), 'modify not-acceptable')
    assert.equal(await system.directory.exists(system.jid('frank')), false)
  })

  it('disables, enables, gives another password, ends sessions and removes', async (t) => {
    const system = await withAdmin(t)
    await using alice = await system.connect('alice')
    const bobs = field('accountjids', 'bob@corp.example')
    const bob = await system.connect('bob')
    await run(alice, 'end-user-session', bobs)
    await bob.closed()
    await run(alice, 'disable-user', bobs)
    await assert.rejects(system.connect('bob'), /not signed in/)
    await run(alice, 'reenable-user', bobs)
    await (await system.connect('bob')).cut()
    await run(
      alice,
      'change-user-password',
      field('accountjid', 'bob@corp.example'),
      field('password', 'another'),
    )
    await assert.rejects(system.connect('bob'), /not signed in/)
    await run(alice, 'delete-user', bobs)
    assert.equal(await system.directory.exists(system.jid('bob')), false)
    assert.equal(condition(await run(alice, 'delete-user', bobs)), 'cancel item-not-found')
  })

  it('is written down, with how it ended', async (t) => {
    const written: string[] = []
    const system = await startXmppSystem(t, {
      config: { admins: ['alice@corp.example'] },
      audit: {
        append: async ({ actor, action, target, outcome }) => {
          written.push(`${actor} ${action} ${target} ${outcome}`)
        },
      },
    })
    await using alice = await system.connect('alice')
    const frank = [field('accountjid', 'frank@corp.example'), field('password', PASSWORD)]
    await run(alice, 'add-user', ...frank)
    await run(alice, 'add-user', ...frank)
    assert.deepEqual(written, [
      'alice@corp.example xmpp add-user frank@corp.example done',
      'alice@corp.example xmpp add-user frank@corp.example USER_EXISTS',
    ])
  })

  it('counts and lists users', async (t) => {
    const system = await withAdmin(t)
    await using alice = await system.connect('alice')
    const count = async (kind: string) =>
      values(await ask(alice, `get-${kind}-users-num`), `${kind}usersnum`)
    assert.deepEqual(await count('registered'), ['4'])
    assert.deepEqual(await count('disabled'), ['0'])
    assert.deepEqual(await count('online'), ['1'])
    const listed = await run(alice, 'get-registered-users-list', field('max_items', '2'))
    assert.deepEqual(values(listed, 'registereduserjids'), [
      'alice@corp.example',
      'bob@corp.example',
    ])
    const online = await run(alice, 'get-online-users-list')
    assert.deepEqual(values(online, 'onlineuserjids'), ['alice@corp.example'])
  })

  it('shows contacts and clients', async (t) => {
    const system = await withAdmin(t)
    await system.befriend('bob', 'carol')
    await using alice = await system.connect('alice')
    await using bob = await system.connect('bob', 'phone')
    const contacts = await run(alice, 'get-user-roster', field('accountjids', 'bob@corp.example'))
    assert.deepEqual(values(contacts, 'contacts'), ['carol@corp.example'])
    const stats = await run(alice, 'get-user-stats', field('accountjid', 'bob@corp.example'))
    assert.deepEqual(values(stats, 'onlineresources'), ['phone'])
    assert.deepEqual(values(stats, 'rostersize'), ['1'])
    assert.ok(bob.jid)
  })

  it('tells everybody of the domain who is on line', async (t) => {
    const system = await withAdmin(t)
    await using alice = await system.connect('alice')
    await using bob = await system.connect('bob')
    await run(
      alice,
      'announce',
      field('announcement', 'The lift is out of order.', 'Use the stairs.'),
    )
    const told = await bob.expectMessage('The lift is out of order.\nUse the stairs.')
    assert.equal(told.attr('from'), DOMAIN)
    assert.equal(told.attr('type'), 'headline')
  })
})
