/** Debian’s slixmpp: what the server keeps and tells of people, as a client reads it that somebody else wrote. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import type { TestServer } from '../support/server.ts'
import { type DrivenClient, type SlixmppOptions, slixmpp } from './drivers/driven-client.ts'
import { PASSWORD, startWithPeople } from './people.ts'

const ROMEO = 'romeo@example.com'
const JULIET = 'juliet@example.com'
const HOUR_MS = 3_600_000

type Options = Partial<SlixmppOptions>

function client(t: TestContext, server: TestServer, jid: string, more: Options = {}): DrivenClient {
  const options = {
    jid: `${jid}/slix`,
    password: PASSWORD,
    port: server.port('xmpp'),
    ca: join(server.data, 'tls', 'ca.pem'),
    ...more,
  }
  const made = slixmpp(options, 'slixmpp_people.py')
  t.after(() => made[Symbol.asyncDispose]())
  return made
}

async function online(t: TestContext, server: TestServer, jid: string): Promise<DrivenClient> {
  const made = client(t, server, jid)
  await made.expect('session')
  made.tell('presence')
  return made
}

/** Romeo, who sees Juliet, and Juliet. */
async function watching(t: TestContext): Promise<[DrivenClient, DrivenClient]> {
  const server = await startWithPeople(t, ['romeo', 'juliet'])
  const [romeo, juliet] = await Promise.all([online(t, server, ROMEO), online(t, server, JULIET)])
  romeo.tell('subscribe', { to: JULIET })
  await romeo.expect('presence_available', ({ sender }) => sender === `${JULIET}/slix`)
  return [romeo, juliet]
}

describe('slixmpp', () => {
  it('keeps a vCard with the server, and reads others’ (XEP-0054)', async (t) => {
    const [romeo, juliet] = await watching(t)
    juliet.tell('vcard', { to: ROMEO })
    assert.equal((await juliet.expect('refused')).condition, 'service-unavailable')
    romeo.tell('set_vcard', { name: 'Romeo Montague' })
    await romeo.expect('set_vcard')
    juliet.tell('vcard', { to: ROMEO })
    assert.equal((await juliet.expect('vcard')).name, 'Romeo Montague')
  })

  it('is told the server’s time (XEP-0202) and for how long it is there (XEP-0012)', async (t) => {
    const [romeo] = await watching(t)
    romeo.tell('time', { to: 'example.com' })
    const { utc, tzo } = await romeo.expect('time')
    assert.equal(tzo, '+00:00')
    assert.ok(Math.abs(Date.parse(String(utc)) - Date.now()) < HOUR_MS, String(utc))
    romeo.tell('last', { to: 'example.com' })
    assert.ok(Number((await romeo.expect('last')).seconds) < HOUR_MS / 1000)
  })

  it('is told since when somebody is away, and his last words (XEP-0012)', async (t) => {
    const [romeo, juliet] = await watching(t)
    romeo.tell('last', { to: JULIET })
    assert.equal((await romeo.expect('last')).seconds, 0)
    juliet.tell('presence', { type: 'unavailable', status: 'Good night' })
    await romeo.expect('presence_unavailable')
    romeo.tell('last', { to: JULIET })
    assert.equal((await romeo.expect('last')).status, 'Good night')
    juliet.tell('last', { to: ROMEO })
    assert.equal((await juliet.expect('refused')).condition, 'forbidden')
  })

  it('blocks somebody, who seems gone and is not heard, and unblocks him (XEP-0191)', async (t) => {
    const [romeo, juliet] = await watching(t)
    juliet.tell('blocked_list') // who asks is told of changes
    assert.deepEqual((await juliet.expect('blocked_list')).jids, [])
    juliet.tell('block', { jids: [ROMEO] })
    assert.deepEqual((await juliet.expect('blocked')).jids, [ROMEO])
    await romeo.expect('presence_unavailable')
    romeo.tell('message', { to: JULIET, body: 'What light?' })
    assert.equal((await romeo.expect('message_error')).condition, 'service-unavailable')
    juliet.tell('blocked_list')
    assert.deepEqual((await juliet.expect('blocked_list')).jids, [ROMEO])
    juliet.tell('unblock', { jids: [ROMEO] })
    assert.deepEqual((await juliet.expect('unblocked')).jids, [ROMEO])
    await romeo.expect('presence_available')
    romeo.tell('message', { to: JULIET, body: 'Soft!' })
    assert.equal((await juliet.expect('message')).body, 'Soft!')
  })

  it('is spared presence while nobody looks, and told the last of it then (XEP-0352)', async (t) => {
    const [romeo, juliet] = await watching(t)
    romeo.tell('inactive')
    romeo.tell('ping', { to: 'example.com' })
    await romeo.expect('pong')
    for (const status of ['one', 'two', 'three']) juliet.tell('presence', { status })
    juliet.tell('ping', { to: 'example.com' })
    await juliet.expect('pong')
    romeo.tell('active')
    const next = await romeo.expect(
      'presence_available',
      ({ sender }) => sender === `${JULIET}/slix`,
    )
    assert.equal(next.status, 'three')
  })
})

describe('slixmpp', () => {
  it('makes itself an account, and changes its password (XEP-0077)', async (t) => {
    const open = ['--set', 'xmpp.registration=open']
    const server = await startWithPeople(t, ['romeo'], open)
    const taken = client(t, server, ROMEO, { register: true })
    assert.equal((await taken.expect('refused')).condition, 'conflict')
    const rosaline = client(t, server, 'rosaline@example.com', { register: true })
    const { fields } = await rosaline.expect('registered')
    assert.deepEqual(fields, ['password', 'username'])
    await rosaline.expect('session')
    rosaline.tell('change_password', { password: 'another-horse' })
    await rosaline.expect('change_password')
    const later = { jid: 'rosaline@example.com/later' }
    await client(t, server, '', { ...later, password: 'another-horse' }).expect('session')
    await client(t, server, '', later).expect('failed_auth')
  })

  it('lists the commands of those who may use any (XEP-0050)', async (t) => {
    const server = await startWithPeople(t, ['romeo', 'juliet'], ['--set', `xmpp.admins=${ROMEO}`])
    const [romeo, juliet] = await Promise.all([online(t, server, ROMEO), online(t, server, JULIET)])
    romeo.tell('commands', { to: 'example.com' })
    const { nodes } = await romeo.expect('commands')
    assert.ok((nodes as string[]).includes('http://jabber.org/protocol/admin#add-user'))
    juliet.tell('commands', { to: 'example.com' })
    const none = await Promise.race([juliet.expect('refused'), juliet.expect('commands')])
    assert.ok(none.event === 'refused' || (none.nodes as string[]).length === 0)
  })
})
