/** RFC 1035 §3.2.1, RFC 2308: how long answers are kept. With a real name server: test/interop/dns.test.ts. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DnsCache } from '../../../../src/sip/transport/dns/dns-cache.ts'
import type { Answer, NameSource } from '../../../../src/sip/transport/dns/records.ts'
import { silentLog } from '../../../../src/util/log.ts'
import { FakeClock } from '../../../support/fake-clock.ts'

function startWith(answers: (name: string) => Promise<Answer<string>>) {
  const clock = new FakeClock()
  const asked: string[] = []
  const source: NameSource = {
    naptr: async () => ({ records: [], ttlMs: undefined }),
    srv: async () => ({ records: [], ttlMs: undefined }),
    addresses: (name) => {
      asked.push(name)
      return answers(name)
    },
  }
  const terms = { expiryMs: 300_000, negativeMs: 30_000, maxEntries: 2 }
  return { clock, asked, cache: new DnsCache({ clock, log: silentLog, source }, terms) }
}

test('a name is asked for once by all who want it at a time', async () => {
  const { cache, asked } = startWith(async () => ({ records: ['192.0.2.1'], ttlMs: 1_000 }))
  assert.deepEqual(await Promise.all([cache.addresses('a'), cache.addresses('A')]), [
    ['192.0.2.1'],
    ['192.0.2.1'],
  ])
  assert.deepEqual(asked, ['a'])
})

test('a time to live of 0 is asked for each time', async () => {
  const { cache, asked } = startWith(async () => ({ records: ['192.0.2.1'], ttlMs: 0 }))
  await cache.addresses('a')
  await cache.addresses('a')
  assert.equal(asked.length, 2)
})

test('where nobody can be asked the answer is nothing, and is soon asked for again', async () => {
  const { cache, asked, clock } = startWith(() => Promise.reject(new Error('ETIMEOUT')))
  assert.deepEqual(await cache.addresses('a'), [])
  clock.advance(4_999)
  await cache.addresses('a')
  assert.equal(asked.length, 1)
  clock.advance(1)
  await cache.addresses('a')
  assert.equal(asked.length, 2)
})

test('the oldest name makes room', async () => {
  const { cache, asked } = startWith(async () => ({ records: ['192.0.2.1'], ttlMs: 60_000 }))
  for (const name of ['a', 'b', 'c', 'c', 'b', 'a']) await cache.addresses(name)
  assert.deepEqual(asked, ['a', 'b', 'c', 'a'])
})
