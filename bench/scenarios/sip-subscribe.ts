/** SUBSCRIBE: what a new subscription costs with its first NOTIFY, and what it occupies afterwards. */
import type { HeldScenario, TurnScenario } from '../harness/scenario.ts'
import { PEOPLE, SIP_SERVERS, SUBSCRIBING, sipGenerator, sipSpan } from './sip-run.ts'

export const subscribe: TurnScenario = {
  name: 'subscribe',
  unit: 'µs a SUBSCRIBE with its first NOTIFY',
  servers: SIP_SERVERS,
  bar: { reach: 0.8, aim: 0.5 },
  async run(server, { quick }) {
    using generator = await sipGenerator(server, 'udp')
    const load = { ...PEOPLE, window: SUBSCRIBING }
    // Watchers are told of somebody who is there.
    await generator.call('publish', { ...load, ms: 0 })
    // As many to warm up: half as many leave the compiler at work while it is measured.
    const watchers = quick ? 15 : 60
    await generator.call('subscribe', { ...load, watchers })
    const figures = await sipSpan(server, generator, () =>
      generator.call('subscribe', { ...load, watchers }),
    )
    await generator.call('leave', {})
    return figures
  },
}

/** Slowly: transactions live for up to 32 seconds after their answer, and must not be what is measured. */
const PACE = { window: SUBSCRIBING, perSecond: 400 }

export const subscriptionMemory: HeldScenario = {
  name: 'subscription-memory',
  unit: 'bytes a subscription',
  servers: SIP_SERVERS,
  bar: { reach: 0.8, aim: 0.5 },
  isSlow: true,
  isCollected: true,
  async hold(server, { quick }) {
    const generator = await sipGenerator(server, 'udp')
    const load = { ...PEOPLE, ...PACE }
    await generator.call('publish', { ...load, ms: 0 })
    // So many that transactions and garbage of the few occupy what is taken once.
    await generator.call('subscribe', { ...load, watchers: quick ? 5 : 40 })
    // So many more that what a heap grows by at a time is little of it.
    const watchers = quick ? 5 : 160
    return {
      async fill() {
        // Faster: the whole run is to stay under 40 minutes.
        await generator.call('subscribe', { ...load, perSecond: 2 * PACE.perSecond, watchers })
        return PEOPLE.count * watchers
      },
      async verify() {
        await generator.call('refresh', { window: SUBSCRIBING })
      },
      [Symbol.dispose]: () => generator[Symbol.dispose](),
    }
  },
}
