import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createResponse } from '../../src/sip/message/respond.ts'
import { SteeredOverload } from '../support/overload.ts'
import { Phone, startSipSystem } from '../support/sip-system.ts'
import { startRig } from './rig.ts'
import { headerOf, requestText, statusOf, UdpPeer } from './wire.ts'

const IN_DIALOG = '<sip:bob@example.com>;tag=ours'

async function startOverloaded() {
  const overload = new SteeredOverload()
  const rig = await startRig({ overload: overload.watch })
  const handled: string[] = []
  for (const method of ['SUBSCRIBE', 'PUBLISH', 'REGISTER', 'MESSAGE', 'NOTIFY']) {
    rig.agent.handle(method, (tx) => {
      handled.push(method)
      tx.respond(createResponse(tx.request, 200))
    })
  }
  const phone = await UdpPeer.open(rig.udp)
  let cseq = 0
  return {
    overload,
    handled,
    async ask(method: string, to?: string) {
      cseq += 1
      phone.send(
        requestText({ method, cseq, branch: `z9hG4bK${cseq}`, ...(to !== undefined && { to }) }),
      )
      return await phone.next()
    },
    async [Symbol.asyncDispose]() {
      await phone[Symbol.asyncDispose]()
      await rig[Symbol.asyncDispose]()
    },
  }
}

for (const method of ['SUBSCRIBE', 'PUBLISH', 'REGISTER', 'MESSAGE']) {
  test(`a new ${method} is refused with 503 and Retry-After while overloaded`, async () => {
    await using it = await startOverloaded()
    assert.equal(statusOf(await it.ask(method)), 200)
    it.overload.begin()
    const refused = await it.ask(method)
    assert.equal(statusOf(refused), 503)
    const seconds = Number(headerOf(refused, 'Retry-After'))
    assert.ok(seconds >= 5 && seconds < 15, `${seconds}`)
    it.overload.end()
    assert.equal(statusOf(await it.ask(method)), 200)
    assert.deepEqual(it.handled, [method, method])
  })
}

test('clients are not all told to come back at once', async () => {
  await using it = await startOverloaded()
  it.overload.begin()
  const seconds = new Set<string>()
  while (seconds.size < 2) seconds.add(headerOf(await it.ask('PUBLISH'), 'Retry-After'))
})

test('what belongs to a dialog, and what costs nothing, goes on while overloaded', async () => {
  await using it = await startOverloaded()
  it.overload.begin()
  assert.equal(statusOf(await it.ask('SUBSCRIBE', IN_DIALOG)), 200)
  assert.equal(statusOf(await it.ask('NOTIFY', IN_DIALOG)), 200)
  assert.equal(statusOf(await it.ask('OPTIONS')), 200)
  assert.deepEqual(it.handled, ['SUBSCRIBE', 'NOTIFY'])
})

test('a subscription goes on while overloaded: NOTIFYs, a refresh, its end', async (t) => {
  const overload = new SteeredOverload()
  const system = await startSipSystem(t, {}, 'allow', overload.watch)
  const phone = await Phone.open(t, system, 'alice')
  const callId = 'going-on'
  const fromTag = 'alice'
  const [uri, event] = ['sip:bob@example.com', ['Event', 'presence'] as [string, string]]
  const begun = await phone.send('SUBSCRIBE', { uri, callId, fromTag, headers: [event] })
  assert.equal(begun.status, 200)
  overload.begin()
  assert.equal((await phone.subscribe('sip:carol@example.com')).status, 503)
  assert.equal((await phone.register()).status, 503)
  const to = begun.headers.get('To') ?? ''
  const again = async (expires: string) =>
    phone.send('SUBSCRIBE', { uri, to, callId, fromTag, headers: [event, ['Expires', expires]] })
  assert.equal((await again('600')).status, 200)
  assert.equal((await again('0')).status, 200)
  await phone.got('NOTIFY', ({ headers }) =>
    (headers.get('Subscription-State') ?? '').startsWith('terminated'),
  )
  overload.end()
  assert.equal((await phone.subscribe('sip:carol@example.com')).status, 200)
})
