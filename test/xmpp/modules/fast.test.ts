/** XEP-0484: Fast Authentication Streamlining Tokens, with the mechanisms of draft-schmaus-kitten-sasl-ht-09. */
import assert from 'node:assert/strict'
import { createHmac, randomBytes } from 'node:crypto'
import { describe, it, type TestContext } from 'node:test'
import type { BareJid } from '../../../src/core/address.ts'
import { openDirectory } from '../../../src/directory/directory.ts'
import { fastTokenStore } from '../../../src/server/token-store.ts'
import { openDatabase } from '../../../src/storage/database.ts'
import { silentLog } from '../../../src/util/log.ts'
import type { Element } from '../../../src/xml/element.ts'
import { FastTokens } from '../../../src/xmpp/sasl/fast/fast-tokens.ts'
import type { XmppSession } from '../../../src/xmpp/session.ts'
import { disposeAfter } from '../../support/databases.ts'
import { QUICK_ITERATIONS } from '../../support/directory.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { authenticate, NS_SASL2, type SignIn2Options } from '../../support/sasl2-client.ts'
import { XmppClient } from '../../support/xmpp-client.ts'
import { PASSWORD as SYSTEM_PASSWORD, startXmppSystem } from '../../support/xmpp-system.ts'
import { PASSWORD, startRig } from '../rig.ts'

const ACCOUNT = 'juliet@capulet.example' as BareJid
const PHONE = 'd4565fa7-4d72-4749-b3d3-740edbf87770'
const TABLET = 'a3b59d4c-7a4e-4e0b-8a0f-3e0bb4d9bd11'
const DAY_MS = 86_400_000
const NS_FAST = 'urn:xmpp:fast:0'
const NS_SASL = 'urn:ietf:params:xml:ns:xmpp-sasl'
const NONE = 'HT-SHA-256-NONE'

class Fast {
  readonly clock: FakeClock
  readonly directory: Awaited<ReturnType<typeof openDirectory>>
  readonly #t: TestContext
  readonly #port: number

  private constructor(t: TestContext, parts: Pick<Fast, 'clock' | 'directory'> & { port: number }) {
    this.#t = t
    this.clock = parts.clock
    this.directory = parts.directory
    this.#port = parts.port
  }

  static async start(t: TestContext, lifetimeMs = 21 * DAY_MS): Promise<Fast> {
    const clock = new FakeClock()
    const database = disposeAfter(t, await openDatabase('sqlite::memory:', { clock }))
    const directory = await openDirectory(
      { database, clock, log: silentLog },
      { scramIterations: QUICK_ITERATIONS },
    )
    await directory.addDomain('capulet.example')
    await directory.addUser({ account: ACCOUNT, password: PASSWORD })
    const store = fastTokenStore(database)
    const key = randomBytes(32)
    const tokens = new FastTokens({ clock, log: silentLog, store, key, lifetimeMs })
    t.after(() => tokens[Symbol.dispose]())
    const { directPort: port } = await startRig(t, { clock, tokens })
    return new Fast(t, { clock, directory, port })
  }

  async connect(): Promise<XmppClient> {
    const client = await XmppClient.connect({ port: this.#port, direct: true })
    this.#t.after(() => client[Symbol.asyncDispose]())
    return client
  }

  async open(): Promise<{ client: XmppClient; features: Element }> {
    const client = await this.connect()
    return { client, features: await client.open('capulet.example', ACCOUNT) }
  }

  async signIn(options: Partial<SignIn2Options>): Promise<Element> {
    const { client } = await this.open()
    return await client.authenticate2({ jid: ACCOUNT, agent: PHONE, ...options })
  }

  /** Signs in with the password, for a token. */
  async first(mechanism = NONE, agent = PHONE): Promise<string> {
    const wishes = `<request-token xmlns='${NS_FAST}' mechanism='${mechanism}'/>`
    const success = await this.signIn({ password: PASSWORD, wishes, agent })
    const token = tokenOf(success)
    assert.ok(token, String(success))
    return token
  }

  /** Signs in with the token. */
  async fast(token: string, { attrs = '', mechanism = NONE, wishes = '', agent = PHONE } = {}) {
    const fast = `<fast xmlns='${NS_FAST}' ${attrs}/>${wishes}`
    return await this.signIn({ token, mechanism, wishes: fast, agent })
  }
}

function tokenOf(outcome: Element): string | undefined {
  return outcome.child('token', NS_FAST)?.attr('token')
}

/** `success`, or the condition of the failure. */
function said(outcome: Element): string | undefined {
  return outcome.name === 'success' ? 'success' : outcome.child(undefined, NS_SASL)?.name
}

describe('a token', () => {
  it('is offered for mechanisms that are bound to the channel, and for one that is not', async (t) => {
    const { features } = await (await Fast.start(t)).open()
    const inline = features.child('authentication', NS_SASL2)?.child('inline')
    const offered = [...(inline?.child('fast', NS_FAST)?.elements() ?? [])]
    assert.deepEqual(
      offered.map((el) => el.text()),
      ['HT-SHA-256-EXPR', 'HT-SHA-256-ENDP', NONE],
    )
    // Early data never comes (the TLS of Node has none), and is not invited.
    assert.equal(inline?.child('fast', NS_FAST)?.attr('tls-0rtt'), undefined)
  })

  it('is given on demand with its end, and is as good as the password from then on', async (t) => {
    const fast = await Fast.start(t)
    const wishes = `<request-token xmlns='${NS_FAST}' mechanism='${NONE}'/>`
    const success = await fast.signIn({ password: PASSWORD, wishes })
    const given = success.child('token', NS_FAST)
    assert.equal(given?.attr('expiry'), new Date(fast.clock.now() + 21 * DAY_MS).toISOString())
    for (let n = 0; n < 3; n++) {
      const again = await fast.fast(given?.attr('token') ?? '')
      assert.equal(said(again), 'success', String(again))
      assert.equal(tokenOf(again), undefined)
      assert.equal(again.child('authorization-identifier')?.text(), ACCOUNT)
    }
  })

  for (const mechanism of ['HT-SHA-256-EXPR', 'HT-SHA-256-ENDP']) {
    it(`with ${mechanism} is taken on the channel that it is used on, and for nothing weaker`, async (t) => {
      const fast = await Fast.start(t)
      const token = await fast.first(mechanism)
      assert.equal(said(await fast.fast(token, { mechanism })), 'success')
      assert.equal(said(await fast.fast(token)), 'not-authorized')
      const { client } = await fast.open()
      const proof = createHmac('sha256', token)
        .update(`Initiator${'x'.repeat(32)}`)
        .digest()
      const initial = Buffer.concat([Buffer.from('juliet\0'), proof])
      const wishes = `<fast xmlns='${NS_FAST}'/>`
      client.send(authenticate({ jid: ACCOUNT, mechanism, agent: PHONE, wishes }, initial))
      const outcome = await client.expect((el) => el.ns === NS_SASL2)
      assert.equal(said(outcome), 'not-authorized')
    })
  }

  it('is one client’s: no other can use it, and each has its own', async (t) => {
    const fast = await Fast.start(t)
    const [phone, tablet] = [await fast.first(), await fast.first(NONE, TABLET)]
    assert.equal(said(await fast.fast(phone, { agent: TABLET })), 'not-authorized')
    assert.equal(said(await fast.fast(phone)), 'success')
    assert.equal(said(await fast.fast(tablet, { agent: TABLET })), 'success')
  })

  it('is not given to a client without an id, nor for a mechanism that is not offered', async (t) => {
    const fast = await Fast.start(t)
    const request = (mechanism: string) =>
      `<request-token xmlns='${NS_FAST}' mechanism='${mechanism}'/>`
    const { client } = await fast.open()
    const nameless = { jid: ACCOUNT, password: PASSWORD, wishes: request(NONE) }
    assert.equal(tokenOf(await client.authenticate2(nameless)), undefined)
    for (const mechanism of ['HT-SHA-256-UNIQ', 'PLAIN']) {
      const success = await fast.signIn({ password: PASSWORD, wishes: request(mechanism) })
      assert.equal(said(success), 'success')
      assert.equal(tokenOf(success), undefined)
    }
  })

  it('is not given to who cannot sign in', async (t) => {
    const fast = await Fast.start(t)
    const wishes = `<request-token xmlns='${NS_FAST}' mechanism='${NONE}'/>`
    const failure = await fast.signIn({ password: 'wrong', wishes })
    assert.equal(failure.children.length, 1, String(failure))
  })

  it('is replaced by the day, and the old one is good until the new one is used', async (t) => {
    const fast = await Fast.start(t)
    const first = await fast.first()
    fast.clock.advance(DAY_MS)
    const second = tokenOf(await fast.fast(first))
    assert.ok(second && second !== first)
    // The client may not have got it: the connection broke, say. One that was not used is forgotten for a newer.
    const third = tokenOf(await fast.fast(first))
    assert.ok(third && third !== second)
    assert.equal(said(await fast.fast(second)), 'not-authorized')
    assert.equal(said(await fast.fast(third)), 'success')
    assert.equal(said(await fast.fast(first)), 'not-authorized')
  })

  it('ends, and the client is told so', async (t) => {
    const fast = await Fast.start(t)
    const token = await fast.first()
    fast.clock.advance(21 * DAY_MS)
    assert.equal(said(await fast.fast(token)), 'not-authorized') // swept
    const short = await Fast.start(t, 60_000)
    const brief = await short.first()
    short.clock.advance(60_000)
    assert.equal(said(await short.fast(brief)), 'credentials-expired')
  })

  it('ends at the client’s wish, which gets no other then unless it asks for one', async (t) => {
    const fast = await Fast.start(t)
    const token = await fast.first()
    fast.clock.advance(DAY_MS)
    const last = await fast.fast(token, { attrs: `invalidate='true'` })
    assert.equal(said(last), 'success')
    assert.equal(tokenOf(last), undefined)
    assert.equal(said(await fast.fast(token)), 'not-authorized')

    const other = await fast.first()
    const wishes = `<request-token xmlns='${NS_FAST}' mechanism='${NONE}'/>`
    const swapped = tokenOf(await fast.fast(other, { attrs: `invalidate='1'`, wishes }))
    assert.equal(said(await fast.fast(other)), 'not-authorized')
    assert.equal(said(await fast.fast(swapped ?? '')), 'success')
  })

  it('is used once with each count, and never with a lower one', async (t) => {
    const fast = await Fast.start(t)
    const token = await fast.first()
    const used = async (count: string) =>
      said(await fast.fast(token, { attrs: `count='${count}'` }))
    assert.equal(await used('1'), 'success')
    assert.equal(await used('1'), 'not-authorized')
    assert.equal(await used('0'), 'not-authorized')
    assert.equal(await used('17'), 'success')
    assert.equal(await used('-1'), 'malformed-request')
    const invalidate = await fast.fast(token, { attrs: `count='17' invalidate='true'` })
    assert.equal(said(invalidate), 'not-authorized')
    assert.equal(await used('18'), 'success')
  })

  it('ends with the password that it came from, and when the user is disabled', async (t) => {
    const fast = await Fast.start(t)
    const token = await fast.first()
    await fast.directory.setPassword(ACCOUNT, 'another')
    assert.equal(said(await fast.fast(token)), 'not-authorized')
    const second = await fast.first()
    await fast.directory.updateUser(ACCOUNT, { disabled: true })
    await fast.directory.updateUser(ACCOUNT, { disabled: false })
    assert.equal(said(await fast.fast(second)), 'not-authorized')
  })

  it('comes with <fast/>, in a message of its form', async (t) => {
    const fast = await Fast.start(t)
    const token = await fast.first()
    const { client } = await fast.open()
    const bare = { jid: ACCOUNT, token, mechanism: NONE, agent: PHONE }
    assert.equal(said(await client.authenticate2(bare)), 'invalid-mechanism')
    const wishes = `<fast xmlns='${NS_FAST}'/>`
    for (const initial of ['juliet', `\0${'x'.repeat(32)}`, 'juliet\0short']) {
      client.send(authenticate({ ...bare, wishes }, Buffer.from(initial)))
      const outcome = await client.expect((el) => el.ns === NS_SASL2)
      assert.equal(said(outcome), 'malformed-request')
    }
    const { agent, ...nameless } = bare
    assert.equal(
      said(await client.authenticate2({ ...nameless, wishes })),
      'malformed-request',
      agent,
    )
  })

  it('ends with the device that the owner removes, and so does its session', async (t) => {
    const system = await startXmppSystem(t)
    const alice = 'alice@corp.example' as BareJid
    const wishes = `<request-token xmlns='${NS_FAST}' mechanism='${NONE}'/><bind xmlns='urn:xmpp:bind:0'/>`
    const signIn = async (agent: string) => {
      const client = await XmppClient.connect({ port: system.port })
      t.after(() => client[Symbol.asyncDispose]())
      await client.open('corp.example')
      await client.startTls('corp.example')
      await client.open('corp.example', alice)
      await client.authenticate2({ jid: alice, password: SYSTEM_PASSWORD, agent, wishes })
      return client
    }
    const [phone, tablet] = [await signIn(PHONE), await signIn(TABLET)]
    await using plain = await system.connect('alice')
    const { devices } = system.directory
    const listed = await devices.list(alice)
    assert.deepEqual(
      listed.map(({ software, model }) => [software, model]),
      [
        ['Tester', 'A bench'],
        ['Tester', 'A bench'],
      ],
    )
    const [session] = system.sessions.of(alice) as XmppSession[]
    await devices.remove(alice, session?.client ?? '')
    assert.ok(await phone.expectStreamError())
    await tablet.settle()
    await devices.removeAll(alice)
    assert.ok(await tablet.expectStreamError())
    await plain.settle()
    assert.deepEqual(await devices.list(alice), [])
  })

  it('makes a session in one message: sign-in, resource and what is turned on', async (t) => {
    const fast = await Fast.start(t)
    const token = await fast.first()
    const client = await fast.connect()
    client.sendHeader('capulet.example', ACCOUNT)
    const bind = `<bind xmlns='urn:xmpp:bind:0'><enable xmlns='urn:xmpp:sm:3'/></bind>`
    const wishes = `<fast xmlns='${NS_FAST}'/>${bind}`
    const proof = createHmac('sha256', token).update('Initiator').digest()
    const initial = Buffer.concat([Buffer.from('juliet\0'), proof])
    const begin = authenticate({ jid: ACCOUNT, mechanism: NONE, agent: PHONE, wishes }, initial)
    client.send(`${begin}<iq type='get' id='first'/>`)
    const success = await client.expect((el) => el.is('success', NS_SASL2))
    assert.match(success.child('authorization-identifier')?.text() ?? '', /^juliet@.*\/./)
    await client.expect((el) => el.attr('id') === 'first')
  })
})
