import assert from 'node:assert/strict'
import { test } from 'node:test'
import { metrics } from '../../src/util/metrics.ts'
import { badRequest, StreamError } from '../../src/xmpp/errors.ts'

async function told(of: string, condition: string): Promise<number> {
  const text = await metrics.getSingleMetricAsString('heliograph_xmpp_errors_total')
  const line = new RegExp(`\\{of="${of}",condition="${condition}"\\} (\\d+)`).exec(text)
  return Number(line?.[1] ?? 0)
}

test('every refusal that a client is told is counted by its condition', async () => {
  const before = [await told('stanza', 'bad-request'), await told('stream', 'policy-violation')]
  badRequest().toElement()
  String(new StreamError('policy-violation', 'too much'))
  const after = [await told('stanza', 'bad-request'), await told('stream', 'policy-violation')]
  assert.deepEqual(
    after,
    before.map((count) => count + 1),
  )
})
