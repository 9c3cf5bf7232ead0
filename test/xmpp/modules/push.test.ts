/** XEP-0357: Push Notifications, with a push service that is an external component. */
import assert from 'node:assert/strict'
import { it, type TestContext } from 'node:test'
import type { Element } from '../../../src/xml/element.ts'
import { TestComponent } from '../../support/component.ts'
import type { XmppClient } from '../../support/xmpp-client.ts'
import { condition, startXmppSystem } from '../../support/xmpp-system.ts'

const HOST = 'push.example'
const NS = 'urn:xmpp:push:0'
const SUMMARY = 'urn:xmpp:push:summary'
const NS_PUBSUB = 'http://jabber.org/protocol/pubsub'
const OPTIONS = `<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>${NS_PUBSUB}#publish-options</value></field><field var='secret'><value>s3</value></field></x>`

type Config = NonNullable<Parameters<typeof startXmppSystem>[1]>['config']

async function start(t: TestContext, config: Config = {}) {
  const component = { host: HOST, password: 'p', allowedAddresses: [], maxBuffered: 0 }
  const system = await startXmppSystem(t, { config: { components: [component], ...config } })
  const service = () => TestComponent.connect(system.componentPort, HOST, 'p')
  return { system, service }
}

const enable = (client: XmppClient, node = 'n1', form = '') =>
  client.iq('set', `<enable xmlns='${NS}' jid='${HOST}' node='${node}'>${form}</enable>`)
const disable = (client: XmppClient, node = '') =>
  client.iq('set', `<disable xmlns='${NS}' jid='${HOST}'${node}/>`)

/** The node, and what the summary says. */
function read(iq: Element): Record<string, string | undefined> {
  const publish = iq.child('pubsub', NS_PUBSUB)?.child('publish')
  const notification = publish?.child('item')?.child('notification', NS)
  const form = notification?.child('x', 'jabber:x:data')
  const fields = [...(form?.elements() ?? [])].map((field) => [
    field.attr('var'),
    field.child('value')?.text(),
  ])
  return { node: publish?.attr('node'), ...Object.fromEntries(fields) }
}

function answer(service: TestComponent, iq: Element, error?: string): void {
  const head = `<iq from='${HOST}' to='${iq.attr('from')}' id='${iq.attr('id')}'`
  service.send(error ? `${head} type='error'>${error}</iq>` : `${head} type='result'/>`)
}

const say = (client: XmppClient, text: string, to = 'bob@corp.example') =>
  client.send(`<message type='chat' to='${to}'><body>${text}</body></message>`)

it('is told to accounts, and asked for by their owners only', async (t) => {
  const { system } = await start(t)
  await using alice = await system.online('alice')
  const info = `<query xmlns='http://jabber.org/protocol/disco#info'/>`
  const features = async (to: string) => (await alice.iq('get', info, to)).toString()
  assert.match(await features('alice@corp.example'), /'urn:xmpp:push:0'/)
  assert.doesNotMatch(await features('corp.example'), /'urn:xmpp:push:0'/)
  const ask = async (payload: string, to = 'alice@corp.example') =>
    condition(await alice.iq('set', payload, to))
  assert.equal(await ask(`<enable xmlns='${NS}' node='n'/>`), 'modify bad-request')
  assert.equal(await ask(`<disable xmlns='${NS}' node='n'/>`), 'modify bad-request')
  const enabling = (jid: string, form = '') => `<enable xmlns='${NS}' jid='${jid}'>${form}</enable>`
  assert.equal(await ask(enabling(HOST, OPTIONS.replace('#pub', '#'))), 'modify bad-request')
  assert.equal(await ask(enabling('bob@corp.example/desk')), 'cancel not-allowed')
  assert.equal(await ask(enabling(HOST), 'bob@corp.example'), 'auth forbidden')
  const secret = OPTIONS.replace('s3', 's'.repeat(5000))
  assert.equal(await ask(enabling(HOST, secret)), 'modify not-acceptable')
})

it('wakes who is away for messages, with what the service asked for', async (t) => {
  const { system, service: connect } = await start(t)
  await using service = await connect()
  await using alice = await system.online('alice')
  {
    await using bob = await system.online('bob')
    assert.equal((await enable(bob, 'n1', OPTIONS)).attr('type'), 'result')
  }
  say(alice, 'one')
  const first = await service.next()
  assert.deepEqual(
    [first.attr('type'), first.attr('from'), first.attr('to')],
    ['set', 'corp.example', HOST],
  )
  // Neither who wrote nor what: the operator has not let it out.
  assert.deepEqual(read(first), { node: 'n1', FORM_TYPE: SUMMARY, 'message-count': '1' })
  const options = first.child('pubsub', NS_PUBSUB)?.child('publish-options')
  assert.match(String(options), /<field var='secret'><value>s3</)
  // What comes before the service has answered is one more push.
  say(alice, 'two')
  say(alice, 'three')
  await alice.settle()
  answer(service, first)
  const second = await service.next()
  assert.equal(read(second)['message-count'], '3')
  answer(service, second)
})

it('wakes who lost his connection, for what is told to a person', async (t) => {
  const { system, service: connect } = await start(t, { push: 'body' })
  await using service = await connect()
  await using alice = await system.online('alice')
  const bob = await system.online('bob', 'phone')
  await enable(bob)
  bob.send(`<enable xmlns='urn:xmpp:sm:3' resume='true'/>`)
  await bob.expect(({ name }) => name === 'enabled')
  // Sent to him before anybody knew that he has gone.
  bob.socket.pause()
  say(alice, 'lost', 'bob@corp.example/phone')
  await alice.settle()
  await bob.cut()
  const first = await service.next()
  assert.deepEqual(read(first), {
    node: 'n1',
    FORM_TYPE: SUMMARY,
    'message-count': '1',
    'last-message-sender': alice.jid,
    'last-message-body': 'lost',
  })
  answer(service, first)
  alice.send(
    `<message type='chat' to='bob@corp.example/phone'><composing xmlns='http://jabber.org/protocol/chatstates'/></message>`,
  )
  say(alice, 'more', 'bob@corp.example/phone')
  const second = await service.next()
  assert.deepEqual(
    [read(second)['message-count'], read(second)['last-message-body']],
    ['2', 'more'],
  )
  answer(service, second)
})

it('leaves alone who has taken it back, and whoever refuses it', async (t) => {
  const { system, service: connect } = await start(t)
  await using service = await connect()
  await using alice = await system.online('alice')
  {
    await using bob = await system.online('bob')
    for (const node of ['n1', 'n2', 'n3']) await enable(bob, node)
    assert.equal((await disable(bob, ` node='n1'`)).attr('type'), 'result')
  }
  say(alice, 'one')
  const told = [await service.next(), await service.next()]
  assert.deepEqual(told.map((iq) => read(iq).node).sort(), ['n2', 'n3'])
  const condition = (name: string) => `<${name} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>`
  for (const iq of told) {
    const isGone = read(iq).node === 'n2'
    const error = isGone
      ? `<error type='cancel'>${condition('item-not-found')}</error>`
      : `<error type='wait'>${condition('resource-constraint')}</error>`
    answer(service, iq, error)
  }
  say(alice, 'two')
  const next = await service.next()
  assert.equal(read(next).node, 'n3')
  answer(service, next)
  {
    await using bob = await system.online('bob')
    await disable(bob)
  }
  say(alice, 'three')
  await alice.settle()
  // Had there been a push, it would be before this.
  alice.send(`<message to='${HOST}' id='last'/>`)
  assert.equal((await service.next()).attr('id'), 'last')
})

it('is not offered where the operator wants none', async (t) => {
  const { system } = await start(t, { push: 'off' })
  await using alice = await system.online('alice')
  assert.equal(condition(await enable(alice)), 'cancel service-unavailable')
})
