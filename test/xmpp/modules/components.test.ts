/** XEP-0114: external components, on real sockets. */
import assert from 'node:assert/strict'
import { it, type TestContext } from 'node:test'
import { TestComponent } from '../../support/component.ts'
import { condition, startXmppSystem } from '../../support/xmpp-system.ts'

const HOST = 'bot.corp.example'
const PASSWORD = 'secret'
const BOT = `echo@${HOST}`
const ALICE = 'alice@corp.example/desk'

async function start(t: TestContext, allowedAddresses: string[] = []) {
  const component = { host: HOST, password: PASSWORD, allowedAddresses, maxBuffered: 2 }
  const system = await startXmppSystem(t, { config: { components: [component] } })
  const connect = () => TestComponent.connect(system.componentPort, HOST, PASSWORD)
  return { system, connect, port: system.componentPort }
}

const reason = (error: { elements(): Iterable<{ name: string }> }) => [...error.elements()][0]?.name

it('lets in who knows the password, once, from where he may come', async (t) => {
  const { connect, port } = await start(t, ['127.0.0.0/8'])
  await using component = await connect()
  await using twin = await TestComponent.open(port, HOST)
  assert.equal(reason(await twin.handshake(PASSWORD)), 'conflict')
  await using wrong = await TestComponent.open(port, HOST)
  assert.equal(reason(await wrong.handshake('guess')), 'not-authorized')
  await using unknown = await TestComponent.open(port, 'corp.example')
  assert.equal(reason(await unknown.next()), 'host-unknown')
  component.send(`<message from='bob@corp.example' to='${ALICE}'/>`)
  assert.equal(reason(await component.next()), 'invalid-from')
})

it('lets in nobody from elsewhere', async (t) => {
  const { port } = await start(t, ['10.0.0.0/8'])
  await using component = await TestComponent.open(port, HOST)
  assert.equal(reason(await component.handshake(PASSWORD)), 'not-authorized')
})

it('carries messages and iq both ways, and errors back', async (t) => {
  const { system, connect } = await start(t)
  await using component = await connect()
  await using alice = await system.online('alice')
  component.send(`<iq type='get' id='1' from='${BOT}' to='${ALICE}'><q xmlns='u:q'/></iq>`)
  assert.equal(condition(await component.next()), 'cancel service-unavailable')
  alice.send(`<message to='${BOT}/x' type='chat' id='m1'><body>Hello</body></message>`)
  const heard = await component.next()
  assert.deepEqual(
    [heard.attr('from'), heard.attr('to'), heard.ns, heard.child('body')?.text()],
    [ALICE, `${BOT}/x`, 'jabber:component:accept', 'Hello'],
  )
  component.send(`<message from='${BOT}' to='${ALICE}' type='chat'><body>Hi</body></message>`)
  const said = await alice.expect(({ name }) => name === 'message')
  assert.deepEqual(
    [said.attr('from'), said.ns, said.child('body')?.text()],
    [BOT, 'jabber:client', 'Hi'],
  )
  component.send(`<iq type='get' id='2' from='${BOT}' to='${ALICE}'><q xmlns='u:q'/></iq>`)
  const asked = await alice.expect(({ name }) => name === 'iq')
  assert.equal(asked.attr('from'), BOT)
  alice.send(`<iq type='result' id='2' to='${BOT}'/>`)
  assert.equal((await component.next()).attr('type'), 'result')
  component.send(`<message id='3' from='${BOT}' to='x@nowhere.example'><body>?</body></message>`)
  assert.equal((await component.next()).attr('type'), 'error')
})

it('keeps what comes while it is away, in order, up to its bound', async (t) => {
  const { system, connect } = await start(t)
  await using alice = await system.online('alice')
  for (const id of ['1', '2', '3']) {
    alice.send(`<message to='${BOT}' id='${id}'><body>${id}</body></message>`)
  }
  const asked = await alice.iq('get', `<q xmlns='u:q'/>`, BOT)
  assert.equal(condition(asked), 'wait remote-server-timeout')
  const refused = await alice.expect(({ name }) => name === 'message')
  assert.deepEqual([refused.attr('id'), condition(refused)], ['3', 'wait remote-server-timeout'])
  await using component = await connect()
  assert.equal((await component.next()).attr('id'), '1')
  assert.equal((await component.next()).attr('id'), '2')
})

it('shows directed presence both ways, and its end', async (t) => {
  const { system, connect } = await start(t)
  await using component = await connect()
  const alice = await system.online('alice')
  alice.send(`<presence to='${BOT}'/>`)
  assert.equal((await component.next()).attr('from'), ALICE)
  component.send(`<presence from='${BOT}' to='${ALICE}'/>`)
  assert.equal((await alice.expect(({ name }) => name === 'presence')).attr('from'), BOT)
  await alice[Symbol.asyncDispose]()
  assert.equal((await component.next()).attr('type'), 'unavailable')
})

it('heeds block lists', async (t) => {
  const { system, connect } = await start(t)
  await using component = await connect()
  await using alice = await system.online('alice')
  await alice.iq('set', `<block xmlns='urn:xmpp:blocking'><item jid='${BOT}'/></block>`)
  alice.send(`<message to='${BOT}' id='b'><body>?</body></message>`)
  const refused = await alice.expect(({ name }) => name === 'message')
  assert.equal(condition(refused), 'cancel not-acceptable')
  component.send(`<message id='c' from='${BOT}' to='${ALICE}' type='chat'><body>?</body></message>`)
  assert.equal((await component.next()).attr('type'), 'error')
})
