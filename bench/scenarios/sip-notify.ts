/** PUBLISH → NOTIFY: 200 presentities change, each before 20 watchers. */
import type { RunningServer, Scale, TurnScenario } from '../harness/scenario.ts'
import type { Transport } from '../load/sip-link.ts'
import { PEOPLE, SIP_SERVERS, SUBSCRIBING, sipGenerator, sipSpan, spanMs } from './sip-run.ts'

const WATCHERS = 20
/** Presentities at a time whose change not every watcher knows: a server has something to do, and no queue overflows. */
const WINDOW = 8

const notify = (transport: Transport) => async (server: RunningServer, scale: Scale) => {
  // Over TCP the watchers of one presentity have a connection each.
  using generator = await sipGenerator(server, transport, WATCHERS)
  const load = { ...PEOPLE, window: WINDOW }
  await generator.call('subscribe', { ...PEOPLE, watchers: WATCHERS, window: SUBSCRIBING })
  await generator.call('publish', { ...load, ms: spanMs(scale) / 2 })
  const figures = await sipSpan(server, generator, () =>
    generator.call('publish', { ...load, ms: spanMs(scale) }),
  )
  await generator.call('leave', {})
  return figures
}

const about = {
  unit: 'µs a NOTIFY',
  servers: SIP_SERVERS,
  bar: { reach: 0.8, aim: 0.5 },
}

export const notifyUdp: TurnScenario = { name: 'notify-udp', ...about, run: notify('udp') }
export const notifyTcp: TurnScenario = { name: 'notify-tcp', ...about, run: notify('tcp') }
