/** XEP-0033: Extended Stanza Addressing, on real sockets. */
import assert from 'node:assert/strict'
import { it, type TestContext } from 'node:test'
import { metrics } from '../../../src/util/metrics.ts'
import type { Element } from '../../../src/xml/element.ts'
import { TestComponent } from '../../support/component.ts'
import type { XmppClient } from '../../support/xmpp-client.ts'
import {
  CONFIG,
  condition,
  presences,
  startXmppSystem,
  type XmppSystemOptions,
} from '../../support/xmpp-system.ts'

const NS = 'http://jabber.org/protocol/address'
const SERVICE = 'multicast.corp.example'
const MULTICAST = { enabled: true, name: 'multicast', maxAddresses: 50, senders: 'users' } as const

function start(
  t: TestContext,
  config: XmppSystemOptions['config'] = {},
  more: XmppSystemOptions = {},
) {
  return startXmppSystem(t, {
    ...more,
    config: { multicast: { ...MULTICAST, ...config.multicast }, ...config },
  })
}

const at = (type: string, user: string) => `<address type='${type}' jid='${user}@corp.example'/>`

function say(client: XmppClient, addresses: string, body = 'Hello', to = SERVICE, id = 'm1') {
  client.send(
    `<message to='${to}' id='${id}' type='chat'><addresses xmlns='${NS}'>${addresses}</addresses><body>${body}</body></message>`,
  )
}

async function heard(client: XmppClient): Promise<Element[]> {
  return (await client.settle()).filter(({ name }) => name === 'message')
}

function shown(message: Element | undefined): string[] {
  const header = message?.child('addresses', NS)
  return [...(header?.elements() ?? [])].map((address) =>
    ['type', 'jid', 'delivered'].map((name) => address.attr(name) ?? '-').join(' '),
  )
}

it('is found by service discovery of the domain and of the service beside it', async (t) => {
  const system = await start(t)
  await using alice = await system.connect('alice')
  const query = (ns: string) => `<query xmlns='http://jabber.org/protocol/disco#${ns}'/>`
  for (const host of ['corp.example', SERVICE]) {
    const info = String(await alice.iq('get', query('info'), host))
    assert.ok(info.includes(`<feature var='${NS}'/>`), host)
  }
  assert.match(String(await alice.iq('get', query('items'), 'corp.example')), /multicast\.corp/)
})

it('is not there where it is turned off', async (t) => {
  const system = await start(t, { multicast: { ...MULTICAST, enabled: false } })
  await using alice = await system.online('alice')
  say(alice, at('to', 'bob'))
  const [refused] = await heard(alice)
  assert.ok(refused)
  assert.equal(condition(refused), 'cancel remote-server-not-found')
  say(alice, at('to', 'bob'), 'Hello', 'corp.example')
  const [unavailable] = await heard(alice)
  assert.ok(unavailable)
  assert.equal(condition(unavailable), 'cancel service-unavailable')
})

it('delivers to each, from the sender, and shows nobody whom else it went to blindly', async (t) => {
  const system = await start(t)
  await using alice = await system.online('alice')
  await using bob = await system.online('bob')
  await using carol = await system.online('carol')
  await using dave = await system.online('dave')
  for (const host of [SERVICE, 'corp.example']) {
    say(alice, at('to', 'bob') + at('bcc', 'carol') + at('bcc', 'dave'), 'Hello', host)
    assert.deepEqual(await heard(alice), [])
    const open = 'to bob@corp.example true'
    for (const [client, user, seen] of [
      [bob, 'bob', [open]],
      [carol, 'carol', [open, 'bcc carol@corp.example -']],
      [dave, 'dave', [open, 'bcc dave@corp.example -']],
    ] as const) {
      const [message, second] = await heard(client)
      assert.equal(second, undefined)
      assert.deepEqual(
        [message?.attr('from'), message?.attr('to'), message?.attr('id')],
        ['alice@corp.example/desk', `${user}@corp.example`, 'm1'],
      )
      assert.equal(message?.child('body')?.text(), 'Hello')
      assert.deepEqual(shown(message), seen)
    }
  }
})

it('each copy goes the usual way: blocks, the mailbox, carbons, errors from whom they are about', async (t) => {
  const system = await start(t)
  await using desk = await system.online('alice', 'desk')
  await using phone = await system.online('alice', 'phone')
  await phone.iq('set', `<enable xmlns='urn:xmpp:carbons:2'/>`)
  await using bob = await system.online('bob')
  await bob.iq('set', `<block xmlns='urn:xmpp:blocking'><item jid='alice@corp.example'/></block>`)
  await bob.settle()
  await desk.settle()
  await phone.settle()
  const elsewhere = `<address type='cc' jid='x@nowhere.example'/>`
  say(desk, at('to', 'bob') + at('to', 'carol') + at('to', 'nobody') + elsewhere)
  const errors = (await heard(desk)).map((error) => `${error.attr('from')} ${condition(error)}`)
  assert.deepEqual(errors.sort(), [
    'bob@corp.example cancel service-unavailable',
    'nobody@corp.example cancel service-unavailable',
    'x@nowhere.example cancel remote-server-not-found',
  ])
  assert.deepEqual(await heard(bob), [])
  const copies = (await heard(phone)).map((message) => String(message))
  assert.ok(copies.some((copy) => copy.includes('urn:xmpp:carbons:2') && /carol/.test(copy)))
  await using carol = await system.connect('carol')
  carol.send('<presence/>')
  const waited = await carol.expect(({ name }) => name === 'message')
  assert.equal(waited.child('body')?.text(), 'Hello')
  assert.equal(shown(waited)[1], 'to carol@corp.example true')
})

it('refuses the whole in the words of XEP-0033 §8, and delivers nothing then', async (t) => {
  const system = await start(t, { multicast: { ...MULTICAST, maxAddresses: 21 } })
  await using alice = await system.online('alice')
  await using bob = await system.online('bob')
  const bobs = at('to', 'bob')
  const refusals = async (addresses: string) => {
    say(alice, addresses)
    return (await heard(alice)).map((error) => `${error.attr('from')} ${condition(error)}`)
  }
  assert.deepEqual(await refusals(bobs.repeat(22)), [`${SERVICE} modify not-acceptable`])
  const uri = `<address type='to' uri='tel:+15551234'/>`
  assert.deepEqual(await refusals(bobs + uri), [`${SERVICE} modify jid-malformed`])
  assert.deepEqual(await refusals(`${bobs}<address type='to'/>`), [`${SERVICE} modify bad-request`])
  alice.send(`<message to='${SERVICE}' id='2'><body>to whom?</body></message>`)
  const [plain] = await heard(alice)
  assert.ok(plain)
  assert.equal(condition(plain), 'cancel service-unavailable')
  assert.deepEqual(await heard(bob), [])
})

it('is for those only whom the operator lets: others are forbidden to use it', async (t) => {
  const system = await start(t, {
    multicast: { ...MULTICAST, senders: 'admins' },
    admins: ['bob@corp.example'],
  })
  await using alice = await system.online('alice')
  await using bob = await system.online('bob')
  say(alice, at('to', 'bob'))
  const [refused] = await heard(alice)
  assert.ok(refused)
  assert.equal(condition(refused), 'auth forbidden')
  say(bob, at('to', 'alice'))
  assert.equal((await heard(alice)).length, 1)
})

it('never copies for itself, to whom a blind address would send it again and again', async (t) => {
  const system = await start(t)
  await using alice = await system.online('alice')
  await using bob = await system.online('bob')
  const itself = [SERVICE, 'corp.example'].map((jid) => `<address type='bcc' jid='${jid}'/>`)
  say(alice, itself.join('') + at('to', 'bob'))
  const errors = (await heard(alice)).map((error) => `${error.attr('from')} ${condition(error)}`)
  assert.deepEqual(errors, [
    `${SERVICE} cancel service-unavailable`,
    'corp.example cancel service-unavailable',
  ])
  assert.equal((await heard(bob)).length, 1)
})

it('leaves alone what is for one recipient, and errors', async (t) => {
  const system = await start(t)
  await using alice = await system.online('alice')
  await using bob = await system.online('bob')
  say(alice, at('bcc', 'carol'), 'for you', 'bob@corp.example')
  const [message] = await heard(bob)
  assert.deepEqual(shown(message), ['bcc carol@corp.example -'])
  alice.send(
    `<message type='error' to='${SERVICE}'><addresses xmlns='${NS}'>${at('to', 'bob')}</addresses></message>`,
  )
  assert.deepEqual(await heard(alice), [])
  assert.deepEqual(await heard(bob), [])
})

it('a user who has too many copies made waits, as a client that says too much', async (t) => {
  const system = await start(t, { ...CONFIG, multicast: MULTICAST, maxStanzasPerSecond: 3 })
  await using alice = await system.connect('alice')
  const nobodies = Array.from({ length: 40 }, (_, n) => at('to', `nobody${n}`)).join('')
  say(alice, nobodies, 'Hello', SERVICE, 'many')
  say(alice, at('to', 'bob'), 'Hello', SERVICE, 'more')
  const refused = await alice.expect((stanza) => stanza.attr('id') === 'more')
  assert.equal(condition(refused), 'wait resource-constraint')
})

it('directed presence to many ends for each of them, by address or for all (§5.1)', async (t) => {
  const system = await start(t)
  const alice = await system.online('alice')
  await using bob = await system.online('bob')
  await using carol = await system.online('carol')
  const show = (type: string, addresses: string) =>
    alice.send(
      `<presence to='${SERVICE}'${type}><addresses xmlns='${NS}'>${addresses}</addresses></presence>`,
    )
  const told = async (client: XmppClient) => {
    await alice.settle()
    return presences(await client.settle())
  }
  const [here, gone] = ['available', 'unavailable'].map((type) => [
    `${type} alice@corp.example/desk`,
  ])
  const both = at('bcc', 'bob') + at('bcc', 'carol')

  show('', both)
  assert.deepEqual([await told(bob), await told(carol)], [here, here])
  show(` type='unavailable'`, at('to', 'bob'))
  assert.deepEqual([await told(bob), await told(carol)], [gone, []])
  alice.send(`<presence to='${SERVICE}' type='unavailable'/>`)
  assert.deepEqual([await told(bob), await told(carol)], [[], gone])
  show('', both)
  assert.deepEqual([await told(bob), await told(carol)], [here, here])
  alice.send(`<presence type='unavailable'/>`)
  assert.deepEqual([await told(bob), await told(carol)], [gone, gone])
  show('', both)
  assert.deepEqual([await told(bob), await told(carol)], [here, here])
  await alice.cut()
  for (const client of [bob, carol]) {
    await client.expect(({ attrs, name }) => name === 'presence' && attrs.type === 'unavailable')
  }
})

it('external components may use it, and are among the recipients', async (t) => {
  const bot = { host: 'bot.corp.example', password: 's', allowedAddresses: [], maxBuffered: 2 }
  const system = await start(t, { components: [bot] })
  await using component = await TestComponent.connect(system.componentPort, bot.host, 's')
  await using alice = await system.online('alice')
  const header = (inside: string) => `<addresses xmlns='${NS}'>${inside}</addresses>`
  const toBot = `<address type='to' jid='echo@${bot.host}'/>`
  say(alice, toBot + at('to', 'nobody'))
  assert.deepEqual(shown(await component.next())[0], `to echo@${bot.host} true`)
  await heard(alice)
  component.send(
    `<message from='echo@${bot.host}' to='corp.example' id='c'>${header(at('to', 'alice') + at('to', 'nobody'))}<body>Hi</body></message>`,
  )
  const said = await alice.expect(({ name }) => name === 'message')
  assert.equal(said.attr('from'), `echo@${bot.host}`)
  const error = await component.next()
  assert.deepEqual([error.attr('from'), error.attr('type')], ['nobody@corp.example', 'error'])
  assert.match(String(error), /service-unavailable/)
})

it('keeps track of whom a component showed itself to (§5.1)', async (t) => {
  const bot = { host: 'bot.corp.example', password: 's', allowedAddresses: [], maxBuffered: 2 }
  const system = await start(t, { components: [bot] })
  await using component = await TestComponent.connect(system.componentPort, bot.host, 's')
  await using alice = await system.online('alice')
  alice.send(`<presence to='echo@${bot.host}'/>`)
  await component.next()
  const from = `from='echo@${bot.host}' to='${SERVICE}'`
  component.send(
    `<presence ${from}><addresses xmlns='${NS}'>${at('bcc', 'alice')}</addresses></presence>`,
  )
  const here = await alice.expect(({ name }) => name === 'presence')
  assert.equal(here.attr('from'), `echo@${bot.host}`)
  component.send(`<presence ${from} type='unavailable'/>`)
  const gone = await alice.expect(({ name }) => name === 'presence')
  assert.deepEqual([gone.attr('from'), gone.attr('type')], [`echo@${bot.host}`, 'unavailable'])
})

it('counts what it passed on and what it refused', async (t) => {
  const system = await start(t)
  await using alice = await system.online('alice')
  const value = async (name: string, labels: string) => {
    const text = await metrics.getSingleMetricAsString(name)
    return Number(
      text
        .split('\n')
        .find((line) => line.includes(labels))
        ?.split(' ')
        .at(-1) ?? 0,
    )
  }
  const read = () =>
    Promise.all([
      value('heliograph_xmpp_multicasts_total', `kind="message",outcome="taken"`),
      value('heliograph_xmpp_multicasts_total', `kind="message",outcome="bad-request"`),
      value('heliograph_xmpp_multicast_copies_total', `kind="message",outcome="passed"`),
      value('heliograph_xmpp_multicast_copies_total', `kind="message",outcome="refused"`),
    ])
  const before = await read()
  say(alice, `${at('to', 'bob')}${at('to', 'carol')}<address type='to' jid='${SERVICE}'/>`)
  say(alice, '')
  await alice.settle()
  const after = await read()
  assert.deepEqual(
    after.map((count, index) => count - (before[index] ?? 0)),
    [1, 1, 2, 1],
  )
})
