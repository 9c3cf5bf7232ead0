/** Managing the roster: RFC 6121 §2. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { condition, items, ROSTER, startXmppSystem } from '../support/xmpp-system.ts'

const set = (inside: string) => `<query xmlns='jabber:iq:roster'>${inside}</query>`

describe('a roster', () => {
  it('takes contacts, shows them, and pushes each change to interested resources only (§2.3)', async (t) => {
    const system = await startXmppSystem(t)
    await using desk = await system.online('alice', 'desk')
    await using phone = await system.online('alice', 'phone')
    await using bot = await system.connect('alice', 'bot') // has not asked for the roster

    const result = await desk.iq(
      'set',
      set(`<item jid='bob@corp.example' name='Bob'><group>Work</group><group>Chess</group></item>`),
    )
    assert.equal(result.attr('type'), 'result')
    const bob = 'bob@corp.example none name=Bob group=Work group=Chess'
    assert.deepEqual(items(await desk.settle()), [bob])
    const [push] = await phone.settle()
    assert.equal(push?.attr('type'), 'set')
    assert.equal(push?.attr('to'), phone.jid)
    assert.deepEqual(push && items([push]), [bob])
    assert.deepEqual(await bot.settle(), [])

    assert.deepEqual(items([await desk.iq('get', ROSTER)]), [bob])
  })

  it('is changed by what is set, groups and all, and is not told twice (§2.4)', async (t) => {
    const system = await startXmppSystem(t)
    await using alice = await system.online('alice')
    await alice.iq('set', set(`<item jid='bob@corp.example' name='Bob'><group>Work</group></item>`))
    await alice.iq('set', set(`<item jid='bob@corp.example' name='Bobby'/>`))
    await alice.iq('set', set(`<item jid='bob@corp.example' name='Bobby'/>`))
    assert.deepEqual(items(await alice.settle()), [
      'bob@corp.example none name=Bob group=Work',
      'bob@corp.example none name=Bobby',
    ])
  })

  it('keeps what the server alone decides (§2.1.2.5)', async (t) => {
    const system = await startXmppSystem(t)
    await using alice = await system.online('alice')
    const item = `<item jid='bob@corp.example' subscription='both' ask='subscribe' approved='true'/>`
    await alice.iq('set', set(item))
    assert.deepEqual(items([await alice.iq('get', ROSTER)]), ['bob@corp.example none'])
  })

  it('loses a contact who is removed, and says so where there was none (§2.5)', async (t) => {
    const system = await startXmppSystem(t)
    await using alice = await system.online('alice')
    await alice.iq('set', set(`<item jid='bob@corp.example'/>`))
    const remove = set(`<item jid='bob@corp.example' subscription='remove'/>`)
    assert.equal((await alice.iq('set', remove)).attr('type'), 'result')
    assert.deepEqual(items(await alice.settle()), [
      'bob@corp.example none',
      'bob@corp.example remove',
    ])
    assert.equal(condition(await alice.iq('set', remove)), 'cancel item-not-found')
  })

  it('refuses what RFC 6121 §2.3.3 refuses', async (t) => {
    const system = await startXmppSystem(t, { maxContacts: 2 })
    await using alice = await system.online('alice')
    const long = 'x'.repeat(1024)
    const refused: readonly [string, string][] = [
      [`<item jid='bob@corp.example'/><item jid='carol@corp.example'/>`, 'modify bad-request'],
      ['', 'modify bad-request'],
      [`<item/>`, 'modify bad-request'],
      [`<item jid='@corp.example'/>`, 'modify jid-malformed'],
      [`<item jid='bob@corp.example/desk'/>`, 'modify bad-request'],
      [`<item jid='bob@corp.example' name='${long}'/>`, 'modify not-acceptable'],
      [`<item jid='bob@corp.example'><group/></item>`, 'modify not-acceptable'],
      [`<item jid='bob@corp.example'><group>${long}</group></item>`, 'modify not-acceptable'],
      [
        `<item jid='bob@corp.example'><group>A</group><group>A</group></item>`,
        'modify bad-request',
      ],
      [`<item jid='alice@corp.example'/>`, 'cancel not-allowed'],
    ]
    for (const [item, expected] of refused) {
      assert.equal(condition(await alice.iq('set', set(item))), expected, item)
    }
    await alice.iq('set', set(`<item jid='bob@corp.example'/>`))
    await alice.iq('set', set(`<item jid='carol@corp.example'/>`))
    const full = await alice.iq('set', set(`<item jid='dave@corp.example'/>`))
    assert.equal(condition(full), 'wait resource-constraint')
    assert.equal(items([await alice.iq('get', ROSTER)]).length, 2)
  })

  it('is nobody else’s to read or change', async (t) => {
    const system = await startXmppSystem(t)
    await using alice = await system.online('alice')
    const bob = 'bob@corp.example'
    assert.equal(condition(await alice.iq('get', ROSTER, bob)), 'auth forbidden')
    const item = set(`<item jid='carol@corp.example'/>`)
    assert.equal(condition(await alice.iq('set', item, bob)), 'auth forbidden')
    assert.equal(await system.item('bob', 'carol'), undefined)
  })

  it('loses none of many changes that come at once from several clients', async (t) => {
    const system = await startXmppSystem(t)
    await using desk = await system.online('alice', 'desk')
    await using phone = await system.online('alice', 'phone')
    const add = (n: number) => set(`<item jid='contact${n}@elsewhere.example'/>`)
    await Promise.all(
      Array.from({ length: 40 }, (_, n) => (n % 2 ? desk : phone).iq('set', add(n))),
    )
    const now = items([await desk.iq('get', ROSTER)])
    assert.equal(now.length, 40)
    const pushed = items(await phone.settle())
    assert.deepEqual(pushed.toSorted(), now.toSorted())
  })
})
