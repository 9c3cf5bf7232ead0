/** XEP-0054. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { condition, startXmppSystem } from '../../support/xmpp-system.ts'

const NS = 'vcard-temp'
const GET = `<vCard xmlns='${NS}'/>`
const CARD = `<vCard xmlns='${NS}'><FN>Alice Liddell</FN><PHOTO><TYPE>image/png</TYPE><BINVAL>aGVsbG8=</BINVAL></PHOTO></vCard>`

describe('a vCard', () => {
  it('is written by its owner and read by others, also while he is away', async (t) => {
    const system = await startXmppSystem(t)
    {
      await using alice = await system.connect('alice')
      assert.equal(condition(await alice.iq('get', GET)), 'cancel item-not-found')
      assert.equal((await alice.iq('set', CARD)).attr('type'), 'result')
    }
    await using bob = await system.connect('bob')
    const card = (await bob.iq('get', GET, 'alice@corp.example')).child('vCard', NS)
    assert.equal(card?.child('FN')?.text(), 'Alice Liddell')
    assert.equal(card?.child('PHOTO')?.child('BINVAL')?.text(), 'aGVsbG8=')
  })

  it('is nobody else’s to write', async (t) => {
    const system = await startXmppSystem(t)
    await using bob = await system.connect('bob')
    const refused = await bob.iq('set', CARD, 'alice@corp.example')
    assert.equal(condition(refused), 'auth forbidden')
  })

  it('is the name in the directory where there is none', async (t) => {
    const system = await startXmppSystem(t)
    await system.directory.addUser({ account: 'frank@corp.example', name: 'Frank Miller' })
    await using bob = await system.connect('bob')
    const card = (await bob.iq('get', GET, 'frank@corp.example')).child('vCard', NS)
    assert.equal(card?.child('FN')?.text(), 'Frank Miller')
  })

  it('of nobody, and of one who has none, look alike to others', async (t) => {
    const system = await startXmppSystem(t)
    await using bob = await system.connect('bob')
    for (const account of ['carol@corp.example', 'nobody@corp.example']) {
      const refused = await bob.iq('get', GET, account)
      assert.equal(condition(refused), 'cancel service-unavailable')
    }
  })

  it('is not shown to whom its owner has blocked', async (t) => {
    const system = await startXmppSystem(t)
    await using alice = await system.connect('alice')
    await alice.iq('set', CARD)
    await alice.iq('set', `<block xmlns='urn:xmpp:blocking'><item jid='bob@corp.example'/></block>`)
    await using bob = await system.connect('bob')
    const refused = await bob.iq('get', GET, 'alice@corp.example')
    assert.equal(condition(refused), 'cancel service-unavailable')
  })

  it('is no larger than others can read', async (t) => {
    const system = await startXmppSystem(t)
    await using alice = await system.connect('alice')
    const large = `<vCard xmlns='${NS}'><DESC>${'x'.repeat(131_072)}</DESC></vCard>`
    assert.equal(condition(await alice.iq('set', large)), 'modify not-acceptable')
    await using bob = await system.connect('bob')
    const server = await bob.iq('get', GET, 'corp.example')
    assert.equal(server.child('vCard', NS)?.child('FN')?.text(), 'corp.example')
  })
})
