import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { requireJid } from '../../src/core/address.ts'
import { AccountQueue } from '../../src/directory/account-queue.ts'
import { DirectoryError } from '../../src/directory/errors.ts'

const alice = requireJid('alice@corp.example').bare
const bob = requireJid('bob@corp.example').bare

describe('changes of one account', () => {
  it('take turns, while those of another go on', async () => {
    const queue = new AccountQueue()
    const log: string[] = []
    const { promise: gate, resolve: open } = Promise.withResolvers<void>()
    const first = queue.run(alice, async () => {
      await gate
      log.push('first')
    })
    const second = queue.run(alice, async () => void log.push('second'))
    await queue.run(bob, async () => void log.push('bob'))
    assert.deepEqual(log, ['bob'])
    open()
    await Promise.all([first, second])
    assert.deepEqual(log, ['bob', 'first', 'second'])
  })

  it('go on after one that failed, and leave nothing behind', async () => {
    const queue = new AccountQueue()
    const failed = queue.run(alice, () => Promise.reject(new Error('no')))
    const next = queue.run(alice, async () => 'yes')
    await assert.rejects(failed, /no/)
    assert.equal(await next, 'yes')
    await new Promise((resolve) => setImmediate(resolve))
    assert.equal(queue.size, 0)
  })

  it('are refused where too many wait', async () => {
    const queue = new AccountQueue()
    const { promise: gate, resolve: open } = Promise.withResolvers<void>()
    const waiting = Array.from({ length: 500 }, () => queue.run(alice, () => gate))
    await assert.rejects(
      queue.run(alice, () => gate),
      (error) => error instanceof DirectoryError && error.code === 'BUSY',
    )
    open()
    await Promise.all(waiting)
  })
})
