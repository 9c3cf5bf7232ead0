import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KeyedQueue } from '../../src/util/keyed-queue.ts'

test('work on one key runs in order, one at a time; other keys do not wait', async () => {
  const queue = new KeyedQueue<string>(10)
  const gate = Promise.withResolvers<void>()
  const done: string[] = []
  const first = queue.run('a', async () => {
    await gate.promise
    done.push('a1')
  })
  const second = queue.run('a', async () => {
    done.push('a2')
  })
  await queue.run('b', async () => {
    done.push('b1')
  })
  assert.deepEqual(done, ['b1'])
  gate.resolve()
  await Promise.all([first, second])
  assert.deepEqual(done, ['b1', 'a1', 'a2'])
})

test('work that fails does not stop what comes after it', async () => {
  const queue = new KeyedQueue<string>(10)
  const failing = queue.run('a', () => Promise.reject(new Error('no')))
  const next = queue.run('a', async () => 'yes')
  await assert.rejects(failing, /no/)
  assert.equal(await next, 'yes')
})

test('a key that has enough waiting takes no more until some of it is done', async () => {
  const queue = new KeyedQueue<string>(1)
  const gate = Promise.withResolvers<void>()
  const running = queue.run('a', () => gate.promise)
  assert.ok(queue.isFull('a') && queue.isBusy('a') && !queue.isBusy('b'))
  assert.throws(() => queue.run('a', async () => undefined), RangeError)
  gate.resolve()
  await running
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(queue.isFull('a') || queue.isBusy('a'), false)
})
