/** Idle sessions: the memory that each takes when nothing has happened for two minutes. */
import type { HeldScenario, RunningServer, Scale } from '../harness/scenario.ts'
import { pssBytes } from '../harness/usage.ts'
import type { Target } from '../load/xmpp-client.ts'
import { CONCURRENCY, plain, startTls, XMPP_SERVERS, xmppGenerator } from './xmpp.ts'

/** Come and gone before the count begins: what a server loads once is not a session's. */
const WARM_UP = 500

const idle =
  (target: (server: RunningServer) => Target, sessions: number) =>
  async (server: RunningServer, { quick }: Scale) => {
    const count = quick ? 1_000 : sessions
    const generator = xmppGenerator()
    const crowd = { ...target(server), first: 0, concurrency: CONCURRENCY }
    await generator.call('signIn', { ...crowd, count: WARM_UP })
    await generator.call('leave', {})
    let before = Number.NaN
    return {
      async fill() {
        before = pssBytes(server.pid)
        await generator.call('signIn', { ...crowd, count })
      },
      measure: () => ({ cost: (pssBytes(server.pid) - before) / count, operations: count }),
      [Symbol.dispose]: () => generator[Symbol.dispose](),
    }
  }

export const idlePlain: HeldScenario = {
  name: 'idle-plain',
  unit: 'bytes a session',
  servers: XMPP_SERVERS,
  bar: { reach: 0.35, aim: 0.25 },
  hold: idle(plain, 5_000),
}

export const idleTls: HeldScenario = {
  name: 'idle-tls',
  unit: 'bytes a session with TLS',
  servers: XMPP_SERVERS,
  bar: { reach: 1, aim: 0.8 },
  hold: idle(startTls, 2_000),
}
