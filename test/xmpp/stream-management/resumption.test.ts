/** XEP-0198 over real sockets: acknowledgements, resumption, and what becomes of sessions that nobody resumes. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { metrics } from '../../../src/util/metrics.ts'
import type { Element } from '../../../src/xml/element.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { ManagedClient } from '../../support/managed-client.ts'
import { XmppClient } from '../../support/xmpp-client.ts'
import { PASSWORD, type Rig, startRig } from '../rig.ts'

const JULIET = { jid: 'juliet@capulet.example', password: PASSWORD, mechanism: 'PLAIN' }
const ROMEO = { jid: 'romeo@montague.example', password: PASSWORD, mechanism: 'PLAIN' }
const NS_SM = 'urn:xmpp:sm:3'
const NS_STREAM_ERRORS = 'urn:ietf:params:xml:ns:xmpp-streams'
const NS_STANZA_ERRORS = 'urn:ietf:params:xml:ns:xmpp-stanzas'
const PLAIN = { config: { plaintextAuth: true } }

const is = (name: string) => (element: Element) => element.ns === NS_SM && element.name === name

async function enable(client: XmppClient, wish = `resume='true'`): Promise<Element> {
  client.send(`<enable xmlns='${NS_SM}' ${wish}/>`)
  return await client.expect(({ ns, name }) => ns === NS_SM && /enabled|failed/.test(name))
}

async function resume(client: XmppClient, id: string, h: number): Promise<Element> {
  client.send(`<resume xmlns='${NS_SM}' previd='${id}' h='${h}'/>`)
  return await client.expect(({ ns, name }) => ns === NS_SM && /resumed|failed/.test(name))
}

async function managed(rig: Rig, who = JULIET): Promise<{ client: XmppClient; id: string }> {
  const client = await XmppClient.signIn(rig, { ...who, resource: 'desk' })
  return { client, id: (await enable(client)).attr('id') ?? '' }
}

/** Resolves when the server waits for the client to come back. */
async function cut(client: XmppClient): Promise<void> {
  await client.cut()
  while (/ 0$/m.test(await metrics.getSingleMetricAsString('heliograph_xmpp_sessions_waiting'))) {
    await new Promise(setImmediate)
  }
}

describe('acknowledgement', () => {
  it('is enabled on a stream with a resource, once', async (t) => {
    const rig = await startRig(t, PLAIN)
    const early = await XmppClient.authenticated(rig, JULIET)
    assert.ok((await enable(early)).child('unexpected-request', NS_STANZA_ERRORS))
    await early.bind()
    assert.deepEqual({ ...(await enable(early, '')).attrs }, {})
    assert.ok((await enable(early, '')).child('unexpected-request', NS_STANZA_ERRORS))
    assert.ok((await early.expectStreamError()).child('policy-violation', NS_STREAM_ERRORS))
    await early.closed()
  })

  it('counts the stanzas of the client, answered or not, when they have been handled', async (t) => {
    const rig = await startRig(t, PLAIN)
    const { client } = await managed(rig)
    const handled = Promise.withResolvers<void>()
    rig.handler.answer = async () => handled.promise
    client.send(`<message to='romeo@montague.example'/><r xmlns='${NS_SM}'/>`)
    while (rig.handler.stanzas.length === 0) await new Promise(setImmediate)
    handled.resolve()
    assert.equal((await client.expect(is('a'))).attr('h'), '1')
    client.send(`<iq type='wrong' id='x'/><presence/><r xmlns='${NS_SM}'/>`)
    assert.equal((await client.expect(is('a'))).attr('h'), '3', 'a refused stanza has been handled')
    await client[Symbol.asyncDispose]()
  })

  it('of more than was sent ends the stream and says how many there were', async (t) => {
    const rig = await startRig(t, PLAIN)
    const { client } = await managed(rig)
    rig.handler.sessions[0]?.send('<message/>')
    client.send(`<a xmlns='${NS_SM}' h='3'/>`)
    const error = await client.expectStreamError()
    assert.ok(error.child('undefined-condition', NS_STREAM_ERRORS))
    const detail = error.child('handled-count-too-high', NS_SM)
    assert.deepEqual([detail?.attr('h'), detail?.attr('send-count')], ['3', '1'])
    await client.closed()
  })

  for (const h of ['', 'x', '-1', '4294967296', '1.5']) {
    it(`of ‘${h}’ stanzas is none`, async (t) => {
      const rig = await startRig(t, PLAIN)
      const { client } = await managed(rig)
      client.send(`<a xmlns='${NS_SM}' h='${h}'/><r xmlns='${NS_SM}'/>`)
      assert.equal((await client.expect(is('a'))).attr('h'), '0')
      await client[Symbol.asyncDispose]()
    })
  }

  it('that is missing too long for too much ends the session', async (t) => {
    const rig = await startRig(t, { config: { plaintextAuth: true, maxUnacknowledged: 10 } })
    const { client } = await managed(rig)
    for (let n = 0; n <= 10; n += 1) rig.handler.sessions[0]?.send(`<message id='${n}'/>`)
    assert.ok((await client.expectStreamError()).child('resource-constraint', NS_STREAM_ERRORS))
    await client.closed()
    assert.equal(rig.sessions.count, 0)
    assert.equal(rig.handler.returned.length, 11)
  })
})

describe('resumption', () => {
  it('gives the client its session, and what it has not got', async (t) => {
    const rig = await startRig(t, PLAIN)
    const { client, id } = await managed(rig)
    const session = rig.handler.sessions[0]
    for (const n of [1, 2, 3]) session?.send(`<message id='${n}'/>`)
    await client.expect(({ attrs }) => attrs.id === '3')
    client.send('<message id="up"/>')
    await rigHeard(rig, 1)
    await cut(client)
    session?.send(`<message id='4'/>`)
    assert.equal(rig.sessions.count, 1)
    assert.deepEqual(rig.handler.left, [])
    const next = await XmppClient.authenticated(rig, JULIET)
    const resumed = await resume(next, id, 2)
    assert.deepEqual(
      [resumed.name, resumed.attr('previd'), resumed.attr('h')],
      ['resumed', id, '1'],
    )
    const got = [await next.expectMessage(), await next.expectMessage()]
    assert.deepEqual(
      got.map((message) => message.attr('id')),
      ['3', '4'],
    )
    await next.expect(is('r'))
    session?.send(`<message id='5'/>`)
    await next.expect(({ attrs }) => attrs.id === '5')
    assert.deepEqual(rig.handler.sessions.length, 1, 'no other session has begun')
    await next[Symbol.asyncDispose]()
    assert.equal(rig.sessions.count, 0)
  })

  it('takes a session from a stream that is still there', async (t) => {
    const rig = await startRig(t, PLAIN)
    const { client, id } = await managed(rig)
    const next = await XmppClient.authenticated(rig, JULIET)
    assert.equal((await resume(next, id, 0)).name, 'resumed')
    assert.ok((await client.expectStreamError()).child('conflict', NS_STREAM_ERRORS))
    await client.closed()
    assert.equal((await next.iq('get', '<ping xmlns="urn:xmpp:ping"/>')).attr('type'), 'result')
    assert.deepEqual(rig.handler.left, [])
    await next[Symbol.asyncDispose]()
  })

  it('waits for the stanza that is being worked on, and counts it', async (t) => {
    const rig = await startRig(t, PLAIN)
    const { client, id } = await managed(rig)
    const handled = Promise.withResolvers<void>()
    rig.handler.answer = () => handled.promise
    client.send('<message/>')
    await rigHeard(rig, 1)
    await client.cut()
    const next = await XmppClient.authenticated(rig, JULIET)
    const answer = resume(next, id, 0)
    let answered = false
    void answer.then(() => {
      answered = true
    })
    // A stream beside it is served meanwhile: the answer would have come.
    await (await XmppClient.signIn(rig, { ...ROMEO, resource: 'street' })).cut()
    assert.equal(answered, false)
    handled.resolve()
    assert.equal((await answer).attr('h'), '1')
    await next[Symbol.asyncDispose]()
  })

  it('is for the account that began the session only', async (t) => {
    const rig = await startRig(t, PLAIN)
    const { client, id } = await managed(rig)
    const romeo = await XmppClient.authenticated(rig, { ...ROMEO, jid: 'romeo@montague.example' })
    assert.ok((await resume(romeo, id, 0)).child('item-not-found', NS_STANZA_ERRORS))
    await romeo.bind('street')
    assert.ok((await resume(romeo, id, 0)).child('unexpected-request', NS_STANZA_ERRORS))
    await client[Symbol.asyncDispose]()
    await romeo[Symbol.asyncDispose]()
  })

  it('with a count that is too high is refused, and the session stays', async (t) => {
    const rig = await startRig(t, PLAIN)
    const { client, id } = await managed(rig)
    await client.cut()
    const liar = await XmppClient.authenticated(rig, JULIET)
    liar.send(`<resume xmlns='${NS_SM}' previd='${id}' h='7'/>`)
    assert.ok((await liar.expectStreamError()).child('undefined-condition', NS_STREAM_ERRORS))
    await liar.closed()
    const next = await XmppClient.authenticated(rig, JULIET)
    assert.equal((await resume(next, id, 0)).name, 'resumed')
    await next[Symbol.asyncDispose]()
  })

  it('is not for a stream that was closed, but says what it had handled', async (t) => {
    const rig = await startRig(t, PLAIN)
    const { client, id } = await managed(rig)
    client.send('<message/><message/>')
    await client[Symbol.asyncDispose]()
    const next = await XmppClient.authenticated(rig, JULIET)
    const failed = await resume(next, id, 0)
    assert.deepEqual([failed.name, failed.attr('h')], ['failed', '2'])
    await next.bind()
    await next[Symbol.asyncDispose]()
  })

  it('is over when the time is, and then what was not acknowledged comes back', async (t) => {
    const clock = new FakeClock()
    const rig = await startRig(t, { ...PLAIN, clock })
    const { client, id } = await managed(rig)
    const [session] = rig.handler.sessions
    session?.send(`<message id='1'/>`)
    await cut(client)
    clock.advance(299_999)
    assert.equal(rig.sessions.count, 1)
    clock.advance(1)
    assert.equal(rig.sessions.count, 0)
    await session?.departure
    assert.deepEqual(rig.handler.returned, [`<message id='1'/>`])
    const next = await XmppClient.authenticated(rig, JULIET)
    assert.equal((await resume(next, id, 1)).name, 'failed')
    await next[Symbol.asyncDispose]()
  })

  it('waits no longer than the client wants, nor than the operator lets it', async (t) => {
    const rig = await startRig(t, PLAIN)
    const short = await XmppClient.signIn(rig, JULIET)
    assert.equal((await enable(short, `resume='1' max='60'`)).attr('max'), '60')
    const long = await XmppClient.signIn(rig, JULIET)
    assert.equal((await enable(long, `resume='true' max='86400'`)).attr('max'), '300')
    for (const client of [short, long]) await client[Symbol.asyncDispose]()
    const never = await startRig(t, { config: { plaintextAuth: true, resumeForMs: 0 } })
    const client = await XmppClient.signIn(never, JULIET)
    assert.equal((await enable(client)).attr('resume'), undefined)
    await client.cut()
    while (never.sessions.count > 0) await new Promise(setImmediate)
  })

  it('makes room for a new session with the same resource', async (t) => {
    const rig = await startRig(t, PLAIN)
    const { client } = await managed(rig)
    rig.handler.sessions[0]?.send(`<message id='1'/>`)
    await cut(client)
    const next = await XmppClient.signIn(rig, { ...JULIET, resource: 'desk' })
    assert.equal(next.jid, 'juliet@capulet.example/desk')
    assert.deepEqual(rig.handler.returned, [`<message id='1'/>`])
    assert.equal(rig.sessions.count, 1)
    await next[Symbol.asyncDispose]()
  })

  it('does not keep the server from stopping', async (t) => {
    const rig = await startRig(t, PLAIN)
    const { client } = await managed(rig)
    rig.handler.sessions[0]?.send(`<message id='1'/>`)
    await cut(client)
    await rig.c2s[Symbol.asyncDispose]()
    assert.deepEqual(rig.handler.returned, [`<message id='1'/>`])
    assert.equal(rig.handler.left.length, 1)
  })
})

it('nothing is lost and nothing comes twice, both ways, wherever the connection breaks', async (t) => {
  const rig = await startRig(t, PLAIN)
  const cuts = fc.array(fc.record({ up: fc.nat(4), down: fc.nat(4), bytes: fc.nat(60) }), {
    maxLength: 6,
  })
  await fc.assert(
    fc.asyncProperty(cuts, async (rounds) => {
      await roundsOf(rig, rounds)
    }),
    { numRuns: 15 },
  )
})

async function roundsOf(rig: Rig, rounds: { up: number; down: number; bytes: number }[]) {
  rig.handler.stanzas.length = 0
  const client = new ManagedClient()
  await client.begin(await XmppClient.authenticated(rig, JULIET))
  const session = rig.handler.sessions.at(-1)
  let up = 0
  let down = 0
  const message = (n: number) =>
    `<message id='m${n}' to='romeo@montague.example'><body>${n}</body></message>`
  for (const round of rounds) {
    for (let n = 0; n < round.up; n += 1) client.send(message(up++))
    for (let n = 0; n < round.down; n += 1) session?.send(message(down++))
    await client.breakWithin(message(up++), round.bytes)
    session?.send(message(down++))
    await client.resume(await XmppClient.authenticated(rig, JULIET))
  }
  await client.acknowledged()
  await client.until((received) => received.length >= down)
  const numbers = (stanzas: readonly Element[]) =>
    stanzas.map((stanza) => stanza.child('body')?.text())
  const upTo = (count: number) => Array.from({ length: count }, (_, n) => String(n))
  assert.deepEqual(numbers(rig.handler.stanzas), upTo(up))
  assert.deepEqual(numbers(client.received), upTo(down))
  await client.cut()
  session?.close()
  await session?.departure
}

/** Resolves when so many stanzas have come. */
async function rigHeard(rig: Rig, count: number): Promise<void> {
  while (rig.handler.stanzas.length < count) await new Promise(setImmediate)
}
