/**
 * The whole main job with clients that we did not write: alice on XMPP (slixmpp), bob on SIP
 * (baresip for messages, SIPp for what it does not do). Each sees the other's composed presence,
 * and messages go both ways.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import { startTestServer } from '../support/server.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { Baresip } from './drivers/baresip.ts'
import { slixmpp } from './drivers/driven-client.ts'
import { Sipp } from './drivers/sipp.ts'

const SCHEMA = new URL('../formats/schemas/all.xsd', import.meta.url).pathname

it('alice on XMPP and bob on SIP see each other and talk', async () => {
  await using server = await startTestServer({
    args: ['--demo', '--set', 'sip.notifyInterval=0s'],
  })
  const password = server.demoPassword
  await using alice = slixmpp({
    jid: 'alice@localhost/desk',
    password,
    port: server.port('xmpp'),
    ca: join(server.data, 'tls', 'ca.pem'),
  })
  const session = await alice.expect('session')
  assert.match(String(session.mechanism), /^SCRAM-SHA-/)
  alice.tell('roster')
  const { items } = await alice.expect('roster')
  assert.equal(
    (items as Record<string, { subscription: string }>)['bob@localhost']?.subscription,
    'both',
  )
  alice.tell('presence')

  await using bob = await Baresip.start({
    user: 'bob',
    domain: 'localhost',
    password,
    transport: 'tcp',
    port: server.port('sipTcp'),
    contacts: ['alice@localhost'],
  })
  await bob.saw(/200 OK \(.*\) \[1 binding\]/)
  const fromBob = (event: { [key: string]: unknown }) =>
    String(event.sender).startsWith('bob@localhost/')
  const reachable = await alice.expect('presence_available', fromBob)
  assert.equal(reachable.show, '')

  // Bob's phone says that he is on the phone; Alice's roster shows it.
  const keys = { domain: 'localhost' }
  const asBob = { user: 'bob', password, keys }
  const udp = { port: server.port('sipUdp'), transport: 'udp', ...asBob } as const
  await using publish = await Sipp.start({ ...udp, scenario: 'publish', to: 'bob' })
  await publish.done()
  const onThePhone = await alice.expect(
    'presence_available',
    (event) => fromBob(event) && event.show === 'dnd',
  )
  assert.equal(onThePhone.status, 'On a call')

  // Bob watches Alice, who does not want to be disturbed.
  await using watch = await Sipp.start({
    ...udp,
    scenario: 'subscribe',
    to: 'alice',
    keys: { ...keys, expected: 'do-not-disturb' },
  })
  await watch.saw(/Subscription-State: active;expires=\d+/)
  alice.tell('presence', { show: 'dnd', status: 'Writing' })
  await watch.done()
  const trace = await watch.trace()
  const pidf = trace.slice(trace.lastIndexOf('<?xml'), trace.lastIndexOf('</presence>') + 11)
  assert.match(pidf, /Writing/)
  acceptPidf(pidf)

  // Messages both ways.
  alice.tell('message', { to: 'bob@localhost', body: 'Free for lunch?', thread: 'lunch' })
  await bob.saw(/Free for lunch\?/)
  bob.command('message', 'In ten minutes') // to the first of his contacts
  const answer = await alice.expect('message')
  assert.match(String(answer.sender), /^bob@localhost/)
  assert.match(String(answer.body), /In ten minutes/)
})

function acceptPidf(pidf: string): void {
  using directory = temporaryDirectory()
  const file = join(directory.path, 'pidf.xml')
  writeFileSync(file, pidf)
  const { status, stderr } = spawnSync('xmllint', ['--noout', '--schema', SCHEMA, file])
  assert.equal(status, 0, `${stderr}\n${pidf}`)
}
