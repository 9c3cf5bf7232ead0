/** XEP-0386: Bind 2, with XEP-0198 (Stream Management) and XEP-0352 (Client State Indication) in the sign-in of XEP-0388. */
import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { type Element, xml } from '../../../src/xml/element.ts'
import type { XmppSession } from '../../../src/xmpp/session.ts'
import { XmppClient } from '../../support/xmpp-client.ts'
import { PASSWORD, type Rig, type RigOptions, startRig } from '../rig.ts'

const ACCOUNT = 'juliet@capulet.example'
const JULIET = { jid: ACCOUNT, password: PASSWORD, mechanism: 'PLAIN' }
const PHONE = 'd4565fa7-4d72-4749-b3d3-740edbf87770'
const TABLET = 'a3b59d4c-7a4e-4e0b-8a0f-3e0bb4d9bd11'
const NS_BIND2 = 'urn:xmpp:bind:0'
const NS_SM = 'urn:xmpp:sm:3'
const NS_STREAM = 'http://etherx.jabber.org/streams'
const NS_BIND = 'urn:ietf:params:xml:ns:xmpp-bind'
const NS_STANZA_ERRORS = 'urn:ietf:params:xml:ns:xmpp-stanzas'
const NS_STREAM_ERRORS = 'urn:ietf:params:xml:ns:xmpp-streams'

const bind = (inside = '') => `<bind xmlns='${NS_BIND2}'>${inside}</bind>`
const ENABLE = `<enable xmlns='${NS_SM}' resume='true'/>`

class Clients {
  readonly #t: TestContext
  readonly rig: Rig

  constructor(t: TestContext, rig: Rig) {
    this.#t = t
    this.rig = rig
  }

  async connect(): Promise<XmppClient> {
    const client = await XmppClient.connect({ port: this.rig.directPort, direct: true })
    this.#t.after(() => client[Symbol.asyncDispose]())
    await client.open('capulet.example', ACCOUNT)
    return client
  }

  async signIn(wishes: string, agent?: string): Promise<{ client: XmppClient; success: Element }> {
    const client = await this.connect()
    const options = { ...JULIET, wishes, ...(agent !== undefined && { agent }) }
    const success = await client.authenticate2(options)
    assert.equal(success.name, 'success', String(success))
    return { client, success }
  }
}

async function start(t: TestContext, options: RigOptions = {}): Promise<Clients> {
  return new Clients(t, await startRig(t, options))
}

function resourceOf(client: XmppClient): string {
  return client.jid.slice(client.jid.indexOf('/') + 1)
}

describe('a resource in the sign-in', () => {
  it('is named by the client’s tag and the server, and the stream goes on with stanzas', async (t) => {
    const { client, success } = await (await start(t)).signIn(bind('<tag>AwesomeXMPP</tag>'))
    assert.ok(success.child('bound', NS_BIND2))
    assert.match(resourceOf(client), /^AwesomeXMPP\/[\w-]{16}$/)
    const features = await client.expect((el) => el.is('features', NS_STREAM))
    assert.equal(features.child('bind', NS_BIND), undefined)
    await client.settle()
  })

  it('is the same for the same installation, and tells nobody which that is', async (t) => {
    const clients = await start(t)
    const names: string[] = []
    for (const agent of [PHONE, TABLET, PHONE.toUpperCase(), undefined, undefined]) {
      const { client } = await clients.signIn(bind('<tag>A</tag>'), agent)
      names.push(resourceOf(client))
      await client[Symbol.asyncDispose]()
    }
    assert.equal(names[0], names[2])
    assert.equal(new Set(names).size, 4)
    assert.ok(names.every((name) => !PHONE.includes(name.slice(2)) && !name.includes(PHONE)))
  })

  it('goes without a tag that cannot be part of one', async (t) => {
    const clients = await start(t)
    for (const tag of ['', '  ', 'soft\u200bhyphen']) {
      const { client } = await clients.signIn(bind(`<tag>${tag}</tag>`))
      assert.match(resourceOf(client), /^[\w-]{16}$/, tag)
    }
  })

  it('ends the session that the same client had, by whatever name', async (t) => {
    const clients = await start(t, { config: { maxResourcesPerUser: 2 } })
    const { client: first } = await clients.signIn(bind('<tag>Old</tag>'), PHONE)
    const { client: other } = await clients.signIn(bind('<tag>Old</tag>'), TABLET)
    const { client: second } = await clients.signIn(bind('<tag>New</tag>'), PHONE)
    assert.ok((await first.expectStreamError()).child('conflict', NS_STREAM_ERRORS))
    await first.closed()
    assert.match(second.jid, /\/New\//)
    await other.settle()
    assert.deepEqual(
      clients.rig.sessions.of(second.jid.split('/')[0] as never).map(({ resource }) => resource),
      [resourceOf(other), resourceOf(second)],
    )
  })

  it('is refused where there are too many, and the client has signed in all the same', async (t) => {
    const clients = await start(t, { config: { maxResourcesPerUser: 1 } })
    const { client: first } = await clients.signIn(bind())
    const { client, success } = await clients.signIn(bind())
    const refused = success.child('failed', NS_BIND2)
    assert.ok(refused?.child('resource-constraint', NS_STANZA_ERRORS), String(success))
    assert.equal(success.child('authorization-identifier')?.text(), ACCOUNT)
    const features = await client.expect((el) => el.is('features', NS_STREAM))
    assert.ok(features.child('bind', NS_BIND))
    await first[Symbol.asyncDispose]()
    await client.bind()
  })

  it('is not bound by a sign-in that fails', async (t) => {
    const clients = await start(t)
    const client = await clients.connect()
    await client.authenticate2({ ...JULIET, password: 'wrong', wishes: bind() })
    assert.equal(clients.rig.sessions.count, 0)
  })
})

describe('what is turned on with a resource', () => {
  it('is stream management, from the first stanza on', async (t) => {
    const clients = await start(t)
    const { client, success } = await clients.signIn(bind(ENABLE))
    const enabled = success.child('bound', NS_BIND2)?.child('enabled', NS_SM)
    assert.equal(enabled?.attr('resume'), 'true')
    // @xmpp/client takes up whatever is offered.
    const features = await client.expect((el) => el.is('features', NS_STREAM))
    assert.equal(features.child('sm', NS_SM), undefined)
    await client.settle()
    client.send(`<r xmlns='${NS_SM}'/>`)
    assert.equal((await client.expect((el) => el.is('a', NS_SM))).attr('h'), '1')
  })

  it('is inactivity, in which presence can wait', async (t) => {
    const clients = await start(t)
    const { client } = await clients.signIn(bind(`<inactive xmlns='urn:xmpp:csi:0'/>`))
    const [session] = clients.rig.handler.sessions
    for (const show of ['away', 'dnd']) {
      session?.send(`<presence from='romeo@montague.example/x'><show>${show}</show></presence>`)
    }
    session?.send(`<message from='romeo@montague.example/x'><body>now</body></message>`)
    const presence = await client.expectPresence('available')
    assert.equal(presence.child('show')?.text(), 'dnd')
    await client.expectMessage('now')
    assert.equal((await client.settle()).filter(({ name }) => name === 'presence').length, 0)
  })

  it('is what modules offer by their names, with what they have to say', async (t) => {
    const asked: [XmppSession, Element][] = []
    const clients = await start(t, {
      bindFeatures: [
        {
          ns: 'urn:example:quiet',
          enable(session, wish) {
            asked.push([session, wish])
            return undefined
          },
        },
        { ns: 'urn:example:loud', enable: () => xml('loud', { xmlns: 'urn:example:loud' }) },
      ],
    })
    const wishes = `<enable xmlns='urn:example:quiet' how='so'/><enable xmlns='urn:example:loud'/><enable xmlns='urn:example:unknown'/>`
    const { client, success } = await clients.signIn(bind(wishes))
    const bound = success.child('bound', NS_BIND2)
    assert.equal(bound?.children.length, 1)
    assert.ok(bound?.child('loud', 'urn:example:loud'))
    assert.equal(asked[0]?.[0].jid.full, client.jid)
    assert.equal(asked[0]?.[1].attr('how'), 'so')
  })
})

describe('a session that goes on with the sign-in', () => {
  async function broken(clients: Clients): Promise<{ id: string; jid: string }> {
    const { client, success } = await clients.signIn(bind(`<tag>A</tag>${ENABLE}`), PHONE)
    const enabled = success.child('bound', NS_BIND2)?.child('enabled', NS_SM)
    await client.settle()
    await client.cut()
    return { id: enabled?.attr('id') ?? '', jid: client.jid }
  }
  const resume = (id: string, h = 0) => `<resume xmlns='${NS_SM}' previd='${id}' h='${h}'/>`

  it('gets what it has not got, and neither resource nor features', async (t) => {
    const clients = await start(t)
    const { id, jid } = await broken(clients)
    clients.rig.handler.sessions[0]?.send(
      `<message from='romeo@montague.example/x'><body>wait</body></message>`,
    )
    const { client, success } = await clients.signIn(resume(id, 1) + bind(ENABLE), PHONE)
    assert.equal(success.child('resumed', NS_SM)?.attr('h'), '1')
    assert.equal(success.child('resumed', NS_SM)?.attr('previd'), id)
    assert.equal(success.child('bound', NS_BIND2), undefined)
    assert.equal(client.jid, jid)
    await client.expectMessage('wait')
    const unread = await client.settle()
    assert.ok(
      unread.every((el) => !el.is('features', NS_STREAM)),
      unread.join(' '),
    )
    assert.equal(clients.rig.sessions.count, 1)
  })

  it('is told where it cannot, and the client gets a resource with the same sign-in', async (t) => {
    const clients = await start(t)
    const { success } = await clients.signIn(resume('gone') + bind(ENABLE))
    const failed = success.child('failed', NS_SM)
    assert.ok(failed?.child('item-not-found', NS_STANZA_ERRORS), String(success))
    assert.ok(success.child('bound', NS_BIND2)?.child('enabled', NS_SM))
  })

  it('is told where it cannot, and the client may ask for a resource later', async (t) => {
    const clients = await start(t)
    const { client, success } = await clients.signIn(resume('gone'))
    assert.ok(success.child('failed', NS_SM))
    assert.ok((await client.expect((el) => el.is('features', NS_STREAM))).child('bind', NS_BIND))
    await client.bind()
  })

  it('is left alone by a sign-in that fails', async (t) => {
    const clients = await start(t)
    const { id } = await broken(clients)
    const client = await clients.connect()
    await client.authenticate2({ ...JULIET, password: 'wrong', wishes: resume(id) })
    const { success } = await clients.signIn(resume(id, 1))
    assert.ok(success.child('resumed', NS_SM))
  })

  it('ends the stream where the client counts more than there was', async (t) => {
    const clients = await start(t)
    const { id } = await broken(clients)
    const client = await clients.connect()
    await assert.rejects(client.authenticate2({ ...JULIET, wishes: resume(id, 99) }))
    const error = await client.expectStreamError()
    assert.ok(error.child('handled-count-too-high', NS_SM), String(error))
  })
})
