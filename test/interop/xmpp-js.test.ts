/**
 * @xmpp/client: XMPP over WebSocket (RFC 7395), with STARTTLS and with direct TLS (XEP-0368), stream management
 * (XEP-0198), and all that it does in one step while it signs in (XEP-0386, XEP-0388, XEP-0484).
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { it } from 'node:test'
import { xml } from '@xmpp/client'
import type { TestServer } from '../support/server.ts'
import { Cuttable } from './drivers/cuttable.ts'
import { XmppJs } from './drivers/xmpp-js.ts'
import { CONFIRM, PASSWORD, startWithPeople, trust } from './people.ts'

const WAYS = {
  WebSocket: { scheme: 'wss', listener: 'https', path: '/xmpp-websocket' },
  STARTTLS: { scheme: 'xmpp', listener: 'xmpp', path: '' },
  'direct TLS': { scheme: 'xmpps', listener: 'xmppTls', path: '' },
} as const
type Way = keyof typeof WAYS

function service(server: TestServer, way: Way, port?: number): string {
  const { scheme, listener, path } = WAYS[way]
  return `${scheme}://127.0.0.1:${port ?? server.port(listener)}${path}`
}

const romeo = { username: 'romeo', password: PASSWORD, resource: 'xmppjs' }
const juliet = { username: 'juliet', password: PASSWORD, resource: 'xmppjs' }

it('@xmpp/client', async (t) => {
  const server = await startWithPeople(t, ['romeo', 'juliet'], CONFIRM)
  await trust(server)

  for (const way of Object.keys(WAYS) as Way[]) {
    const address = service(server, way)

    await t.test(`signs in over ${way}, asks, sees presence and talks`, async () => {
      await using one = new XmppJs({ service: address, ...romeo })
      await using other = new XmppJs({ service: address, ...juliet })
      const from = await one.online()
      assert.match(from, /^romeo@example\.com\/xmppjs/)
      await other.online()

      const roster = await one.client.iqCaller.get(xml('query', { xmlns: 'jabber:iq:roster' }))
      assert.deepEqual(roster?.getChildren('item'), [])
      await one.client.send(xml('presence', { type: 'subscribe', to: 'juliet@example.com' }))
      await other.stanzas.expect(({ attrs }) => attrs.type === 'subscribe')
      await other.client.send(xml('presence', { type: 'subscribed', to: 'romeo@example.com' }))
      await one.stanzas.expect(
        ({ name, attrs: { from: sender = '', type } }) =>
          name === 'presence' && sender.startsWith('juliet@example.com/') && type === undefined,
      )
      await one.say('juliet@example.com', 'Ay me')
      assert.equal((await other.hears('Ay me')).attrs.from, from)
      await assert.rejects(
        one.client.iqCaller.get(xml('query', { xmlns: 'urn:example:unknown' }), 'example.com'),
        { condition: 'service-unavailable' },
      )
      await one.remove('juliet@example.com')
    })

    await t.test(`goes on where its connection over ${way} broke`, async (t) => {
      const wire = await Cuttable.to(t, server.port(WAYS[way].listener))
      await using one = new XmppJs({ service: service(server, way, wire.port), ...romeo })
      await using other = new XmppJs({ service: address, ...juliet })
      const jid = await one.online()
      const sender = await other.online()
      const lost = one.disconnected()
      wire.cut()
      await lost
      // To the session that nobody is at: it goes on, so that nothing is lost.
      await other.say(jid, 'Wherefore art thou')
      const resumed = once(one.client.streamManagement, 'resumed')
      await one.client.reconnect.reconnect()
      await resumed
      assert.equal((await one.hears('Wherefore art thou')).attrs.from, sender)
      await one.say('juliet@example.com', 'Shall I hear more')
      assert.equal((await other.hears('Shall I hear more')).attrs.from, jid)
    })
  }

  await t.test('needs its password once, and a token from then on', async () => {
    await using client = new XmppJs({ service: service(server, 'STARTTLS'), ...romeo })
    await client.online()
    await client.client.stop()
    await client.online()
    const mechanisms = client
      .sent(/<authenticate /)
      .map((line) => /mechanism="([^"]+)"/.exec(line)?.[1])
    assert.deepEqual(mechanisms, ['SCRAM-SHA-1', 'HT-SHA-256-NONE'])
  })

  await t.test('is told when the password is wrong', async () => {
    await using client = new XmppJs({
      service: service(server, 'WebSocket'),
      ...romeo,
      password: 'wrong',
    })
    await assert.rejects(client.online(), { condition: 'not-authorized' })
  })
})
