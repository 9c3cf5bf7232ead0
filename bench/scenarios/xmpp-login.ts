/** Logins: from the connection to the client's own initial presence, SCRAM-SHA-1. */
import type { RunningServer, Scale, TurnScenario } from '../harness/scenario.ts'
import type { Target } from '../load/xmpp-client.ts'
import { CONCURRENCY, plain, span, startTls, XMPP_SERVERS, xmppGenerator } from './xmpp.ts'

/** What compiles as it runs needs some thousands of logins until it has; a server runs for months. */
const WARM_UP_CYCLES = 3

const logins =
  (target: (server: RunningServer) => Target) =>
  async (server: RunningServer, { quick }: Scale) => {
    const crowd = {
      ...target(server),
      first: 0,
      count: quick ? 300 : 1_000,
      concurrency: CONCURRENCY,
    }
    using generator = xmppGenerator()
    // Warms the server up, and the generator: it has hashed every password.
    for (let cycle = 0; cycle < WARM_UP_CYCLES; cycle += 1) {
      await generator.call('signIn', crowd)
      await generator.call('leave', {})
    }
    const figures = await span(server, generator, () => generator.call('signIn', crowd))
    await generator.call('leave', {})
    return figures
  }

export const loginPlain: TurnScenario = {
  name: 'login-plain',
  unit: 'µs a login',
  servers: XMPP_SERVERS,
  bar: { reach: 0.6, aim: 0.4 },
  run: logins(plain),
}

export const loginTls: TurnScenario = {
  name: 'login-tls',
  unit: 'µs a login with STARTTLS',
  servers: XMPP_SERVERS,
  bar: { reach: 0.8, aim: 0.5 },
  run: logins(startTls),
}
