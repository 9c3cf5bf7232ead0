/** Debian’s slixmpp: sign-in, roster, presence, messages, offline messages, and what it asks servers. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { type Event, slixmpp } from './drivers/driven-client.ts'
import { CONFIRM, PASSWORD, signedIn, startWithPeople } from './people.ts'

const from =
  (bare: string) =>
  ({ sender }: Event): boolean =>
    String(sender).split('/')[0] === bare

// It refuses to do SCRAM without channel binding where binding is offered, as RFC 5802 §6 has it.
const MECHANISMS = ['SCRAM-SHA-1-PLUS', 'SCRAM-SHA-256-PLUS', 'SCRAM-SHA-512-PLUS', 'PLAIN']

describe('slixmpp', () => {
  it('signs in with each mechanism it knows, over STARTTLS and direct TLS', async (t) => {
    const server = await startWithPeople(t, ['romeo'])
    for (const mechanism of MECHANISMS) {
      const client = slixmpp({
        jid: 'romeo@example.com',
        password: PASSWORD,
        port: server.port('xmpp'),
        ca: join(server.data, 'tls', 'ca.pem'),
        mechanism,
      })
      t.after(() => client[Symbol.asyncDispose]())
      const session = await client.expect('session')
      assert.equal(session.mechanism, mechanism)
      client.tell('quit')
    }
    await signedIn(t, server, 'romeo', { direct_tls: true })
  })

  it('is told when the password is wrong', async (t) => {
    const server = await startWithPeople(t, ['romeo'])
    const client = slixmpp({
      jid: 'romeo@example.com',
      password: 'wrong',
      port: server.port('xmpp'),
      ca: join(server.data, 'tls', 'ca.pem'),
      mechanism: 'SCRAM-SHA-256-PLUS',
    })
    t.after(() => client[Symbol.asyncDispose]())
    await client.expect('failed_auth')
  })

  it('makes contacts, sees their presence, and loses them again', async (t) => {
    const server = await startWithPeople(t, ['romeo', 'juliet'], CONFIRM)
    const romeo = await signedIn(t, server, 'romeo')
    const juliet = await signedIn(t, server, 'juliet')
    for (const client of [romeo, juliet]) {
      client.tell('roster')
      client.tell('presence')
    }
    romeo.tell('subscribe', { to: 'juliet@example.com' })
    await juliet.expect('presence_subscribe', from('romeo@example.com'))
    juliet.tell('subscribed', { to: 'romeo@example.com' })
    juliet.tell('subscribe', { to: 'romeo@example.com' })
    await romeo.expect('presence_subscribed', from('juliet@example.com'))
    await romeo.expect('presence_available', from('juliet@example.com'))
    await romeo.expect('presence_subscribe', from('juliet@example.com'))
    romeo.tell('subscribed', { to: 'juliet@example.com' })
    await juliet.expect('presence_available', from('romeo@example.com'))

    romeo.tell('set_item', { jid: 'juliet@example.com', name: 'Juliet', groups: ['Verona'] })
    await romeo.expect('done')
    romeo.tell('roster')
    await romeo.expect('roster', ({ items }) => {
      const item = (items as Record<string, unknown>)['juliet@example.com']
      return (
        JSON.stringify(item) ===
        JSON.stringify({ subscription: 'both', name: 'Juliet', groups: ['Verona'] })
      )
    })

    juliet.tell('presence', { show: 'away', status: 'On the balcony' })
    const away = await romeo.expect('presence_available', ({ show }) => show === 'away')
    assert.equal(away.status, 'On the balcony')
    juliet.tell('quit')
    await romeo.expect('presence_unavailable', from('juliet@example.com'))
    romeo.tell('remove_item', { jid: 'juliet@example.com' })
    await romeo.expect('done')
  })

  it('talks, and finds what was said while it was away', async (t) => {
    const server = await startWithPeople(t, ['romeo', 'juliet'], CONFIRM)
    const romeo = await signedIn(t, server, 'romeo')
    romeo.tell('presence')
    romeo.tell('message', { to: 'juliet@example.com', body: 'While you were away' })
    // The answer to the ping proves that the message is stored (ADR 7).
    romeo.tell('ping', { to: 'example.com' })
    await romeo.expect('pong')
    const juliet = await signedIn(t, server, 'juliet')
    juliet.tell('presence')
    const kept = await juliet.expect('message')
    assert.equal(kept.body, 'While you were away')
    assert.match(String(kept.delayed), /^\d{4}-\d\d-\d\dT.*Z$/)
    juliet.tell('message', { to: 'romeo@example.com/slix', body: 'I am here' })
    assert.equal((await romeo.expect('message')).body, 'I am here')
    romeo.tell('message', { to: 'nobody@example.com', body: 'Anyone?' })
    const refused = await romeo.expect('message_error')
    assert.equal(refused.condition, 'service-unavailable')
  })

  it('asks the server what it is', async (t) => {
    const server = await startWithPeople(t, ['romeo'])
    const romeo = await signedIn(t, server, 'romeo')
    romeo.tell('disco', { to: 'example.com' })
    const { features, identities } = await romeo.expect('disco')
    assert.deepEqual(identities, [['server', 'im']])
    for (const feature of [
      'http://jabber.org/protocol/disco#info',
      'urn:xmpp:ping',
      'jabber:iq:version',
    ]) {
      assert.ok((features as string[]).includes(feature), feature)
    }
    romeo.tell('version', { to: 'example.com' })
    assert.equal((await romeo.expect('version')).name, 'Heliograph')
  })
})
