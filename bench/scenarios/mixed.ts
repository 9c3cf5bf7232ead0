/** One person on XMPP changes, and 100 watchers on XMPP and 100 on SIP are told: no peer does both. */
import type { RunningServer, TurnScenario } from '../harness/scenario.ts'
import { figuresOf, measured } from '../harness/span.ts'
import { SUBSCRIBING, sipGenerator, spanMs } from './sip-run.ts'
import { CONCURRENCY, plain, xmppGenerator } from './xmpp.ts'

/** Users of no other scenario. */
const PRESENTITY = 701
const WATCHERS = 100
const FRIENDS = { presentity: PRESENTITY, first: PRESENTITY + 1, count: WATCHERS }

const crowd = (server: RunningServer) => ({
  ...plain(server),
  first: PRESENTITY,
  count: WATCHERS + 1,
  concurrency: CONCURRENCY,
})

export const mixed: TurnScenario = {
  name: 'mixed',
  unit: 'µs a notification, half of them SIP',
  servers: ['heliograph'],
  async prepare(server) {
    using xmpp = xmppGenerator()
    await xmpp.call('signIn', crowd(server))
    await xmpp.call('befriend', FRIENDS)
    await xmpp.call('leave', {})
  },
  async run(server, scale) {
    using xmpp = xmppGenerator()
    using sip = await sipGenerator(server, 'udp')
    await xmpp.call('signIn', crowd(server))
    await sip.call('authorize', { first: PRESENTITY, count: 1 })
    const watching = { count: 1, watchers: WATCHERS, colleagues: WATCHERS + 1 }
    await sip.call('subscribe', { ...watching, first: PRESENTITY, window: SUBSCRIBING })
    await xmpp.call('fanOut', { ...FRIENDS, ms: spanMs(scale) / 2 })

    const span = await measured(server, [xmpp, sip], async () => {
      const before = await sip.call('notifies', {})
      const told = await xmpp.call('fanOut', { ...FRIENDS, ms: spanMs(scale) })
      return { told, before }
    })
    const { told, before } = span.result
    const notifies = (await sip.call('notifies', {})) - before
    await sip.call('leave', {})
    await xmpp.call('leave', {})

    const result = { ...told, operations: told.operations + notifies }
    return {
      ...figuresOf({ ...span, result }),
      note: `${told.operations} by XMPP and ${notifies} NOTIFYs; a watcher who has not answered the last NOTIFY gets the state of the moment in which he does; latency is that of XMPP`,
    }
  },
}
