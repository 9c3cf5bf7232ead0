/** XEP-0016, as XEP-0191 §5 maps it. */
import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import type { Element } from '../../../src/xml/element.ts'
import type { XmppClient } from '../../support/xmpp-client.ts'
import { condition, startXmppSystem } from '../../support/xmpp-system.ts'

const NS = 'jabber:iq:privacy'
const query = (inside = '') => `<query xmlns='${NS}'>${inside}</query>`

function start(t: TestContext) {
  return startXmppSystem(t, { config: { privacyLists: true } })
}

async function block(client: XmppClient, jid: string): Promise<void> {
  const command = `<block xmlns='urn:xmpp:blocking'><item jid='${jid}'/></block>`
  assert.equal((await client.iq('set', command)).attr('type'), 'result')
}

/** `name=list` of each element; items as `order action value`. */
async function read(client: XmppClient, inside = ''): Promise<string[]> {
  const answer = (await client.iq('get', query(inside))).child('query', NS)
  return [...(answer?.elements() ?? [])].flatMap((element) => [
    `${element.name}=${element.attr('name')}`,
    ...[...element.elements()].map(({ attrs: { order, action, type, value } }) =>
      [order, action, type, value].filter(Boolean).join(' '),
    ),
  ])
}

describe('privacy lists', () => {
  it('are one: the block list, which always applies', async (t) => {
    const system = await start(t)
    await using alice = await system.connect('alice')
    assert.deepEqual(await read(alice), ['default=blocked', 'list=blocked'])
    assert.deepEqual(await read(alice, `<list name='blocked'/>`), ['list=blocked', '1 allow'])
    await block(alice, 'bob@corp.example')
    await block(alice, 'west.example')
    assert.deepEqual(await read(alice, `<list name='blocked'/>`), [
      'list=blocked',
      '1 deny jid bob@corp.example',
      '2 deny jid west.example',
      '3 allow',
    ])
  })

  it('may be chosen, which changes nothing', async (t) => {
    const system = await start(t)
    await using alice = await system.connect('alice')
    for (const wish of [`<active name='blocked'/>`, `<default name='blocked'/>`]) {
      assert.equal((await alice.iq('set', query(wish))).attr('type'), 'result', wish)
    }
    assert.deepEqual(await read(alice), ['active=blocked', 'default=blocked', 'list=blocked'])
    assert.equal((await alice.iq('set', query('<active/>'))).attr('type'), 'result')
    assert.deepEqual(await read(alice), ['default=blocked', 'list=blocked'])
  })

  it('are changed by the blocking command only', async (t) => {
    const system = await start(t)
    await using alice = await system.connect('alice')
    const item = `<item type='jid' value='bob@corp.example' action='deny' order='1'/>`
    for (const [wish, refusal] of [
      [`<list name='blocked'>${item}</list>`, 'cancel not-allowed'],
      [`<list name='new'>${item}</list>`, 'cancel not-allowed'],
      [`<list name='blocked'/>`, 'cancel not-allowed'],
      ['<default/>', 'cancel not-allowed'],
      [`<list name='new'/>`, 'cancel item-not-found'],
      [`<active name='new'/>`, 'cancel item-not-found'],
      [`<default name='new'/>`, 'cancel item-not-found'],
      ['', 'modify bad-request'],
      [`<active/><default name='blocked'/>`, 'modify bad-request'],
    ] as const) {
      assert.equal(condition(await alice.iq('set', query(wish))), refusal, wish)
    }
    for (const [wish, refusal] of [
      [`<list name='new'/>`, 'cancel item-not-found'],
      [`<list name='blocked'/><list name='new'/>`, 'modify bad-request'],
    ] as const) {
      assert.equal(condition(await alice.iq('get', query(wish))), refusal, wish)
    }
  })

  it('are pushed to clients that have asked for them', async (t) => {
    const system = await start(t)
    await using old = await system.connect('alice', 'old')
    await using modern = await system.connect('alice', 'modern')
    await read(old)
    await block(modern, 'bob@corp.example')
    const pushes = (stanzas: readonly Element[]) =>
      stanzas.map((stanza) => stanza.child('query', NS)?.child('list')?.attr('name'))
    assert.deepEqual(pushes(await old.settle()), ['blocked'])
    assert.deepEqual(await modern.settle(), [])
    await block(modern, 'bob@corp.example')
    assert.deepEqual(await old.settle(), [], 'nothing has changed')
  })

  it('are nobody else’s', async (t) => {
    const system = await start(t)
    await using bob = await system.connect('bob')
    for (const type of ['get', 'set'] as const) {
      const refused = await bob.iq(type, query(), 'alice@corp.example')
      assert.equal(condition(refused), 'auth forbidden')
    }
  })

  it('are off where nobody turned them on', async (t) => {
    const system = await startXmppSystem(t)
    await using alice = await system.connect('alice')
    assert.equal(condition(await alice.iq('get', query())), 'cancel service-unavailable')
  })
})
