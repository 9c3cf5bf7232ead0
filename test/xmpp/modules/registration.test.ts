/** XEP-0077. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { XmppClient } from '../../support/xmpp-client.ts'
import {
  condition,
  jidOf,
  PASSWORD,
  startXmppSystem,
  type XmppSystem,
} from '../../support/xmpp-system.ts'

const NS = 'jabber:iq:register'
const OPEN = { config: { registration: 'open' } } as const
const query = (inside = '') => `<query xmlns='${NS}'>${inside}</query>`
const fields = (username: string, password: string) =>
  query(`<username>${username}</username><password>${password}</password>`)

/** A stream that nobody has signed in on. */
async function guest(system: XmppSystem) {
  const client = await XmppClient.connect({ port: system.port })
  const features = await client.open('corp.example')
  const offered = features.child('register', 'http://jabber.org/features/iq-register')
  return { client, offered: offered !== undefined }
}

test('registration is off unless it is opened', async (t) => {
  const system = await startXmppSystem(t)
  const { client, offered } = await guest(system)
  assert.equal(offered, false)
  client.send(`<iq type='get' id='r1'>${query()}</iq>`)
  await client.expectStreamError()
  await using alice = await system.connect('alice')
  const removal = await alice.iq('set', query('<remove/>'))
  assert.equal(condition(removal), 'cancel not-allowed')
  assert.equal(await system.directory.exists(jidOf('alice')), true)
})

test('a user changes his password where registration is off, unless the operator forbids it', async (t) => {
  const system = await startXmppSystem(t)
  await using alice = await system.connect('alice')
  const changed = await alice.iq('set', fields('alice', 'changed-it'), 'corp.example')
  assert.equal(changed.attr('type'), 'result')
  assert.equal(await system.directory.verifyPassword(jidOf('alice'), 'changed-it'), true)
  const closed = await startXmppSystem(t, { config: { passwordChange: false } })
  await using bob = await closed.connect('bob')
  const refused = await bob.iq('set', fields('bob', 'changed-it'), 'corp.example')
  assert.equal(condition(refused), 'cancel service-unavailable')
})

test('a user does not change his password where accounts may be made and passwords may not', async (t) => {
  const config = { registration: 'open', passwordChange: false } as const
  const system = await startXmppSystem(t, { config })
  await using alice = await system.connect('alice')
  const refused = await alice.iq('set', fields('alice', 'changed-it'), 'corp.example')
  assert.equal(condition(refused), 'cancel not-allowed')
})

test('where it is open, somebody makes himself an account and signs in', async (t) => {
  const system = await startXmppSystem(t, OPEN)
  const { client, offered } = await guest(system)
  await using guestClient = client
  assert.equal(offered, true)
  const form = (await guestClient.iq('get', query())).child('query', NS)
  assert.ok(form?.child('username') && form.child('password') && !form.child('registered'))
  const made = await guestClient.iq('set', fields('frank', PASSWORD))
  assert.equal(made.attr('type'), 'result')
  await using frank = await system.connect('frank')
  assert.equal(frank.jid, 'frank@corp.example/desk')
})

test('a name that is taken or none is refused', async (t) => {
  const system = await startXmppSystem(t, OPEN)
  const { client } = await guest(system)
  await using guestClient = client
  for (const [set, expected] of [
    [fields('alice', 'password'), 'cancel conflict'],
    [fields('', 'password'), 'modify not-acceptable'],
    [fields('grace', ''), 'modify not-acceptable'],
    [fields('grace@west.example', 'password'), 'modify not-acceptable'],
    [query('<remove/>'), 'wait unexpected-request'],
  ] as const) {
    assert.equal(condition(await guestClient.iq('set', set)), expected, set)
  }
})

test('one address makes so many accounts in an hour and no more', async (t) => {
  const system = await startXmppSystem(t, {
    config: { registration: 'open', registrationsPerHour: 2 },
  })
  const { client } = await guest(system)
  await using guestClient = client
  for (const name of ['frank', 'grace']) {
    assert.equal((await guestClient.iq('set', fields(name, PASSWORD))).attr('type'), 'result')
  }
  const refused = await guestClient.iq('set', fields('heidi', PASSWORD))
  assert.equal(condition(refused), 'wait resource-constraint')
  assert.equal(await system.directory.exists(jidOf('heidi')), false)
})

test('a user reads his registration', async (t) => {
  const system = await startXmppSystem(t, OPEN)
  await using alice = await system.connect('alice')
  const mine = (await alice.iq('get', query(), 'corp.example')).child('query', NS)
  assert.ok(mine?.child('registered'))
  assert.equal(mine?.child('username')?.text(), 'alice')
})

test('a user changes his own password, and signs in again with it', async (t) => {
  const system = await startXmppSystem(t, OPEN)
  await using alice = await system.connect('alice')
  const others = await alice.iq('set', fields('bob', 'stolen-it'), 'corp.example')
  assert.equal(condition(others), 'cancel not-allowed')
  const incomplete = await alice.iq('set', query('<username>alice</username>'))
  assert.equal(condition(incomplete), 'modify bad-request') // XEP-0077 §3.3, Table 1
  const elsewhere = await alice.iq('set', fields('alice', 'x-pencil'), 'west.example')
  assert.equal(condition(elsewhere), 'cancel not-allowed')

  assert.equal((await alice.iq('set', fields('alice', 'new-pencil'))).attr('type'), 'result')
  assert.equal(await system.directory.verifyPassword(jidOf('alice'), 'new-pencil'), true)
  const error = await alice.expectStreamError()
  assert.ok(error.child('reset', 'urn:ietf:params:xml:ns:xmpp-streams'))
})

test('a user removes his account, is told so, and is sent away (§3.2)', async (t) => {
  const system = await startXmppSystem(t, OPEN)
  const alice = await system.connect('alice')
  const both = await alice.iq('set', query('<remove/><username>alice</username>'))
  assert.equal(condition(both), 'modify bad-request')
  assert.equal((await alice.iq('set', query('<remove/>'))).attr('type'), 'result')
  const error = await alice.expectStreamError()
  assert.ok(error.child('not-authorized', 'urn:ietf:params:xml:ns:xmpp-streams'))
  assert.equal(await system.directory.exists(jidOf('alice')), false)
})
