/** The whole server: somebody is woken by his push service (XEP-0357), before a restart and after it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TestComponent } from '../support/component.ts'
import { startTestServer } from '../support/server.ts'
import { XmppClient } from '../support/xmpp-client.ts'

const HOST = 'push.example'
const COMPONENTS = JSON.stringify([{ host: HOST, password: 'p' }])

test('a person who is away is woken for a message, also after a restart', async (t) => {
  let server = await startTestServer({
    args: ['--demo', '--set', 'listen.components=127.0.0.1:0', '--set', `components=${COMPONENTS}`],
  })
  t.after(() => server[Symbol.asyncDispose]())
  const password = server.demoPassword
  const online = (user: string) => {
    const account = { jid: `${user}@localhost`, password, resource: 'desk' }
    return XmppClient.online({ port: server.port('xmppTls'), direct: true }, account)
  }
  const push = () => {
    const [, port = ''] = (server.word('components')?.split(' ')[0] ?? '').split(':')
    return TestComponent.connect(Number(port), HOST, 'p')
  }
  {
    await using bob = await online('bob')
    const wish = `<enable xmlns='urn:xmpp:push:0' jid='${HOST}' node='n1'/>`
    assert.equal((await bob.iq('set', wish)).attr('type'), 'result')
  }
  for (const count of ['1', '2']) {
    const service = await push()
    const alice = await online('alice')
    alice.send(`<message type='chat' to='bob@localhost'><body>${count}</body></message>`)
    const told = await service.next()
    assert.match(String(told), /<publish node='n1'>/)
    assert.ok(String(told).includes(`<field var='message-count'><value>${count}</value></field>`))
    // What waits is kept, so is who is to be told of it.
    service.send(`<iq type='result' from='${HOST}' to='localhost' id='${told.attr('id')}'/>`)
    await service[Symbol.asyncDispose]()
    if (count === '2') return
    await server.stop()
    server = await server.restart()
  }
})
