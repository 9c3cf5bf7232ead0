/** Chat: 100 pairs, ten messages of a pair under way at any time, bodies of 100 bytes. */
import type { TurnScenario } from '../harness/scenario.ts'
import { CONCURRENCY, plain, span, XMPP_SERVERS, xmppGenerator } from './xmpp.ts'

const PAIRS = 100
const WINDOW = 10

export const chat: TurnScenario = {
  name: 'chat',
  unit: 'µs a delivered message',
  servers: XMPP_SERVERS,
  bar: { reach: 0.5, aim: 0.25 },
  async run(server, { quick }) {
    using generator = xmppGenerator()
    const crowd = { ...plain(server), first: 0, count: 2 * PAIRS, concurrency: CONCURRENCY }
    await generator.call('signIn', crowd)
    const load = { pairs: PAIRS, window: WINDOW }
    await generator.call('chat', { ...load, ms: quick ? 500 : 2_000 })
    const figures = await span(server, generator, () =>
      generator.call('chat', { ...load, ms: quick ? 1_000 : 5_000 }),
    )
    await generator.call('leave', {})
    return figures
  },
}
