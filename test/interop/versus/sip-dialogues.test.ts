/**
 * The same scenarios of SIPp with Kamailio's presence modules and with Heliograph (RFC 3856, RFC 3903, RFC 6665 and what
 * builds on them). Where the outcomes differ, the specification says why ours is right: a difference that is not listed
 * fails, and so does a listed one that is no more.
 */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { SIP_CASES } from './sip-cases.ts'
import { startHeliograph, startKamailio } from './sip-rig.ts'

const [kamailio, heliograph] = await Promise.all([startKamailio(), startHeliograph()])
after(async () => {
  await kamailio[Symbol.asyncDispose]()
  await heliograph[Symbol.asyncDispose]()
})

for (const { title, specs, run, difference } of Object.values(SIP_CASES).flat()) {
  test(`${title} (${specs})`, { timeout: 60_000 }, async () => {
    const [theirs, ours] = await Promise.all([run(kamailio), run(heliograph)])
    await Promise.all([kamailio.hangUp(), heliograph.hangUp()])
    const { theirs: listed = 'passes', ours: own = 'passes' } = difference ?? {}
    assert.deepEqual({ theirs, ours }, { theirs: listed, ours: own })
  })
}
