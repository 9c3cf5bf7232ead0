/** XEP-0153, as dialogues; the hash is the server’s to put in, as in XEP-0398 §5. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import type { Element } from '../../../src/xml/element.ts'
import type { XmppClient } from '../../support/xmpp-client.ts'
import { startXmppSystem } from '../../support/xmpp-system.ts'

const hashOf = (image: string) => createHash('sha1').update(image).digest('hex')
const NO_PICTURE = `<x xmlns='vcard-temp:x:update'><photo/></x>`

async function putPicture(client: XmppClient, image: string | undefined): Promise<void> {
  const base64 = image === undefined ? '' : Buffer.from(image).toString('base64')
  const photo = `<PHOTO><TYPE>image/png</TYPE><BINVAL>${base64}</BINVAL></PHOTO>`
  const result = await client.iq('set', `<vCard xmlns='vcard-temp'>${photo}</vCard>`)
  assert.equal(result.attr('type'), 'result')
}

/** By resource: the hash, `none` for an empty one, `silent` where nothing is said. */
function pictures(stanzas: readonly Element[]): string[] {
  return stanzas
    .filter(({ name }) => name === 'presence')
    .map((stanza) => {
      const photo = stanza.child('x', 'vcard-temp:x:update')?.child('photo')
      const said = photo === undefined ? 'silent' : photo.text() || 'none'
      return `${stanza.attr('from')} ${said}`
    })
}

describe('pictures in presence', () => {
  it('are shown by clients that know nothing of them, from the first presence on', async (t) => {
    const system = await startXmppSystem(t)
    await system.befriend('alice', 'bob')
    await using phone = await system.connect('alice', 'phone')
    await putPicture(phone, 'a cat')
    await using bob = await system.online('bob')
    await using desk = await system.online('alice', 'desk')
    assert.deepEqual(pictures(await bob.settle()), [`alice@corp.example/desk ${hashOf('a cat')}`])
    desk.send('<presence><show>away</show></presence>')
    assert.deepEqual(pictures(await desk.settle()), [`alice@corp.example/desk ${hashOf('a cat')}`])
    assert.deepEqual(pictures(await bob.settle()), [`alice@corp.example/desk ${hashOf('a cat')}`])
  })

  it('change, go and come for everybody at once', async (t) => {
    const system = await startXmppSystem(t)
    await system.befriend('alice', 'bob')
    await using bob = await system.online('bob')
    await using alice = await system.online('alice')
    assert.deepEqual(pictures(await bob.settle()), ['alice@corp.example/desk silent'])
    for (const [image, shown] of [
      ['a cat', hashOf('a cat')],
      ['a dog', hashOf('a dog')],
      [undefined, 'none'],
      ['a cat', hashOf('a cat')],
    ] as const) {
      await putPicture(alice, image)
      assert.deepEqual(pictures(await bob.settle()), [`alice@corp.example/desk ${shown}`])
      assert.deepEqual(pictures(await alice.settle()), [`alice@corp.example/desk ${shown}`])
    }
    await putPicture(alice, 'a cat')
    assert.deepEqual(pictures(await bob.settle()), [], 'the same one is no news')
  })

  it('are not shown by a client that says that it shows none', async (t) => {
    const system = await startXmppSystem(t)
    await system.befriend('alice', 'bob')
    await using shy = await system.online('alice', 'shy', NO_PICTURE)
    await using open = await system.online('alice', 'open', `<x xmlns='vcard-temp:x:update'/>`)
    await using bob = await system.online('bob')
    await putPicture(open, 'a cat')
    assert.deepEqual(pictures(await bob.settle()), [`alice@corp.example/open ${hashOf('a cat')}`])
    shy.send(`<presence>${NO_PICTURE}</presence>`)
    assert.deepEqual(pictures(await bob.settle()), ['alice@corp.example/shy none'])
  })

  it('are in directed presence', async (t) => {
    const system = await startXmppSystem(t)
    await using alice = await system.connect('alice')
    await putPicture(alice, 'a cat')
    await using carol = await system.online('carol')
    alice.send(`<presence to='carol@corp.example'/>`)
    await alice.settle()
    assert.deepEqual(pictures(await carol.settle()), [`alice@corp.example/desk ${hashOf('a cat')}`])
  })

  it('are in the presence of somebody who has a telephone only', async (t) => {
    const system = await startXmppSystem(t)
    await system.befriend('alice', 'bob')
    {
      await using alice = await system.connect('alice')
      await putPicture(alice, 'a cat')
    }
    await using bob = await system.online('bob')
    system.report('alice', 'on-a-call')
    assert.deepEqual(pictures(await bob.settle()), [
      `alice@corp.example/heliograph ${hashOf('a cat')}`,
    ])
    await using alice = await system.connect('alice')
    await putPicture(alice, 'a dog')
    assert.deepEqual(pictures(await bob.settle()), [
      `alice@corp.example/heliograph ${hashOf('a dog')}`,
    ])
  })

  it('of a client in a composed state stay', async (t) => {
    const system = await startXmppSystem(t)
    await system.befriend('alice', 'bob')
    await using alice = await system.online('alice')
    await putPicture(alice, 'a cat')
    await using bob = await system.online('bob')
    system.report('alice', 'on-a-call')
    const [call] = await bob.settle()
    assert.equal(call?.child('show')?.text(), 'dnd')
    assert.deepEqual(pictures(call ? [call] : []), [`alice@corp.example/desk ${hashOf('a cat')}`])
  })

  it('outlive the cache of users: a made-up client shows it once it was read', async (t) => {
    const system = await startXmppSystem(t)
    await system.directory.addUser({ account: 'frank@corp.example' })
    await system.befriend('frank', 'bob')
    const account = system.jid('frank')
    await system.directory.personal.putVcard(account, { xml: '<vCard/>', avatar: 'c'.repeat(40) })
    await using bob = await system.online('bob')
    system.report('frank', 'on-a-call')
    const shown = await bob.expect((stanza) => pictures([stanza]).join().includes('cccc'))
    assert.equal(shown.attr('from'), 'frank@corp.example/heliograph')
  })
})
