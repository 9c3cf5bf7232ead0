/** XEP-0198 §4: counts begin again after 2³². */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  countAfter,
  StanzaCount,
  stanzasBetween,
} from '../../../src/xmpp/stream-management/stanza-count.ts'

const LAST = 2 ** 32 - 1

test('the last count is followed by none', () => {
  const count = new StanzaCount(LAST)
  count.increment()
  assert.equal(count.value, 0)
  count.increment()
  assert.equal(count.value, 1)
  assert.equal(countAfter(LAST - 1, 3), 1)
})

test('stanzas between two counts are counted round the end', () => {
  assert.equal(stanzasBetween(3, 10), 7)
  assert.equal(stanzasBetween(LAST, 2), 3)
  assert.equal(stanzasBetween(7, 7), 0)
})
