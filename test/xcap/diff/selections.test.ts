/** What a subscription to changes selects (RFC 5875 §4.1). */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { bareJid } from '../../../src/core/address.ts'
import type { ApplicationUsage } from '../../../src/xcap/application-usage.ts'
import { Selections } from '../../../src/xcap/diff/selections.ts'

const ALICE = bareJid('alice', 'example.com') ?? assert.fail()

it('reads a large document once, however many of its nodes are watched (RFC 5875 §4.1)', async () => {
  const text = `<l xmlns="urn:l">${'<e a="1"/>'.repeat(50_000)}</l>`
  const usage = { auid: 'l', defaultNs: 'urn:l' } as ApplicationUsage
  const selections = new Selections({
    root: '/xcap',
    documents: {
      usage: () => usage,
      read: async () => ({ text, etag: 'e' }),
      readGlobal: async () => undefined,
      list: async () => [],
    },
    accountOf: async () => ALICE,
  })
  const uris = Array.from({ length: 100 }, (_, at) => `l/users/a/index/~~/l/e%5b${at + 1}%5d/@a`)
  const timed = async (wanted: string[]) => {
    const startedAt = performance.now()
    const found = await selections.find(ALICE, wanted)
    return { found, took: performance.now() - startedAt }
  }
  const one = await timed(uris.slice(0, 1))
  const { found, took } = await timed(uris)
  assert.deepEqual(
    found.map(({ resource }) => resource.kind === 'attribute' && resource.content),
    uris.map(() => '1'),
  )
  // Read for each of them it would be a hundred times as much, on any machine.
  assert.ok(took < 40 * one.took, `took ${took} ms, and ${one.took} ms for one`)
})
