/** Presence fan-out: one presentity changes, 200 online contacts are told, then it changes again. */
import type { RunningServer, TurnScenario } from '../harness/scenario.ts'
import { CONCURRENCY, plain, span, XMPP_SERVERS, xmppGenerator } from './xmpp.ts'

/** Users of no other scenario: only here somebody has contacts. */
const PRESENTITY = 300
const CONTACTS = 200
const FRIENDS = { presentity: PRESENTITY, first: PRESENTITY + 1, count: CONTACTS }

const crowd = (server: RunningServer) => ({
  ...plain(server),
  first: PRESENTITY,
  count: CONTACTS + 1,
  concurrency: CONCURRENCY,
})

export const fanOut: TurnScenario = {
  name: 'fan-out',
  unit: 'µs a presence notification',
  servers: XMPP_SERVERS,
  bar: { reach: 0.5, aim: 0.33 },
  async prepare(server) {
    using generator = xmppGenerator()
    await generator.call('signIn', crowd(server))
    await generator.call('befriend', FRIENDS)
    await generator.call('leave', {})
  },
  async run(server, { quick }) {
    using generator = xmppGenerator()
    await generator.call('signIn', crowd(server))
    await generator.call('fanOut', { ...FRIENDS, ms: quick ? 500 : 2_000 })
    const figures = await span(server, generator, () =>
      generator.call('fanOut', { ...FRIENDS, ms: quick ? 1_000 : 5_000 }),
    )
    await generator.call('leave', {})
    return figures
  },
}
