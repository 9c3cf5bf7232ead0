/** Who gets a message, and who else may be asked what: RFC 6121 §8. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Element } from '../../src/xml/element.ts'
import type { XmppClient } from '../support/xmpp-client.ts'
import { condition, jidOf, startXmppSystem, type XmppSystem } from '../support/xmpp-system.ts'

const bobsJid = 'bob@corp.example'
const TYPES = ['normal', 'chat', 'groupchat', 'headline'] as const

const bodies = (stanzas: readonly Element[]) =>
  stanzas.filter(({ name }) => name === 'message').map((stanza) => stanza.child('body')?.text())

/** What becomes of a message of each type: `error`, or those of the clients that got it, or `silence`. */
async function fates(alice: XmppClient, to: string, clients: Readonly<Record<string, XmppClient>>) {
  const fate: Record<string, string> = {}
  for (const type of TYPES) {
    alice.send(`<message type='${type}' id='m-${type}' to='${to}'><body>${type}</body></message>`)
    const answers = await alice.settle()
    const receivers: string[] = []
    for (const [name, client] of Object.entries(clients)) {
      const got = await client.settle()
      if (got.length > 0) receivers.push(name)
      for (const stanza of got) assert.equal(stanza.attr('to'), to, 'to is never rewritten')
    }
    const errors = answers.map(condition)
    fate[type] = [...errors, ...receivers].join(', ') || 'silence'
  }
  return fate
}

const UNAVAILABLE = 'cancel service-unavailable'

/** Table 1 of §8.5.4; where it leaves a choice, what this server chose. */
describe('a message (§8.5.4)', () => {
  it('to nobody', async (t) => {
    const system = await startXmppSystem(t)
    await using alice = await system.online('alice')
    const expected = {
      normal: UNAVAILABLE,
      chat: UNAVAILABLE,
      groupchat: UNAVAILABLE,
      headline: 'silence',
    }
    assert.deepEqual(await fates(alice, 'nobody@corp.example', {}), expected)
    assert.deepEqual(await fates(alice, 'nobody@corp.example/desk', {}), expected)
  })

  it('to somebody without resources is stored, refused or dropped', async (t) => {
    const system = await startXmppSystem(t)
    await using alice = await system.online('alice')
    assert.deepEqual(await fates(alice, bobsJid, {}), {
      normal: 'silence',
      chat: 'silence',
      groupchat: UNAVAILABLE,
      headline: 'silence',
    })
    await using bob = await system.connect('bob')
    bob.send('<presence/>')
    assert.deepEqual(bodies(await bob.settle()), ['normal', 'chat'])
  })

  it('to a bare JID goes to non-negative resources only', async (t) => {
    const system = await startXmppSystem(t)
    await using alice = await system.online('alice')
    await using low = await system.online('bob', 'low', '<priority>-1</priority>')
    await using mute = await system.connect('bob', 'mute')
    const nobody = { low, mute }
    assert.deepEqual(await fates(alice, bobsJid, nobody), {
      normal: 'silence', // stored
      chat: 'silence', // stored
      groupchat: UNAVAILABLE,
      headline: 'silence',
    })
    await using desk = await system.online('bob', 'desk')
    await using phone = await system.online('bob', 'phone', '<priority>9</priority>')
    for (const client of [low, mute, desk]) await client.settle()
    assert.deepEqual(await fates(alice, bobsJid, { ...nobody, desk, phone }), {
      normal: 'desk, phone',
      chat: 'desk, phone',
      groupchat: UNAVAILABLE,
      headline: 'desk, phone',
    })
  })

  it('to a full JID goes there, whatever its priority', async (t) => {
    const system = await startXmppSystem(t)
    await using alice = await system.online('alice')
    await using low = await system.online('bob', 'low', '<priority>-1</priority>')
    await using desk = await system.online('bob', 'desk')
    await using mute = await system.connect('bob', 'mute')
    await low.settle()
    const clients = { low, desk, mute }
    for (const name of Object.keys(clients)) {
      const there = { normal: name, chat: name, groupchat: name, headline: name }
      assert.deepEqual(await fates(alice, `${bobsJid}/${name}`, clients), there)
    }
  })

  it('to a resource that is gone is for the person only where it is chat (§8.5.3.2.1)', async (t) => {
    const system = await startXmppSystem(t)
    await using alice = await system.online('alice')
    await using desk = await system.online('bob', 'desk')
    assert.deepEqual(await fates(alice, `${bobsJid}/gone`, { desk }), {
      normal: UNAVAILABLE,
      chat: 'desk',
      groupchat: UNAVAILABLE,
      headline: UNAVAILABLE,
    })
  })

  it('of type error is never answered', async (t) => {
    const system = await startXmppSystem(t)
    await using alice = await system.online('alice')
    await using bob = await system.online('bob')
    const error = (to: string) =>
      `<message type='error' to='${to}'><error type='cancel'><gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>`
    for (const to of [
      bobsJid,
      `${bobsJid}/gone`,
      'nobody@corp.example',
      'x@elsewhere.example',
      'corp.example',
    ]) {
      alice.send(error(to))
    }
    assert.deepEqual(await alice.settle(), [])
    assert.deepEqual(await bob.settle(), [])
    alice.send(error(`${bobsJid}/desk`))
    await alice.settle()
    assert.equal((await bob.settle())[0]?.attr('type'), 'error')
  })

  it('comes with all that the sender put in, from his full JID', async (t) => {
    const system = await startXmppSystem(t)
    await using alice = await system.online('alice')
    await using bob = await system.online('bob')
    alice.send(
      `<message to='${bobsJid}' id='m1' xml:lang='en'><subject>S</subject><body>Hi &amp; bye</body><thread parent='p'>t1</thread><x xmlns='urn:x' y='1'><z/></x></message>`,
    )
    const message = await bob.expectMessage('Hi & bye')
    assert.equal(message.attr('from'), alice.jid)
    assert.equal(message.attr('id'), 'm1')
    assert.equal(message.attr('xml:lang'), 'en')
    assert.equal(message.child('thread')?.attr('parent'), 'p')
    assert.equal(message.child('x', 'urn:x')?.attr('y'), '1')
    assert.ok(message.child('x', 'urn:x')?.child('z'))
  })

  it('without an address is for oneself (RFC 6120 §10.3.1)', async (t) => {
    const system = await startXmppSystem(t)
    await using alice = await system.online('alice')
    alice.send('<message type="chat"><body>note</body></message>')
    assert.equal((await alice.expectMessage('note')).attr('to'), 'alice@corp.example')
  })

  it('to a domain that is not ours, or to ours itself, is refused', async (t) => {
    const system = await startXmppSystem(t)
    await using alice = await system.online('alice')
    for (const [to, expected] of [
      ['x@elsewhere.example', 'cancel remote-server-not-found'],
      ['corp.example', UNAVAILABLE],
    ]) {
      alice.send(`<message to='${to}'><body>Hi</body></message>`)
      const [refused] = await alice.settle()
      assert.equal(refused && condition(refused), expected)
      assert.equal(refused?.attr('from'), to)
    }
  })
})

describe('messages keep their order', () => {
  it('also where they are of several kinds (RFC 6120 §10.1)', async (t) => {
    const system = await startXmppSystem(t)
    await using alice = await system.online('alice')
    await using bob = await system.online('bob')
    const numbers = Array.from({ length: 200 }, (_, n) => String(n))
    alice.send(
      numbers
        .map((n) => `<message to='${bobsJid}' type='chat'><body>${n}</body></message>`)
        .join(''),
    )
    await alice.settle()
    assert.deepEqual(bodies(await bob.settle()), numbers)
  })
})

describe('an iq (§8.5.3)', () => {
  const ping = `<ping xmlns='urn:xmpp:ping'/>`

  async function ask(system: XmppSystem, to: string) {
    await using alice = await system.connect('alice', 'asker')
    return condition(await alice.iq('get', ping, to))
  }

  it('to somebody’s bare JID is answered for him, to a resource that is not there refused', async (t) => {
    const system = await startXmppSystem(t)
    await using _bob = await system.online('bob')
    assert.equal(await ask(system, bobsJid), UNAVAILABLE)
    assert.equal(await ask(system, `${bobsJid}/gone`), UNAVAILABLE)
    assert.equal(await ask(system, 'nobody@corp.example'), UNAVAILABLE)
    assert.equal(await ask(system, 'elsewhere.example'), 'cancel remote-server-not-found')
  })

  it('to a client comes to it only from those to whom its user shows himself', async (t) => {
    const system = await startXmppSystem(t)
    await using bob = await system.online('bob')
    assert.equal(await ask(system, `${bobsJid}/desk`), UNAVAILABLE)
    assert.deepEqual(await bob.settle(), [])

    await system.put('bob', { contact: jidOf('alice'), subscription: 'from' })
    await using alice = await system.connect('alice')
    alice.send(`<iq type='get' id='q1' to='${bobsJid}/desk'>${ping}</iq>`)
    const question = await bob.expect((stanza) => stanza.attr('id') === 'q1')
    assert.equal(question.attr('from'), alice.jid)
    bob.send(`<iq type='result' id='q1' to='${alice.jid}'/>`)
    const answer = await alice.expect((stanza) => stanza.attr('id') === 'q1')
    assert.equal(answer.attr('from'), `${bobsJid}/desk`)
  })

  it('to a client that sent directed presence comes to it, too', async (t) => {
    const system = await startXmppSystem(t)
    await using alice = await system.online('alice')
    await using bob = await system.online('bob')
    bob.send(`<presence to='${alice.jid}'/>`)
    await bob.settle()
    alice.send(`<iq type='get' id='q1' to='${bobsJid}/desk'>${ping}</iq>`)
    await bob.expect((stanza) => stanza.attr('id') === 'q1')
  })

  it('of type result or error that nobody waits for is dropped', async (t) => {
    const system = await startXmppSystem(t)
    await using alice = await system.online('alice')
    for (const to of ['', ` to='corp.example'`, ` to='${bobsJid}'`, ` to='${bobsJid}/gone'`]) {
      alice.send(`<iq type='result' id='r1'${to}/><iq type='error' id='r2'${to}/>`)
    }
    assert.deepEqual(await alice.settle(), [])
  })
})
