/** Idle sessions: the memory that each takes when nothing has happened for two minutes. */
import type { HeldScenario, RunningServer, Scale } from '../harness/scenario.ts'
import type { Target } from '../load/xmpp-client.ts'
import { CONCURRENCY, plain, startTls, XMPP_SERVERS, xmppGenerator } from './xmpp.ts'

/**
 * What a server loads with its first session is not a session's. No more of them, and they stay: the
 * memory that hundreds leave behind would be what the others then live in.
 */
const FIRST = 20

const idle =
  (target: (server: RunningServer) => Target, sessions: number) =>
  async (server: RunningServer, { quick }: Scale) => {
    const count = quick ? 700 : sessions
    const generator = xmppGenerator()
    const crowd = { ...target(server), concurrency: CONCURRENCY }
    await generator.call('signIn', { ...crowd, first: 0, count: FIRST })
    return {
      async fill() {
        await generator.call('signIn', { ...crowd, first: FIRST, count })
        return count
      },
      async verify() {
        const alive = await generator.call('ping', crowd)
        if (alive !== FIRST + count) throw new Error(`only ${alive} sessions are there`)
      },
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
