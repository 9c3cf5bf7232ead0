/** XEP-0191: what a client asks and is told; what a block does to presence is in the scenarios. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createLog } from '../../../src/util/log.ts'
import type { Element } from '../../../src/xml/element.ts'
import type { XmppClient } from '../../support/xmpp-client.ts'
import {
  condition,
  presences,
  startXmppSystem,
  type XmppSystem,
} from '../../support/xmpp-system.ts'

const NS = 'urn:xmpp:blocking'
const alicesJid = 'alice@corp.example'
const bobsJid = 'bob@corp.example'

function command(name: 'block' | 'unblock', ...jids: string[]): string {
  return `<${name} xmlns='${NS}'>${jids.map((jid) => `<item jid='${jid}'/>`).join('')}</${name}>`
}

async function list(client: XmppClient): Promise<string[]> {
  const result = await client.iq('get', `<blocklist xmlns='${NS}'/>`)
  return jidsOf(result.child('blocklist', NS))
}

function jidsOf(element: Element | undefined): string[] {
  return [...(element?.elements() ?? [])].map((item) => item.attr('jid') ?? '')
}

/** `block` and `unblock` pushes, in a few words each. */
function pushes(stanzas: readonly Element[]): string[] {
  return stanzas.flatMap((stanza) => {
    const [payload] = stanza.elements()
    return payload?.ns === NS ? [[payload.name, ...jidsOf(payload)].join(' ')] : []
  })
}

async function refusal(client: XmppClient, payload: string): Promise<string> {
  return condition(await client.iq('set', payload))
}

describe('the block list', () => {
  it('is kept, and told to the clients that asked for it (§3.2, §3.3)', async (t) => {
    const system = await startXmppSystem(t)
    await using alice = await system.online('alice')
    await using phone = await system.online('alice', 'phone')
    await using tablet = await system.online('alice', 'tablet')
    assert.deepEqual(await list(alice), [])
    assert.deepEqual(await list(phone), [])

    const done = await alice.iq('set', command('block', bobsJid, 'Spam.Example'))
    assert.equal(done.attr('type'), 'result')
    assert.deepEqual([...done.elements()], [])
    for (const client of [alice, phone]) {
      assert.deepEqual(pushes(await client.settle()), [`block ${bobsJid} spam.example`])
    }
    assert.deepEqual(pushes(await tablet.settle()), [], 'which has not asked')
    assert.deepEqual(await list(tablet), [bobsJid, 'spam.example'])

    await phone.iq('set', command('unblock', bobsJid, 'nobody@corp.example'))
    assert.deepEqual(pushes(await alice.settle()), [`unblock ${bobsJid}`])
    assert.deepEqual(await list(phone), ['spam.example'])
  })

  it('is emptied with one word (§3.5)', async (t) => {
    const system = await startXmppSystem(t)
    await using alice = await system.online('alice')
    await list(alice)
    await alice.iq('set', command('block', bobsJid, 'carol@corp.example'))
    await alice.settle()
    for (const _again of [1, 2]) {
      await alice.iq('set', command('unblock'))
      assert.deepEqual(pushes(await alice.settle()), ['unblock'])
    }
    assert.deepEqual(await list(alice), [])
  })

  it('is the user’s own access rules that refuse messages, whoever writes them', async (t) => {
    const system = await startXmppSystem(t)
    await using alice = await system.online('alice')
    await list(alice)
    const rule = { level: 'All', action: 'block', enforced: false } as const
    const mine = { ...rule, presentity: alicesJid }
    await system.access.putAll([
      { ...mine, watcher: bobsJid, refusesMessages: true },
      { ...mine, watcher: 'carol@corp.example', refusesMessages: false },
      { ...mine, watcher: 'dave@corp.example', enforced: true, refusesMessages: false },
    ])
    assert.deepEqual(pushes(await alice.settle()), [`block ${bobsJid}`])
    await alice.iq('set', command('unblock'))
    assert.deepEqual(
      system.access
        .rules({ presentity: alicesJid })
        .map(({ watcher }) => watcher)
        .sort(),
      ['carol@corp.example', 'dave@corp.example'],
    )
    await alice.iq('set', command('block', '@west.example'.slice(1)))
    const [made] = system.access.rules({ presentity: alicesJid, refusesMessages: true })
    assert.deepEqual(
      { ...made, updatedAt: 0 },
      {
        ...mine,
        watcher: '@west.example',
        refusesMessages: true,
        updatedAt: 0,
      },
    )
  })

  it('refuses what is no address to block', async (t) => {
    const system = await startXmppSystem(t)
    await using alice = await system.online('alice')
    assert.equal(await refusal(alice, command('block')), 'modify bad-request')
    assert.equal(await refusal(alice, `<block xmlns='${NS}'><item/></block>`), 'modify bad-request')
    assert.equal(await refusal(alice, command('block', 'a@b@c')), 'modify jid-malformed')
    assert.equal(await refusal(alice, command('block', `${bobsJid}/desk`)), 'modify not-acceptable')
    assert.equal(
      await refusal(alice, command('block', bobsJid, alicesJid)),
      'modify not-acceptable',
    )
    const many = Array.from({ length: 1001 }, (_, at) => `u${at}@corp.example`)
    assert.equal(await refusal(alice, command('block', ...many)), 'wait resource-constraint')
    assert.deepEqual(await list(alice), [], 'all or nothing')
  })

  it('is nobody else’s business', async (t) => {
    const system = await startXmppSystem(t)
    await using alice = await system.online('alice')
    const get = await alice.iq('get', `<blocklist xmlns='${NS}'/>`, bobsJid)
    const set = await alice.iq('set', command('block', 'carol@corp.example'), bobsJid)
    assert.equal(condition(get), 'auth forbidden')
    assert.equal(condition(set), 'auth forbidden')
  })

  it('is offered, with reports (XEP-0377 §3)', async (t) => {
    const system = await startXmppSystem(t)
    await using alice = await system.connect('alice')
    const info = await alice.iq(
      'get',
      `<query xmlns='http://jabber.org/protocol/disco#info'/>`,
      'corp.example',
    )
    const text = info.toString()
    assert.match(text, /'urn:xmpp:blocking'/)
    assert.match(text, /'urn:xmpp:reporting:1'/)
  })
})

describe('a report of abuse (XEP-0377)', () => {
  it('blocks as ever, and is told to the operators', async (t) => {
    const records: Record<string, unknown>[] = []
    const log = createLog('warn', { write: (line: string) => records.push(JSON.parse(line)) })
    const system = await startXmppSystem(t, { log })
    await using alice = await system.online('alice')
    const report = `<report xmlns='urn:xmpp:reporting:1' reason='urn:xmpp:reporting:spam'><text>Again!</text></report>`
    await alice.iq('set', `<block xmlns='${NS}'><item jid='${bobsJid}'>${report}</item></block>`)
    assert.deepEqual(await list(alice), [bobsJid])
    const record = records.find(({ what }) => what === 'xmpp_abuse_reported')
    const { account, address, reason, text } = record ?? {}
    assert.deepEqual(
      [account, address, reason, text],
      [alicesJid, bobsJid, 'urn:xmpp:reporting:spam', 'Again!'],
    )
  })
})

describe('who is blocked', () => {
  async function blocked(t: Parameters<typeof startXmppSystem>[0]): Promise<XmppSystem> {
    const system = await startXmppSystem(t)
    await using alice = await system.online('alice')
    await alice.iq('set', command('block', bobsJid))
    return system
  }

  it('gets errors that tell nothing, and none for presence (§3.3)', async (t) => {
    const system = await blocked(t)
    await using alice = await system.online('alice')
    await using bob = await system.online('bob')
    bob.send(`<message to='${alicesJid}' type='chat' id='m'><body>hi</body></message>`)
    bob.send(`<message to='${alicesJid}/desk' type='chat' id='m'><body>hi</body></message>`)
    const errors = await bob.settle()
    assert.deepEqual(errors.map(condition), Array(2).fill('cancel service-unavailable'))
    for (const to of [alicesJid, `${alicesJid}/desk`]) {
      const refused = await bob.iq('get', `<ping xmlns='urn:xmpp:ping'/>`, to)
      assert.equal(condition(refused), 'cancel service-unavailable')
      bob.send(`<presence to='${to}'/>`)
      bob.send(`<presence to='${to}' type='unavailable'/>`)
      bob.send(`<iq to='${to}' type='result' id='x'/>`)
    }
    assert.deepEqual(await bob.settle(), [])
    assert.deepEqual(await alice.settle(), [])
  })

  it('gets nothing from the one who blocked him, who is told why (§3.3)', async (t) => {
    const system = await blocked(t)
    await using alice = await system.online('alice')
    await using bob = await system.online('bob')
    for (const stanza of [
      `<message to='${bobsJid}' type='chat'><body>hi</body></message>`,
      `<presence to='${bobsJid}/desk'/>`,
      `<presence to='${bobsJid}' type='subscribe'/>`,
      `<iq to='${bobsJid}/desk' type='get' id='q'><ping xmlns='urn:xmpp:ping'/></iq>`,
    ]) {
      alice.send(stanza)
      const [error] = await alice.settle()
      assert.equal(error && condition(error), 'cancel not-acceptable', stanza)
      assert.ok(error?.child('error')?.child('blocked', 'urn:xmpp:blocking:errors'))
    }
    alice.send(`<iq to='${bobsJid}/desk' type='result' id='q'/>`)
    assert.deepEqual(await alice.settle(), [])
    assert.deepEqual(await bob.settle(), [])
    await alice.iq('set', command('unblock', bobsJid))
    alice.send(`<message to='${bobsJid}' type='chat'><body>hi</body></message>`)
    await alice.settle()
    await bob.expectMessage('hi')
  })

  it('is not the user himself nor his server, where he blocks his own domain (§5)', async (t) => {
    const system = await startXmppSystem(t)
    await using alice = await system.online('alice')
    await using phone = await system.online('alice', 'phone')
    await using bob = await system.online('bob')
    await alice.iq('set', command('block', 'corp.example'))
    await alice.settle()
    alice.send(`<message to='${alicesJid}/phone' type='chat'><body>to myself</body></message>`)
    alice.send('<presence><show>away</show></presence>')
    assert.deepEqual(presences(await alice.settle()), [`available ${alicesJid}/desk away`])
    await phone.expectMessage('to myself')
    const pong = await alice.iq('get', `<ping xmlns='urn:xmpp:ping'/>`, 'corp.example')
    assert.equal(pong.attr('type'), 'result')
    bob.send(`<message to='${alicesJid}' type='chat'><body>hi</body></message>`)
    const [error] = await bob.settle()
    assert.equal(error && condition(error), 'cancel service-unavailable')
  })
})
