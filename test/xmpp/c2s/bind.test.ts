import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { XmppClient } from '../../support/xmpp-client.ts'
import { PASSWORD, startRig } from '../rig.ts'

const JULIET = { jid: 'juliet@capulet.example', password: PASSWORD }
const NS_STREAM_ERRORS = 'urn:ietf:params:xml:ns:xmpp-streams'
const NS_STANZA_ERRORS = 'urn:ietf:params:xml:ns:xmpp-stanzas'
const NS_BIND = 'urn:ietf:params:xml:ns:xmpp-bind'

describe('a resource', () => {
  for (const [policy, kept, got] of [
    ['replace', false, /\/desk$/],
    ['rename', true, /\/desk-./],
  ] as const) {
    it(`that is taken: ${policy}`, async (t) => {
      const rig = await startRig(t, { config: { resourceConflict: policy } })
      const connect = { port: rig.directPort, direct: true }
      await using first = await XmppClient.signIn(connect, { ...JULIET, resource: 'desk' })
      await using second = await XmppClient.signIn(connect, { ...JULIET, resource: 'desk' })
      assert.match(second.jid, got)
      if (kept) await first.settle()
      else assert.ok((await first.expectStreamError()).child('conflict', NS_STREAM_ERRORS))
      assert.equal(rig.sessions.count, kept ? 2 : 1)
    })
  }

  it('that is taken: refuse; the stream goes on and may ask for another', async (t) => {
    const rig = await startRig(t, { config: { resourceConflict: 'refuse' } })
    const connect = { port: rig.directPort, direct: true }
    await using first = await XmppClient.signIn(connect, { ...JULIET, resource: 'desk' })
    await using second = await secondStream(rig.directPort)
    const bind = (name: string) => `<bind xmlns='${NS_BIND}'><resource>${name}</resource></bind>`
    const refused = await second.iq('set', bind('desk'))
    assert.ok(refused.child('error')?.child('conflict', NS_STANZA_ERRORS))
    assert.equal((await second.iq('set', bind('other'))).attr('type'), 'result')
    await first.settle()
  })

  async function secondStream(port: number): Promise<XmppClient> {
    const client = await XmppClient.connect({ port, direct: true })
    await client.open('capulet.example')
    await client.authenticate(JULIET)
    await client.open('capulet.example')
    return client
  }

  it('beyond the limit, or that is not valid, is refused', async (t) => {
    const rig = await startRig(t, { config: { maxResourcesPerUser: 1 } })
    await using first = await secondStream(rig.directPort)
    const bad = await first.iq(
      'set',
      `<bind xmlns='${NS_BIND}'><resource>${'x'.repeat(1024)}</resource></bind>`,
    )
    assert.ok(bad.child('error')?.child('bad-request', NS_STANZA_ERRORS))
    await first.bind()
    await using second = await secondStream(rig.directPort)
    const refused = await second.iq('set', `<bind xmlns='${NS_BIND}'/>`)
    assert.ok(refused.child('error')?.child('resource-constraint', NS_STANZA_ERRORS))
  })

  it('is bound again only when the one that had it has gone for everybody', async (t) => {
    const rig = await startRig(t)
    const { promise, resolve } = Promise.withResolvers<void>()
    rig.handler.farewell = promise
    const connect = { port: rig.directPort, direct: true }
    const first = await XmppClient.signIn(connect, { ...JULIET, resource: 'desk' })
    await using second = await secondStream(rig.directPort)
    const bound = second.bind('desk')
    await first.closed()
    assert.equal(rig.handler.left.length, 1)
    assert.equal(rig.sessions.count, 0)
    resolve()
    assert.equal(await bound, 'juliet@capulet.example/desk')
  })

  it('that is taken and as long as may be: rename gives quite another', async (t) => {
    const rig = await startRig(t, { config: { resourceConflict: 'rename' } })
    const connect = { port: rig.directPort, direct: true }
    const resource = 'é'.repeat(511)
    await using first = await XmppClient.signIn(connect, { ...JULIET, resource })
    await using second = await XmppClient.signIn(connect, { ...JULIET, resource })
    assert.notEqual(second.jid, first.jid)
  })

  it('comes first: nothing is sent to others before it', async (t) => {
    const rig = await startRig(t)
    for (const stanza of [
      `<message to='romeo@montague.example'/>`,
      '<presence/>'.replace('/>', ` to='romeo@montague.example'/>`),
      `<iq type='set' id='x' to='romeo@montague.example'><bind xmlns='${NS_BIND}'/></iq>`,
    ]) {
      const client = await secondStream(rig.directPort)
      client.send(stanza)
      assert.ok((await client.expectStreamError()).child('not-authorized', NS_STREAM_ERRORS))
      await client.closed()
    }
    await using client = await secondStream(rig.directPort)
    const refused = await client.iq('get', `<ping xmlns='urn:xmpp:ping'/>`, 'capulet.example')
    assert.ok(refused.child('error')?.child('not-allowed', NS_STANZA_ERRORS))
    await client.bind()
    assert.deepEqual(rig.handler.stanzas, [])
  })

  it('is for those only who may still sign in', async (t) => {
    const rig = await startRig(t)
    const client = await secondStream(rig.directPort)
    rig.accounts.user = async () => ({ disabled: true })
    client.send(`<iq type='set' id='b'><bind xmlns='${NS_BIND}'/></iq>`)
    assert.ok((await client.expectStreamError()).child('not-authorized', NS_STREAM_ERRORS))
    await client.closed()
    assert.equal(rig.handler.sessions.length, 0)
  })

  it('that many want at the same moment goes to the last of them, and nobody fails', async (t) => {
    const rig = await startRig(t)
    const clients = await Promise.all(Array.from({ length: 5 }, () => secondStream(rig.directPort)))
    const bind = `<bind xmlns='${NS_BIND}'><resource>desk</resource></bind>`
    for (const client of clients) client.send(`<iq type='set' id='b'>${bind}</iq>`)
    for (const client of clients) {
      const first = await client.expect(() => true)
      assert.ok(first.child('bind', NS_BIND), String(first))
    }
    const gone = await Promise.all(rig.handler.left.map((session) => session.departure))
    assert.equal(gone.length, 4)
    assert.equal(rig.sessions.count, 1)
    for (const client of clients) client.socket.destroy()
  })
})
