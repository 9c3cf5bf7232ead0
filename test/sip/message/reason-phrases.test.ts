import assert from 'node:assert/strict'
import { test } from 'node:test'
import { reasonPhrase } from '../../../src/sip/message/reason-phrases.ts'

test('known codes have their phrase, others that of their class', () => {
  assert.equal(reasonPhrase(489), 'Bad Event')
  assert.equal(reasonPhrase(412), 'Conditional Request Failed')
  assert.equal(reasonPhrase(499), 'Request Failure')
  assert.equal(reasonPhrase(999), 'Unknown')
})
