/** XEP-0049. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { condition, startXmppSystem } from '../../support/xmpp-system.ts'

const NS = 'jabber:iq:private'
const query = (inside: string) => `<query xmlns='${NS}'>${inside}</query>`
const NOTES = `<notes xmlns='urn:example:notes'><note color='red'>Tea &amp; cake</note></notes>`

describe('private XML', () => {
  it('is kept as it came, and read by every client of its owner', async (t) => {
    const system = await startXmppSystem(t)
    await using desk = await system.connect('alice', 'desk')
    assert.equal((await desk.iq('set', query(NOTES))).attr('type'), 'result')
    await using phone = await system.connect('alice', 'phone')
    const result = await phone.iq('get', query(`<notes xmlns='urn:example:notes'/>`))
    const notes = result.child('query', NS)?.child('notes', 'urn:example:notes')
    assert.equal(notes?.child('note')?.text(), 'Tea & cake')
    assert.equal(notes?.child('note')?.attr('color'), 'red')
  })

  it('is empty where nothing is kept, and again when it was emptied', async (t) => {
    const system = await startXmppSystem(t)
    await using alice = await system.connect('alice')
    const read = async () => {
      const result = await alice.iq('get', query(`<notes xmlns='urn:example:notes'/>`))
      return result.child('query', NS)?.child('notes', 'urn:example:notes')?.children.length
    }
    assert.equal(await read(), 0)
    await alice.iq('set', query(NOTES))
    assert.equal(await read(), 1)
    await alice.iq('set', query(`<notes xmlns='urn:example:notes'/>`))
    assert.equal(await read(), 0)
  })

  it('is nobody else’s', async (t) => {
    const system = await startXmppSystem(t)
    await using bob = await system.connect('bob')
    for (const type of ['get', 'set'] as const) {
      const refused = await bob.iq(type, query(NOTES), 'alice@corp.example')
      assert.equal(condition(refused), 'auth forbidden')
    }
  })

  it('has a namespace of its own, and there is some to speak of', async (t) => {
    const system = await startXmppSystem(t)
    await using alice = await system.connect('alice')
    assert.equal(condition(await alice.iq('get', query(''))), 'modify bad-request')
    assert.equal(condition(await alice.iq('set', query(''))), 'modify not-acceptable')
    assert.equal(condition(await alice.iq('set', query('<x/>'))), 'modify not-acceptable')
  })

  it('is bounded for each user, and what is refused changes nothing', async (t) => {
    const system = await startXmppSystem(t)
    await using alice = await system.connect('alice')
    for (let n = 0; n < 100; n += 1) {
      const put = await alice.iq('set', query(`<x xmlns='urn:example:${n}'>${n}</x>`))
      assert.equal(put.attr('type'), 'result')
    }
    const refused = await alice.iq('set', query(`<x xmlns='urn:example:more'>1</x>`))
    assert.equal(condition(refused), 'wait resource-constraint')
    const many = Array.from({ length: 101 }, (_, n) => `<x xmlns='urn:example:${n}'/>`).join('')
    for (const type of ['get', 'set'] as const) {
      assert.equal(condition(await alice.iq(type, query(many))), 'wait resource-constraint')
    }
    const again = await alice.iq('set', query(`<x xmlns='urn:example:7'>new</x>`))
    assert.equal(again.attr('type'), 'result', 'what is there may change')
  })

  it('is bounded in bytes', async (t) => {
    const system = await startXmppSystem(t, { config: { maxPrivateData: 100 } })
    await using alice = await system.connect('alice')
    const notes = (text: string) => query(`<n xmlns='urn:example:notes'>${text}</n>`)
    assert.equal((await alice.iq('set', notes('é'.repeat(30)))).attr('type'), 'result')
    const refused = await alice.iq('set', notes('é'.repeat(40)))
    assert.equal(condition(refused), 'wait resource-constraint')
    const kept = (await alice.iq('get', notes(''))).child('query', NS)
    assert.equal(kept?.child('n', 'urn:example:notes')?.text(), 'é'.repeat(30))
  })
})
