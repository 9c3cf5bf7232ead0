import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Access, EVERYTHING, NOTHING } from '../../../src/core/presence/access/access.ts'
import { StandingAccess } from '../../../src/sip/events/standing-access.ts'
import { settle } from './support.ts'

const ALLOW: Access = { decision: 'allow', visible: EVERYTHING, asks: false }
const BLOCK: Access = { decision: 'block', visible: NOTHING, asks: false }

interface Steps {
  authorize(): Access | Promise<Access>
  decided(access: Access): void
  failed(error: unknown): void
}

class SteeredAccess extends StandingAccess {
  readonly #steps: Steps

  constructor(steps: Steps) {
    super()
    this.#steps = steps
  }

  protected authorize(): Access | Promise<Access> {
    return this.#steps.authorize()
  }

  protected decided(access: Access): void {
    this.#steps.decided(access)
  }

  protected failed(error: unknown): void {
    this.#steps.failed(error)
  }
}

/** Questions that the test answers. */
function setUp() {
  const questions: PromiseWithResolvers<Access>[] = []
  const decided: Access[] = []
  const failures: unknown[] = []
  const standing = new SteeredAccess({
    authorize: () => {
      const question = Promise.withResolvers<Access>()
      questions.push(question)
      return question.promise
    },
    decided: (access) => decided.push(access),
    failed: (error) => failures.push(error),
  })
  return { standing, questions, decided, failures }
}

test('an answer at hand holds at once', () => {
  const decided: Access[] = []
  const standing = new SteeredAccess({
    authorize: () => ALLOW,
    decided: (access) => decided.push(access),
    failed: assert.fail,
  })
  standing.require()
  assert.equal(standing.current, ALLOW)
  standing.require()
  assert.deepEqual(decided, [ALLOW])
})

test('nothing holds while a question is open, and nobody asks it twice', async () => {
  const { standing, questions, decided } = setUp()
  standing.require()
  standing.require()
  assert.equal(questions.length, 1)
  assert.equal(standing.current, undefined)
  questions[0]?.resolve(ALLOW)
  await settle()
  assert.equal(standing.current, ALLOW)
  standing.invalidate()
  assert.equal(standing.current, undefined)
  assert.deepEqual(decided, [ALLOW])
})

test('an answer that was overtaken by another question is passed over', async () => {
  const { standing, questions, decided, failures } = setUp()
  const first = standing.ask()
  const second = standing.ask()
  questions[1]?.resolve(BLOCK)
  await second
  questions[0]?.resolve(ALLOW)
  await first
  assert.equal(standing.current, BLOCK)
  assert.deepEqual(decided, [BLOCK])
  const third = standing.ask()
  standing.invalidate()
  questions[2]?.reject(new Error('too late to matter'))
  await third
  assert.deepEqual(failures, [])
})

test('a question that cannot be answered may be asked again', async () => {
  const { standing, questions, failures } = setUp()
  standing.require()
  questions[0]?.reject(new Error('no database'))
  await settle()
  assert.equal(failures.length, 1)
  await assert.rejects(async () => {
    const asked = standing.ask()
    questions[1]?.reject(new Error('still none'))
    await asked
  })
  standing.require()
  questions[2]?.resolve(ALLOW)
  await settle()
  assert.equal(standing.current, ALLOW)
})
