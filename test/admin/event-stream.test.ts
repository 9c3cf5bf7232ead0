import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { request } from 'node:https'
import { test } from 'node:test'
import { requireJid } from '../../src/core/address.ts'
import { metrics } from '../../src/util/metrics.ts'
import { basic, type Call, codeOf, jid, openRig, type Rig, requestOf, turn } from './rig.ts'

const EVENTS = '/api/v1/presence/alice@corp.example/events'

async function watch({ port }: Rig, given: Call = {}) {
  const target = { host: '127.0.0.1', port, rejectUnauthorized: false, agent: false }
  const outgoing = request({ ...target, ...requestOf('GET', EVENTS, given) })
  outgoing.end()
  const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage]
  let text = ''
  incoming.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  // It is we who cut it off.
  incoming.on('error', () => undefined)
  return {
    incoming,
    /** Resolves when the text fits. */
    async until(pattern: RegExp): Promise<string> {
      while (!pattern.test(text)) await turn()
      return text
    },
    leave: () => outgoing.destroy(),
  }
}

async function openStreams(): Promise<string | undefined> {
  const all = await metrics.metrics()
  return /^heliograph_admin_event_streams (\d+)$/m.exec(all)?.[1]
}

test('a stream shows the presence now and then each change once', async (t) => {
  const rig = await openRig(t)
  const { call, directory, clock } = rig
  await directory.addUser({ account: jid('alice') })
  await directory.addUser({ account: jid('bob') })
  const stream = await watch(rig)
  assert.equal(stream.incoming.statusCode, 200)
  assert.equal(stream.incoming.headers['content-type'], 'text/event-stream')
  await stream.until(/offline/)
  const put = (who: string, state: string) =>
    call('PUT', `/api/v1/presence/${who}@corp.example`, { body: { state } })
  await put('alice', 'do-not-disturb')
  await put('alice', 'do-not-disturb')
  await put('bob', 'away')
  await put('alice', 'available')
  const text = await stream.until(/available/)
  const states = text
    .split('\n\n')
    .slice(0, -1)
    .map((event) => /^event: presence\ndata: (.*)$/.exec(event)?.[1] ?? '{}')
    .map((json) => (JSON.parse(json) as { state?: string }).state)
  assert.deepEqual(states, ['offline', 'do-not-disturb', 'available'])
  clock.advance(25_000)
  assert.match(await stream.until(/still/), /\n\n: still here\n\n$/)
  stream.leave()
})

test('a stream shows who waits for a word, now and whenever that changes', async (t) => {
  const rig = await openRig(t)
  const { access, directory, subscriptions, logged } = rig
  await directory.addUser({ account: jid('alice'), password: 'tea for two' })
  await directory.addUser({ account: jid('bob') })
  const waits = (...watchers: string[]) => {
    const requests = watchers.map((watcher) => ({ watcher }))
    const list = JSON.stringify({ presentity: 'alice@corp.example', requests })
    return `event: watch-request\ndata: ${list}\n\n`
  }
  const eve = requireJid('eve@elsewhere.example').bare
  const rule = { presentity: jid('alice'), level: 'All', enforced: false, refusesMessages: false }
  await access.put({ ...rule, watcher: '*', action: 'confirm' })
  await subscriptions.ask(jid('alice'), eve)

  const authorization = basic('alice@corp.example', 'tea for two')
  const stream = await watch(rig, { authorization })
  const expected = [waits(eve)]
  const until = async (list: string) => {
    expected.push(list)
    const all = expected.join('')
    for (;;) {
      const text = await stream.until(/watch-request/)
      const shown = text.split(/(?<=\n\n)/).filter((event) => event.startsWith('event: watch'))
      if (shown.join('') === all) return
      assert.ok(all.startsWith(shown.join('')), shown.join(''))
      await turn()
    }
  }
  await stream.until(/watch-request/)
  await subscriptions.ask(jid('alice'), jid('bob'))
  await until(waits(jid('bob'), eve))
  await access.put({ ...rule, watcher: jid('bob'), action: 'allow' })
  await until(waits(eve))
  await access.put({ ...rule, watcher: eve, action: 'block' })
  await until(waits())
  stream.leave()
  assert.doesNotMatch(logged(), /api_watch_requests_not_shown/)
})

test('a stream ends its subscription when the one who reads is gone', async (t) => {
  const rig = await openRig(t)
  await rig.directory.addUser({ account: jid('alice') })
  const timers = rig.clock.pendingTimers
  const stream = await watch(rig)
  await stream.until(/offline/)
  assert.equal(await openStreams(), '1')
  assert.equal(rig.clock.pendingTimers, timers + 1)
  stream.leave()
  while ((await openStreams()) !== '0') await turn()
  assert.equal(rig.clock.pendingTimers, timers)
})

test('streams end with the server', async (t) => {
  const rig = await openRig(t)
  await rig.directory.addUser({ account: jid('alice') })
  const stream = await watch(rig)
  await stream.until(/offline/)
  const ended = new Promise((resolve) => stream.incoming.once('close', resolve))
  await rig.close()
  await ended
  assert.equal(await openStreams(), '0')
})

test('a user’s stream of himself ends with his sign-in, an administrator’s goes on', async (t) => {
  const rig = await openRig(t)
  await rig.directory.addUser({ account: jid('alice'), password: 'tea for two' })
  const authorization = basic('alice@corp.example', 'tea for two')
  const own = await watch(rig, { authorization })
  const administrator = await watch(rig)
  for (const stream of [own, administrator]) await stream.until(/offline/)
  const ended = new Promise((resolve) => own.incoming.once('close', resolve))
  await rig.directory.setPassword(jid('alice'), 'new tea')
  await ended
  while ((await openStreams()) !== '1') await turn()
  administrator.leave()
})

test('a user has so many streams, an administrator more', async (t) => {
  const rig = await openRig(t)
  const { directory, call } = rig
  await directory.addUser({ account: jid('alice'), password: 'tea for two' })
  const authorization = basic('alice@corp.example', 'tea for two')
  const streams = []
  for (let n = 0; n < 20; n += 1) streams.push(await watch(rig, { authorization }))
  assert.equal(codeOf(await call('GET', EVENTS, { authorization })), '429 TOO_MANY_STREAMS')
  streams.push(await watch(rig))
  for (const stream of streams) stream.leave()
  while ((await openStreams()) !== '0') await turn()
  const again = await watch(rig, { authorization })
  await again.until(/offline/)
  again.leave()
})

test('a stream is not opened by asking for its head, or for nobody', async (t) => {
  const rig = await openRig(t)
  assert.equal((await rig.call('GET', EVENTS)).status, 404)
  await rig.directory.addUser({ account: jid('alice') })
  assert.equal((await rig.call('HEAD', EVENTS)).status, 404)
  assert.equal(await openStreams(), '0')
})
