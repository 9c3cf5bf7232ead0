/** Several domains on one server are as one. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { condition, items, presences, startXmppSystem } from '../support/xmpp-system.ts'

const erinsJid = 'erin@west.example'
const alicesJid = 'alice@corp.example'

describe('users of two domains', () => {
  it('subscribe to each other and see each other', async (t) => {
    const system = await startXmppSystem(t)
    await using alice = await system.online('alice')
    await using erin = await system.online(erinsJid)
    alice.send(`<presence type='subscribe' to='${erinsJid}'/>`)
    await alice.settle()
    assert.deepEqual(presences(await erin.settle()), [`subscribe ${alicesJid}`])
    erin.send(`<presence type='subscribed' to='${alicesJid}'/>`)
    await erin.settle()
    const news = await alice.settle()
    assert.deepEqual(presences(news), [`subscribed ${erinsJid}`, `available ${erinsJid}/desk`])
    assert.deepEqual(items(news), [`${erinsJid} to`])
  })

  it('write to each other, on line and away', async (t) => {
    const system = await startXmppSystem(t)
    await using alice = await system.online('alice')
    alice.send(`<message to='${erinsJid}' type='chat'><body>Later</body></message>`)
    await alice.settle()
    await using erin = await system.connect(erinsJid)
    erin.send('<presence/>')
    const later = await erin.expectMessage('Later')
    assert.equal(later.child('delay', 'urn:xmpp:delay')?.attr('from'), 'west.example')
    erin.send(`<message to='${alice.jid}' type='chat'><body>Now</body></message>`)
    assert.equal((await alice.expectMessage('Now')).attr('from'), erin.jid)
  })

  it('are strangers where only their names are the same', async (t) => {
    const system = await startXmppSystem(t)
    await using alice = await system.online('alice')
    alice.send(`<message to='alice@west.example' type='chat' id='m1'><body>Me?</body></message>`)
    const [refused] = await alice.settle()
    assert.equal(refused && condition(refused), 'cancel service-unavailable')
  })

  it('find each domain’s server by its own name', async (t) => {
    const system = await startXmppSystem(t)
    await using alice = await system.connect('alice')
    const ping = `<ping xmlns='urn:xmpp:ping'/>`
    for (const domain of ['corp.example', 'west.example']) {
      const pong = await alice.iq('get', ping, domain)
      assert.equal(pong.attr('type'), 'result')
      assert.equal(pong.attr('from'), domain)
    }
  })
})
