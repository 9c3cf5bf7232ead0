/**
 * The library `stanza`, over WebSocket (RFC 7395) and over BOSH (XEP-0124, XEP-0206).
 *
 * What it does there: XEP-0030, XEP-0049, XEP-0054, XEP-0085, XEP-0092, XEP-0184, XEP-0191, XEP-0198, XEP-0199,
 * XEP-0202, XEP-0280, XEP-0308, XEP-0333, XEP-0359. Not XEP-0352, which it knows but cannot send.
 */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { Cuttable } from './drivers/cuttable.ts'
import { StanzaClient } from './drivers/stanza.ts'
import { CONFIRM, PASSWORD, startWithPeople, trust } from './people.ts'

const PATHS = { websocket: '/xmpp-websocket', bosh: '/http-bind' } as const
type Transport = keyof typeof PATHS

it('stanza', async (t) => {
  const server = await startWithPeople(t, ['romeo', 'juliet', 'nurse'], CONFIRM)
  await trust(server)

  function client(transport: Transport, jid: string, port = server.port('https')): StanzaClient {
    const scheme = transport === 'bosh' ? 'https' : 'wss'
    const url = `${scheme}://127.0.0.1:${port}${PATHS[transport]}`
    return new StanzaClient({ transport, url, jid, password: PASSWORD })
  }

  for (const transport of ['websocket', 'bosh'] as const) {
    await t.test(`makes contacts and talks over ${transport}`, async () => {
      await using romeo = client(transport, 'romeo@example.com/orchard')
      await using juliet = client(transport, 'juliet@example.com/balcony')
      const from = await romeo.online()
      assert.equal(from, 'romeo@example.com/orchard')
      await juliet.online()

      romeo.agent.subscribe('juliet@example.com')
      await juliet.expect('subscribe')
      juliet.agent.acceptSubscription('romeo@example.com')
      await romeo.expect('available', ({ from }) => from === juliet.agent.jid)
      juliet.agent.sendPresence({ show: 'away', status: 'On the balcony' })
      await romeo.expect('available', ({ show }) => show === 'away')

      const id = romeo.agent.sendMessage({
        to: 'juliet@example.com',
        type: 'chat',
        body: 'It is the east',
        receipt: { type: 'request' },
        marker: { type: 'markable' },
        chatState: 'active',
      })
      const heard = await juliet.expect('chat', ({ body }) => body === 'It is the east')
      assert.equal(heard.from, from)
      await romeo.expect('receipt', ({ receipt }) => receipt.id === id)
      await juliet.expect('chat:state', ({ chatState }) => chatState === 'active')
      juliet.agent.markDisplayed(heard)
      await romeo.expect('marker:displayed', ({ marker }) => marker?.id === id)
      romeo.agent.sendMessage({
        to: juliet.agent.jid,
        type: 'chat',
        body: 'It is the west',
        replace: id,
      })
      assert.equal((await juliet.expect('replace')).replace, id)
      await romeo.agent.removeRosterItem('juliet@example.com')
    })

    await t.test(`keeps all clients of a person informed over ${transport}`, async () => {
      await using phone = client(transport, 'romeo@example.com/phone')
      await using desk = client('websocket', 'romeo@example.com/desk')
      await using nurse = client(transport, 'nurse@example.com/kitchen')
      await phone.online()
      await desk.online()
      await nurse.online()
      await phone.agent.enableCarbons()
      await desk.agent.enableCarbons()
      desk.agent.sendMessage({ to: nurse.agent.jid, type: 'chat', body: 'Where is she' })
      const sent = await phone.expect('carbon:sent')
      assert.equal(sent.carbon.forward.message?.body, 'Where is she')
      nurse.agent.sendMessage({ to: desk.agent.jid, type: 'chat', body: 'In the orchard' })
      const received = await phone.expect('carbon:received')
      const copy = received.carbon.forward.message
      assert.equal(copy?.body, 'In the orchard')
      const original = await desk.expect('chat', ({ body }) => body === 'In the orchard')
      assert.equal(original.stanzaIds?.[0]?.by, 'romeo@example.com')
      assert.deepEqual(copy?.stanzaIds, original.stanzaIds)
    })

    await t.test(`asks the server and keeps things there over ${transport}`, async () => {
      await using romeo = client(transport, 'romeo@example.com/study')
      await romeo.online()
      const { agent } = romeo
      await agent.ping('example.com')
      assert.equal((await agent.getSoftwareVersion('example.com')).name, 'Heliograph')
      const { utc } = await agent.getTime('example.com')
      assert.ok(Math.abs(Number(utc) - Date.now()) < 60_000)
      const { identities, features } = await agent.getDiscoInfo('example.com')
      assert.deepEqual(
        identities.map(({ category, type }) => [category, type]),
        [['server', 'im']],
      )
      assert.ok(features.includes('urn:xmpp:carbons:2'))

      const bookmarks = { rooms: [{ jid: 'verona@rooms.example.com', autoJoin: true }] }
      await agent.setPrivateData('bookmarks', bookmarks)
      const [room] = (await agent.getPrivateData('bookmarks'))?.rooms ?? []
      assert.equal(room?.jid, 'verona@rooms.example.com')
      await agent.publishVCard({ format: 'vcard-temp', fullName: 'Romeo Montague' })
      const card = await agent.getVCard('romeo@example.com')
      assert.equal(card.fullName, 'Romeo Montague')

      await agent.block('paris@example.com')
      assert.deepEqual((await agent.getBlocked()).jids, ['paris@example.com'])
      await agent.unblock('paris@example.com')
      assert.deepEqual((await agent.getBlocked()).jids ?? [], [])
    })
  }

  await t.test('goes on where its WebSocket broke', async (t) => {
    const wire = await Cuttable.to(t, server.port('https'))
    await using romeo = client('websocket', 'romeo@example.com/ladder', wire.port)
    await using juliet = client('websocket', 'juliet@example.com/window')
    const jid = await romeo.online()
    await juliet.online()
    wire.cut()
    await romeo.expect('disconnected')
    juliet.agent.sendMessage({ to: jid, type: 'chat', body: 'Wherefore art thou' })
    romeo.agent.connect()
    await romeo.expect('stream:management:resumed')
    await romeo.expect('chat', ({ body }) => body === 'Wherefore art thou')
    assert.equal(romeo.agent.jid, jid)
  })
})
