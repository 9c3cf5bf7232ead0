/** XEP-0401, XEP-0379 and XEP-0445: invitations, and what comes of them. */
import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import type { Element } from '../../../src/xml/element.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { XmppClient } from '../../support/xmpp-client.ts'
import {
  condition,
  items,
  PASSWORD,
  presences,
  startXmppSystem,
  type XmppSystem,
} from '../../support/xmpp-system.ts'

const DOMAIN = 'corp.example'
const NS_COMMANDS = 'http://jabber.org/protocol/commands'
const NS_FORM = 'jabber:x:data'
const INVITE = 'urn:xmpp:invite#invite'
const CREATE = 'urn:xmpp:invite#create-account'

type Config = NonNullable<NonNullable<Parameters<typeof startXmppSystem>[1]>['config']>

function start(t: TestContext, config: Config = {}, clock?: FakeClock): Promise<XmppSystem> {
  return startXmppSystem(t, {
    config: {
      ...{ admins: ['alice@corp.example'], invitations: 'users', registration: 'invite' },
      ...config,
    },
    ...(clock && { clock }),
  })
}

const run = (client: XmppClient, node: string, attrs = '', inside = '') =>
  client.iq(
    'set',
    `<command xmlns='${NS_COMMANDS}' node='${node}'${attrs}>${inside}</command>`,
    DOMAIN,
  )

/** What the invitation says, by field. */
function said(reply: Element): Record<string, string> {
  const form = reply.child('command', NS_COMMANDS)?.child('x', NS_FORM)
  const fields = [...(form?.elements() ?? [])].map((field) => [
    field.attr('var'),
    field.child('value')?.text(),
  ])
  return Object.fromEntries(fields)
}

const tokenOf = (reply: Element) => /preauth=([0-9a-f]{32})/.exec(said(reply).uri ?? '')?.[1] ?? ''

async function create(client: XmppClient, username: string, befriends = false): Promise<Element> {
  const begun = (await run(client, CREATE)).child('command', NS_COMMANDS)
  const field = (name: string, value: string) =>
    `<field var='${name}'><value>${value}</value></field>`
  const form = `<x xmlns='${NS_FORM}' type='submit'>${field('username', username)}${field('roster-subscription', befriends ? '1' : '0')}</x>`
  return await run(
    client,
    CREATE,
    ` sessionid='${begun?.attr('sessionid')}' action='complete'`,
    form,
  )
}

/** A stream that nobody has signed in on. */
async function guest(system: XmppSystem, domain = DOMAIN) {
  const client = await XmppClient.connect({ port: system.port })
  const features = await client.open(domain)
  return { client, features: features.toString() }
}

const show = (client: XmppClient, token: string) =>
  client.iq('set', `<preauth xmlns='urn:xmpp:pars:0' token='${token}'/>`, DOMAIN)
const register = (client: XmppClient, username: string) =>
  client.iq(
    'set',
    `<query xmlns='jabber:iq:register'><username>${username}</username><password>${PASSWORD}</password></query>`,
  )

describe('an invitation to an account', () => {
  it('makes one, of those who see each other, and is good once', async (t) => {
    const system = await start(t)
    await using alice = await system.online('alice')
    const reply = await run(alice, INVITE)
    const token = tokenOf(reply)
    assert.deepEqual(said(reply).uri, `xmpp:alice@corp.example?roster;preauth=${token};ibr=y`)
    assert.match(said(reply).expire ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
    const { client: newcomer, features } = await guest(system)
    await using frank = newcomer
    assert.match(features, /<register xmlns='urn:xmpp:ibr-token:0'\/>/)
    assert.match(features, /<register xmlns='http:\/\/jabber.org\/features\/iq-register'\/>/)
    assert.equal(condition(await register(frank, 'frank')), 'cancel not-allowed')
    assert.equal(condition(await show(frank, 'f'.repeat(32))), 'cancel item-not-found')
    assert.equal((await show(frank, token)).attr('type'), 'result')
    // A name that is taken does not use it up.
    assert.equal(condition(await register(frank, 'bob')), 'cancel conflict')
    const { client: slow } = await guest(system)
    await using other = slow
    await show(other, token)
    assert.equal((await register(frank, 'frank')).attr('type'), 'result')
    assert.equal(condition(await register(other, 'grace')), 'cancel item-not-found')
    assert.equal(condition(await show(frank, token)), 'cancel item-not-found')
    const pushed = await alice.expect(
      (el) => items([el])[0]?.startsWith('frank@corp.example both') ?? false,
    )
    assert.equal(pushed.attr('type'), 'set')
    await using there = await system.online('frank')
    const isSeen = (el: Element) => presences([el])[0]?.startsWith('available frank') ?? false
    assert.equal((await alice.expect(isSeen)).attr('from'), there.jid)
  })

  it('is made by administrators for a name, which is kept for the guest', async (t) => {
    const system = await start(t)
    await using alice = await system.online('alice')
    await using bob = await system.online('bob')
    assert.equal(condition(await run(bob, CREATE)), 'auth forbidden')
    assert.equal(condition(await create(alice, 'bob')), 'cancel conflict')
    const reply = await create(alice, 'frank')
    const token = tokenOf(reply)
    assert.equal(said(reply).uri, `xmpp:frank@corp.example?register;preauth=${token}`)
    assert.equal(condition(await create(alice, 'frank')), 'cancel conflict')
    const anyName = tokenOf(await create(alice, ''))
    const { client } = await guest(system)
    await using grace = client
    await show(grace, anyName)
    assert.equal(condition(await register(grace, 'frank')), 'cancel conflict')
    const { client: invited } = await guest(system)
    await using frank = invited
    await show(frank, token)
    assert.equal(condition(await register(frank, 'heidi')), 'modify not-acceptable')
    assert.equal((await register(frank, 'frank')).attr('type'), 'result')
    assert.equal(await system.item('frank', 'alice'), undefined)
  })

  it('is good for its time and its domain', async (t) => {
    const clock = new FakeClock(Date.now())
    const system = await start(t, { invitationLifetime: 20_000 }, clock)
    await using alice = await system.online('alice')
    const token = tokenOf(await run(alice, INVITE))
    const { client: elsewhere } = await guest(system, 'west.example')
    await using other = elsewhere
    const wrong = await other.iq('set', `<preauth xmlns='urn:xmpp:pars:0' token='${token}'/>`)
    assert.equal(condition(wrong), 'cancel item-not-found')
    const { client } = await guest(system)
    await using shown = client
    await show(shown, token)
    clock.advance(20_000)
    // XEP-0445 §4: who has shown it in time may go on.
    assert.equal((await register(shown, 'frank')).attr('type'), 'result')
    const late = tokenOf(await run(alice, INVITE))
    const { client: tooLate } = await guest(system)
    await using grace = tooLate
    clock.advance(20_000)
    assert.equal(condition(await show(grace, late)), 'cancel item-not-found')
  })
})

describe('an invitation to a contact', () => {
  const ask = (client: XmppClient, to: string, token: string) =>
    client.send(
      `<presence to='${to}' type='subscribe'><preauth xmlns='urn:xmpp:pars:0' token='${token}'/></presence>`,
    )

  it('lets the guest in without a question, and asks him in turn, once', async (t) => {
    const system = await start(t, { registration: 'off' })
    await using alice = await system.online('alice')
    const reply = await run(alice, INVITE)
    const token = tokenOf(reply)
    assert.equal(said(reply).uri, `xmpp:alice@corp.example?roster;preauth=${token}`)
    await using bob = await system.online('bob')
    ask(bob, 'alice@corp.example', token)
    const asked = await bob.expect(
      (el) => presences([el])[0]?.startsWith('subscribe alice') ?? false,
    )
    assert.equal(asked.attr('from'), 'alice@corp.example')
    bob.send(`<presence to='alice@corp.example' type='subscribed'/>`)
    await bob.settle()
    assert.equal((await system.item('alice', 'bob'))?.subscription, 'both')
    assert.equal((await system.item('bob', 'alice'))?.subscription, 'both')
    await using carol = await system.online('carol')
    ask(carol, 'alice@corp.example', token)
    await alice.expect((el) => presences([el])[0]?.startsWith('subscribe carol') ?? false)
    assert.equal((await system.item('alice', 'carol'))?.subscription, 'none')
  })

  it('is nothing to another contact, or with a token that is none', async (t) => {
    const system = await start(t)
    await using alice = await system.online('alice')
    await using bob = await system.online('bob')
    await using carol = await system.online('carol')
    const token = tokenOf(await run(alice, INVITE))
    ask(carol, 'bob@corp.example', token)
    await bob.expect((el) => presences([el])[0]?.startsWith('subscribe carol') ?? false)
    ask(carol, 'alice@corp.example', 'x'.repeat(10_000))
    await alice.expect((el) => presences([el])[0]?.startsWith('subscribe carol') ?? false)
    assert.equal((await system.item('alice', 'carol'))?.subscription, 'none')
  })
})

it('invites nobody unless the operator lets users do so', async (t) => {
  const closed = await start(t, { invitations: 'off' })
  await using alice = await closed.online('alice')
  assert.equal(condition(await run(alice, INVITE)), 'cancel item-not-found')
  const admins = await start(t, {
    invitations: 'admins',
    invitationPage: 'https://x.example/i#{uri}',
  })
  await using bob = await admins.online('bob')
  assert.equal(condition(await run(bob, INVITE)), 'auth forbidden')
  await using boss = await admins.online('alice')
  const page = said(await run(boss, INVITE))['landing-url'] ?? ''
  assert.match(page, /^https:\/\/x\.example\/i#xmpp%3Aalice%40corp\.example%3Froster%3Bpreauth%3D/)
})

it('lets nobody have more invitations open than a hundred', async (t) => {
  const system = await start(t)
  await using bob = await system.online('bob')
  for (let count = 0; count < 100; count += 1) {
    assert.equal((await run(bob, INVITE)).attr('type'), 'result')
  }
  assert.equal(condition(await run(bob, INVITE)), 'wait resource-constraint')
})
