/** After a restart endpoints whose subscriptions are lost are asked by REFER to subscribe again (RFC 3515). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Phone, startSipSystem } from '../support/sip-system.ts'

const BOB = 'sip:bob@example.com'

function refer(atStart: 'off' | 'lost' | 'all', redirect?: string) {
  return { refer: { atStart, perSecond: 1000, redirect } }
}

test('a phone over TCP is asked to watch again what it watched, and is told where XMPP has gone', async (t) => {
  const system = await startSipSystem(t, refer('lost', 'im2.example.com:5222'))
  const alice = await Phone.open(t, system, 'alice', 'tcp')
  assert.equal((await alice.subscribe(BOB)).status, 200)
  await alice.got('NOTIFY')
  const again = await system.restart()
  const request = await alice.got('REFER')
  assert.equal(
    request.headers.get('Refer-To'),
    '<sip:bob@example.com;method=SUBSCRIBE?Event=presence>;redirect="im2.example.com:5222"',
  )
  assert.match(request.headers.get('To') ?? '', /<sip:alice@example\.com>$/)
  alice.turnTo(again)
  const before = alice.received.length
  assert.equal((await alice.subscribe(BOB)).status, 200)
  await alice.got('NOTIFY', (one) => alice.received.indexOf(one) >= before)

  // Who has been asked is not asked for the old subscription once more.
  const third = await again.restart()
  await alice.got('REFER', (one) => alice.received.indexOf(one) > before)
  assert.equal(alice.received.filter(({ method }) => method === 'REFER').length, 2)
  assert.deepEqual(await storedIn(third), 0)
})

async function storedIn({ database }: Awaited<ReturnType<typeof startSipSystem>>): Promise<number> {
  return (await database.kysely.selectFrom('sip_subscriptions').selectAll().execute()).length
}

test('a phone over UDP keeps its subscription, and is not asked', async (t) => {
  const system = await startSipSystem(t, refer('lost'))
  const alice = await Phone.open(t, system, 'alice', 'udp')
  const carol = await Phone.open(t, system, 'carol', 'tcp')
  await alice.subscribe(BOB)
  await carol.subscribe(BOB)
  await system.restart()
  await carol.got('REFER')
  assert.equal(alice.received.filter(({ method }) => method === 'REFER').length, 0)
})

test('who has registered is asked, too, where the operator wants it', async (t) => {
  const system = await startSipSystem(t, refer('all'))
  const alice = await Phone.open(t, system, 'alice', 'udp')
  await alice.register()
  await system.restart()
  const request = await alice.got('REFER')
  assert.match(request.headers.get('Refer-To') ?? '', /^<sip:alice@example\.com;method=SUBSCRIBE/)
})

test('nobody is asked where nobody has said so, and nothing is kept of connections', async (t) => {
  const system = await startSipSystem(t)
  const alice = await Phone.open(t, system, 'alice', 'tcp')
  await alice.subscribe(BOB)
  await alice.got('NOTIFY')
  assert.equal(await storedIn(system), 0)
})

test('who un-SUBSCRIBEs is forgotten', async (t) => {
  const system = await startSipSystem(t, refer('lost'))
  const alice = await Phone.open(t, system, 'alice', 'tcp')
  const dialog = { callId: 'un-subscribe', fromTag: 'a1' }
  const headers: [string, string][] = [['Event', 'presence']]
  const begun = await alice.send('SUBSCRIBE', { uri: BOB, headers, ...dialog })
  assert.equal(await storedIn(system), 1)
  await alice.send('SUBSCRIBE', {
    uri: BOB,
    to: begun.headers.get('To') ?? '',
    headers: [...headers, ['Expires', '0']],
    ...dialog,
  })
  await alice.got('NOTIFY', (one) => /terminated/.test(one.headers.get('Subscription-State') ?? ''))
  assert.equal(await storedIn(system), 0)
})
