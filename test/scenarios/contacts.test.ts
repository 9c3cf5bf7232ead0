/**
 * Contact lists that an administrator keeps (the manual's "Adding contacts"), over a real server:
 * clients hear of each change, and the subscriptions follow.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { type TestContext, test } from 'node:test'
import type { Element } from '../../src/xml/element.ts'
import { startTestServer } from '../support/server.ts'
import { XmppClient } from '../support/xmpp-client.ts'
import { items, presences, ROSTER } from '../support/xmpp-system.ts'

const CLI = new URL('../../bin/heliograph', import.meta.url).pathname
const PASSWORD = 'pencil'

async function start(t: TestContext, ...settings: string[]) {
  const args = ['domains=corp.example', ...settings].flatMap((setting) => ['--set', setting])
  const server = await startTestServer({ args })
  t.after(() => server[Symbol.asyncDispose]())
  const heliograph = (...words: string[]): string => {
    const { status, stdout, stderr } = spawnSync(CLI, ['--data', server.data, ...words])
    assert.equal(status, 0, stderr.toString())
    return stdout.toString()
  }
  const addUser = (name: string, ...addresses: (readonly [string, string])[]) => {
    heliograph('user', 'add', `${name}@corp.example`, '--password', PASSWORD)
    for (const [type, value] of addresses) {
      heliograph('user', 'address', 'add', `${name}@corp.example`, type, value)
    }
  }
  const online = async (name: string) => {
    const connect = { port: server.port('xmppTls'), direct: true }
    const jid = `${name}@corp.example`
    const client = await XmppClient.signIn(connect, { jid, password: PASSWORD, resource: 'desk' })
    t.after(() => client[Symbol.asyncDispose]())
    await client.iq('get', ROSTER)
    await client.available()
    await client.settle()
    return client
  }
  addUser('alice')
  addUser('bob', ['e164', '+15557654321'])
  addUser('carol', ['sip', '7000@corp.example'])
  addUser('dave', ['sip', 'd.avid@corp.example'])
  return { heliograph, addUser, online }
}

/** Presence of others: one's own comes back, too. */
function others(stanzas: readonly Element[]): string[] {
  return presences(stanzas).filter((line) => !line.includes('alice@'))
}

test('contacts by E.164, private number and handle are seen at once where that is allowed', async (t) => {
  const { heliograph, online } = await start(t)
  const alice = await online('alice')
  const contacts = [
    ['+15557654321', 'bob', 'Bob'],
    ['7000', 'carol', 'Carol'],
    ['sip:D.avid@corp.example', 'dave', 'Dave'],
  ] as const
  for (const [address, name, shown] of contacts) {
    await online(name)
    const words = [address, '--name', shown, '--group', 'Work']
    const jid = `${name}@corp.example`
    assert.equal(
      heliograph('contact', 'add', 'alice@corp.example', ...words),
      `added ${jid}: user, presence subscribed\n`,
    )
    await alice.expectPresence('available', jid)
    const came = await alice.settle()
    assert.deepEqual(items(came), [
      `${jid} none name=${shown} group=Work`,
      `${jid} none ask=subscribe name=${shown} group=Work`,
      `${jid} to name=${shown} group=Work`,
    ])
    assert.deepEqual(others(came), [`subscribed ${jid}`])
  }
  assert.match(
    heliograph('contact', 'list', '7000'),
    /^alice@corp\.example {2}none {2}user$/m,
    'Alice stands on the list of who is asked, as RFC 6121 has it',
  )

  // Taken off, nobody sees anybody.
  assert.equal(heliograph('contact', 'remove', 'alice@corp.example', '7000'), 'removed: 7000\n')
  const gone = await alice.settle()
  assert.deepEqual(items(gone), ['carol@corp.example remove'])
  assert.deepEqual(others(gone), ['unavailable carol@corp.example/desk'])
  // Kept, but not seen.
  heliograph('contact', 'add', 'alice@corp.example', '+15557654321', '--no-presence')
  const quiet = await alice.settle()
  assert.deepEqual(items(quiet), ['bob@corp.example none name=Bob group=Work'])
  assert.deepEqual(others(quiet), ['unavailable bob@corp.example/desk'])
})

test('where everybody is asked, the contact is asked, and answers with his client', async (t) => {
  const { heliograph, online } = await start(t, 'authorization.sameSystem=confirm')
  const alice = await online('alice')
  const bob = await online('bob')
  assert.equal(
    heliograph('contact', 'add', 'alice@corp.example', '+15557654321'),
    'added bob@corp.example: user, presence pending\n',
  )
  await bob.expectPresence('subscribe', 'alice@corp.example')
  assert.deepEqual(items(await alice.settle()), [
    'bob@corp.example none',
    'bob@corp.example none ask=subscribe',
  ])
  bob.send(`<presence type='subscribed' to='alice@corp.example'/>`)
  await bob.settle()
  const came = await alice.settle()
  assert.deepEqual(items(came), ['bob@corp.example to'])
  assert.deepEqual(others(came), ['subscribed bob@corp.example', 'available bob@corp.example/desk'])
})

test('who was nobody is seen as soon as he has the address', async (t) => {
  const { heliograph, addUser, online } = await start(t)
  const alice = await online('alice')
  const add = (...words: string[]) => heliograph('contact', 'add', 'alice@corp.example', ...words)
  assert.equal(
    add('+15550001111', '--name', 'Erin'),
    'added +15550001111@corp.example: unmatched, presence pending\n',
  )
  assert.equal(
    add('eve@partner.example'),
    'added eve@partner.example: external, presence pending\n',
  )
  await alice.settle()
  addUser('erin', ['e164', '+15550001111'])
  await alice.expect((one) => items([one]).includes('+15550001111@corp.example remove'))
  const erin = await online('erin')
  const seen = (one: Element) => presences([one]).includes('available erin@corp.example/desk')
  await alice.expect(seen)
  await erin.settle()
  assert.equal(
    heliograph('contact', 'list', 'alice@corp.example'),
    'erin@corp.example    subscribed  user      Erin\neve@partner.example  pending     external\n',
  )
})

test('who is nobody is a contact like others to a client, without messages', async (t) => {
  const { heliograph, addUser, online } = await start(t)
  const alice = await online('alice')
  const roster = async (item: string) => {
    const query = `<query xmlns='jabber:iq:roster'>${item}</query>`
    assert.equal((await alice.iq('set', query)).attr('type'), 'result')
  }
  for (const number of ['5001', '5002', '5003']) {
    heliograph('contact', 'add', 'alice@corp.example', number, '--name', number)
  }
  alice.send(`<message to='5001@corp.example' type='chat' id='m1'><body>Hello</body></message>`)
  const refused = await alice.expect((one) => one.attr('id') === 'm1')
  assert.equal(refused.attr('type'), 'error')
  // She calls one by another name, does not care to see the second, and has the third no more.
  await roster(`<item jid='5001@corp.example' name='Erin'/>`)
  alice.send(`<presence type='unsubscribe' to='5002@corp.example'/>`)
  await roster(`<item jid='5003@corp.example' subscription='remove'/>`)
  await alice.settle()
  const numbers = ['5001', '5002', '5003']
  for (const [at, name] of ['erin', 'frank', 'gina'].entries()) {
    addUser(name, ['sip', `${numbers[at]}@corp.example`])
  }
  for (const number of ['5001', '5002']) {
    await alice.expect((one) => items([one]).includes(`${number}@corp.example remove`))
  }
  assert.equal(
    heliograph('contact', 'list', 'alice@corp.example'),
    'erin@corp.example   subscribed  user  Erin\nfrank@corp.example  none        user  5002\n',
  )
})
