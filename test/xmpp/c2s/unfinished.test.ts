import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Unfinished } from '../../../src/xmpp/c2s/unfinished.ts'

describe('unfinished work', () => {
  it('is settled when nothing is left, what failed and what came later included', async () => {
    const work = new Unfinished()
    const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    work.add(first.promise)
    let settled = false
    const all = work.settled().then(() => {
      settled = true
    })
    work.add(second.promise)
    first.reject(new Error('failed'))
    await new Promise(setImmediate)
    assert.equal(settled, false)
    second.resolve()
    await all
    await work.settled()
  })
})
