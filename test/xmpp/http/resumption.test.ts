/** XEP-0198 across transports: a session that began on one goes on on another, and nothing is lost or comes twice. */
import assert from 'node:assert/strict'
import { it, type TestContext } from 'node:test'
import { ManagedClient, type ManagedStream } from '../../support/managed-client.ts'
import { DOMAIN, PASSWORD } from '../../support/xmpp-system.ts'
import { type HttpRig, startHttp } from './rig.ts'

const ALICE = { jid: `alice@${DOMAIN}`, password: PASSWORD }

const TRANSPORTS: Readonly<Record<string, (rig: HttpRig) => Promise<ManagedStream>>> = {
  TCP: (rig) => rig.system.authenticated('alice'),
  WebSocket: async (rig) => (await rig.ws()).signIn(ALICE),
  BOSH: (rig) => rig.bosh().signIn(ALICE),
}

async function connect(rig: HttpRig, transport: string): Promise<ManagedStream> {
  const open = TRANSPORTS[transport]
  assert.ok(open)
  return await open(rig)
}

async function exchange(t: TestContext, order: readonly string[]): Promise<void> {
  const rig = await startHttp(t)
  await using bob = await rig.system.online('bob')
  const alice = new ManagedClient()
  const [first = '', ...others] = order
  await alice.begin(await connect(rig, first), 'roaming')
  alice.send(`<presence xmlns='jabber:client'/>`)
  await alice.acknowledged()
  let count = 0
  for (const next of others) {
    const say = (from: string) => `${from} ${count} before ${next}`
    alice.send(message('bob@corp.example', say('alice')))
    bob.send(message(ALICE.jid, say('bob')))
    await bob.expectMessage(say('alice'))
    await alice.cut()
    count += 1
    // What is said while nobody carries her session waits for her.
    alice.send(message('bob@corp.example', say('alice')))
    bob.send(message(ALICE.jid, say('bob')))
    await bob.settle()
    await alice.resume(await connect(rig, next))
    await bob.expectMessage(say('alice'))
    await alice.until(() => alice.bodies().includes(say('bob')))
    count += 1
  }
  await alice.acknowledged()
  assert.equal(alice.resumptions, others.length)
  assert.equal(alice.bodies().length, count)
  assert.equal(new Set(alice.bodies()).size, count)
  assert.equal(rig.system.sessions.of(rig.system.jid('alice')).length, 1)
  await alice.cut()
}

function message(to: string, body: string): string {
  return `<message xmlns='jabber:client' to='${to}' type='chat'><body>${body}</body></message>`
}

it('goes from TCP to WebSocket to BOSH', (t) => exchange(t, ['TCP', 'WebSocket', 'BOSH']))

it('goes from BOSH to WebSocket to TCP', (t) => exchange(t, ['BOSH', 'WebSocket', 'TCP']))

it('goes from each to itself', async (t) => {
  for (const transport of Object.keys(TRANSPORTS)) {
    await exchange(t, [transport, transport, transport])
  }
})
