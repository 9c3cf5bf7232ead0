import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LoadingCache } from '../../src/directory/loading-cache.ts'

/** A loader whose answers the test gives when it wants to. */
function controlled(limit: number) {
  const loads: { key: string; answer: PromiseWithResolvers<number> }[] = []
  const cache = new LoadingCache<string, number>(limit, (key) => {
    const answer = Promise.withResolvers<number>()
    loads.push({ key, answer })
    return answer.promise
  })
  return { cache, loads }
}

test('what is asked for twice is loaded once, and then there at once', async () => {
  const { cache, loads } = controlled(2)
  const both = [cache.get('a'), cache.get('a')]
  assert.equal(cache.peek('a'), undefined)
  loads[0]?.answer.resolve(1)
  assert.deepEqual(await Promise.all(both), [1, 1])
  assert.equal(loads.length, 1)
  assert.deepEqual(cache.peek('a'), { value: 1 })
})

test('a load that began before a change is not kept after it', async () => {
  const { cache, loads } = controlled(2)
  const early = cache.get('a')
  cache.delete('a')
  const late = cache.get('a')
  loads[1]?.answer.resolve(2)
  loads[0]?.answer.resolve(1)
  assert.deepEqual(await Promise.all([early, late]), [1, 2])
  assert.deepEqual(cache.peek('a'), { value: 2 })
})

test('a failure is told and not kept', async () => {
  const { cache, loads } = controlled(2)
  const failing = cache.get('a')
  loads[0]?.answer.reject(new Error('no'))
  await assert.rejects(failing, /no/)
  const next = cache.get('a')
  loads[1]?.answer.resolve(1)
  assert.equal(await next, 1)
})

test('the one that was not used for longest makes room', () => {
  const { cache, loads } = controlled(2)
  for (const key of ['a', 'b', 'a', 'c', 'a', 'b']) void cache.get(key)
  assert.deepEqual(
    loads.map((load) => load.key),
    ['a', 'b', 'c', 'b'],
  )
})
