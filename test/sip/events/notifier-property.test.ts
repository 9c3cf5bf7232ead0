/** Rules, contact lists, presence, slow networks and slow databases in any order: what a watcher may see is all he sees. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { NOTHING } from '../../../src/core/presence/access/access.ts'
import type { SourceClass } from '../../../src/core/presence/observation.ts'
import type { SipRequest } from '../../../src/sip/message/message.ts'
import { SipResponse as Response } from '../../../src/sip/message/message.ts'
import { STATE, setUp } from './notifier-rig.ts'
import { ALICE, BOB, settle } from './support.ts'

const WATCHER = { address: BOB, account: BOB, protocol: 'sip' } as const
const CLASSES = ['phone', 'calendar'] as const

type Step =
  | { do: 'rule'; action: 'allow' | 'block' | 'confirm' | 'undefined'; level: 'All' | 'Telephony' }
  | { do: 'grant'; granted: boolean }
  | { do: 'say'; class: (typeof CLASSES)[number] }
  | { do: 'leave' | 'look-up' | 'refresh' }
  | { do: 'answer'; status: 200 | 503 }
  | { do: 'wait'; ms: number }

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.record({
      do: fc.constant('rule' as const),
      action: fc.constantFrom('allow', 'block', 'confirm', 'undefined'),
      level: fc.constantFrom('All', 'Telephony'),
    }),
    fc.record({ do: fc.constant('grant' as const), granted: fc.boolean() }),
    fc.record({ do: fc.constant('say' as const), class: fc.constantFrom(...CLASSES) }),
    fc.record({ do: fc.constantFrom('leave' as const, 'look-up' as const, 'refresh' as const) }),
    fc.record({ do: fc.constant('answer' as const), status: fc.constantFrom(200, 200, 503) }),
    fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(1, 4000, 31_000) }),
  ),
  { minLength: 4, maxLength: 30 },
)

/** What is under way to the watcher: found its way or not, answered or not. */
interface OnTheWay {
  readonly request: SipRequest
  hasLeft: boolean
  answer(status: number): void
}

/** Plays the steps; checks each NOTIFY in the moment in which it leaves. */
class Play {
  granted = false
  shown: SipRequest | undefined
  readonly #lookups: PromiseWithResolvers<boolean>[] = []
  readonly #way: OnTheWay[] = []
  readonly #it = setUp({
    policy: 'confirm',
    intervalMs: 5000,
    maxFailures: 1000,
    grants: {
      isGranted: () => {
        // The answer is true when it is given, and whoever asked before a change asks again.
        const lookup = Promise.withResolvers<boolean>()
        this.#lookups.push(lookup)
        return lookup.promise
      },
    },
  })
  #said = 0

  async start(): Promise<void> {
    this.#it.userAgent.send = (request, _peer, answered) => {
      const answer = (status: number) => answered(new Response({ status, reason: '' }))
      this.#way.push({ request, hasLeft: false, answer })
    }
    for (const name of CLASSES) this.#say(name)
    const subscribed = this.#it.subscribe({ headers: [['Expires', '86400']] })
    await settle()
    this.#lookUp()
    assert.equal((await subscribed).status, 200)
  }

  async step(step: Step): Promise<void> {
    switch (step.do) {
      case 'rule':
        await this.#it.rule(step.action, { level: step.level })
        break
      case 'grant':
        this.granted = step.granted
        this.#it.access.grantChanged(ALICE, BOB)
        break
      case 'say':
        this.#say(step.class)
        break
      case 'leave':
        this.#leave()
        break
      case 'look-up':
        this.#lookUp()
        break
      case 'refresh':
        for (const subscription of this.#it.table.dialogs()) subscription.notifyNow()
        break
      case 'answer':
        this.#answer(step.status)
        break
      case 'wait':
        this.#it.clock.advance(step.ms)
    }
    await settle()
  }

  /** Everything gets through, until nothing is owed any more. */
  async end(): Promise<void> {
    for (let turn = 0; turn < 12; turn += 1) {
      this.#lookUp()
      this.#leave()
      this.#answer(200)
      this.#it.clock.advance(31_000)
      await settle()
    }
    assert.equal(this.#way.length, 0)
  }

  get visible() {
    return this.#it.access.decide(ALICE, WATCHER, this.granted)
  }

  expected(): string {
    const { visible } = this.visible
    const { document } = this.#it.presence.view(ALICE, visible)
    return document.tuples.map(({ note }) => note ?? '').join()
  }

  #say(name: SourceClass): void {
    this.#said += 1
    const since = this.#it.clock.now()
    const note = `${name}-${this.#said}`
    const observation = { id: name, class: name, basic: 'open', activity: 'busy', note } as const
    const observations = [{ ...observation, manual: false, since }]
    this.#it.presence.report({
      presentity: ALICE,
      source: `t/${name}`,
      observations,
      until: undefined,
    })
  }

  #lookUp(): void {
    for (const lookup of this.#lookups.splice(0)) lookup.resolve(this.granted)
  }

  #leave(): void {
    const one = this.#way.find(({ hasLeft }) => !hasLeft)
    if (!one) return
    one.hasLeft = true
    one.request.leaving?.()
    this.shown = one.request
    const body = one.request.body.toString()
    const { visible, decision } = this.visible
    for (const name of CLASSES) {
      assert.ok(visible.sees(name) || !body.includes(name), `${name} is shown: ${body}`)
    }
    if (visible === NOTHING) assert.ok(body.includes('<basic>closed</basic>'))
    // While the contact list is being asked, the old word may stand in the header, with nothing in the body.
    if (decision === 'block' && this.#lookups.length === 0) {
      assert.match(one.request.headers.get(STATE) ?? '', /^active;/)
    }
  }

  #answer(status: number): void {
    const at = this.#way.findIndex(({ hasLeft }) => hasLeft)
    if (at >= 0) this.#way.splice(at, 1)[0]?.answer(status)
  }
}

test('no NOTIFY leaves with what the rules do not allow at that moment, and the last says all', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (list) => {
      const play = new Play()
      await play.start()
      for (const step of list) await play.step(step)
      await play.end()
      const body = play.shown?.body.toString() ?? ''
      const notes = [...body.matchAll(/<note>((?:phone|calendar)-\d+)<\/note><timestamp/g)]
      assert.equal(notes.map(([, note]) => note).join(), play.expected())
      const pending = /^pending/.test(play.shown?.headers.get(STATE) ?? '')
      assert.equal(pending, play.visible.decision === 'confirm')
    }),
    { numRuns: 150 },
  )
})
