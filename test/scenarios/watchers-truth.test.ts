/**
 * People subscribe, answer, block and change rules in any order, one after the other and all at
 * once: what each watcher was told last is what the access rules say, over XMPP and over SIP, and
 * what the owner was last asked is what waits for his word. In memory; seeded.
 */
import { test } from 'node:test'
import { setImmediate as idle } from 'node:timers/promises'
import fc from 'fast-check'
import { type Step, sameSystem, step } from './watchers-truth-steps.ts'
import { type System, start } from './watchers-truth-system.ts'

const SEED = 20_261_123
type Check = (system: System, last: Step | undefined) => void | Promise<void>

/** Checks after each step. */
function oneByOne(check: Check): Promise<void> {
  const steps = fc.array(step, { maxLength: 40, size: 'max' })
  const property = fc.asyncProperty(sameSystem, steps, async (fallback, all) => {
    const system = await start(fallback, [0])
    for (const one of all) {
      await system.play(one)
      await idle() // all is in memory: nothing is left to happen
      await check(system, one)
    }
  })
  return fc.assert(property, { seed: SEED, numRuns: 300 })
}

/** Checks after each few steps, taken at the same time with a slow database. */
function allAtOnce(check: Check): Promise<void> {
  const delays = fc.array(fc.nat({ max: 9 }), { minLength: 1, maxLength: 12 })
  const few = fc.array(step, { minLength: 1, maxLength: 5 })
  const batches = fc.array(few, { maxLength: 10, size: 'max' })
  const property = fc.asyncProperty(sameSystem, delays, batches, async (fallback, turns, all) => {
    const system = await start(fallback, turns)
    for (const batch of all) {
      await Promise.all(batch.map((one) => system.play(one)))
      await idle()
      await check(system, undefined)
    }
  })
  return fc.assert(property, { seed: SEED, numRuns: 300 })
}

test('whoever says what, one after the other, watchers are told what holds', async () => {
  await oneByOne(async (system) => {
    await system.check()
    system.checkSides()
  })
})

test('whoever says what, all at once, with a slow database, watchers are told what holds', async () => {
  await allAtOnce((system) => system.check())
})

// Whom an owner sends away he is asked about at once, where the default is Allow.
test('whoever says what, owners are asked what waits for them, and nothing else', {}, async () => {
  await oneByOne(async (system, last) => {
    await system.checkRequests()
    if (last) system.checkQuestions(last)
  })
  await allAtOnce((system) => system.checkRequests())
})
