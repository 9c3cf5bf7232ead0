/** What the SIP scenarios share: the generator, the people, and a measured span of work. */
import { join } from 'node:path'
import { Generator } from '../harness/generator.ts'
import type { Figures, RunningServer, Scale } from '../harness/scenario.ts'
import { figuresOf, measured } from '../harness/span.ts'
import type { Transport } from '../load/sip-link.ts'
import type { SipOperations, SipTimed } from '../load/sip-load.ts'

export type SipGenerator = Generator<SipOperations>

export const SIP_SERVERS = ['heliograph', 'kamailio'] as const

/** An office whose people watch each other; the XMPP scenarios leave them alone. */
export const PEOPLE = { first: 501, count: 200 }

/** SUBSCRIBEs under way at a time. */
export const SUBSCRIBING = 32

/** A generator whose people may be watched by each other. */
export async function sipGenerator(
  server: RunningServer,
  transport: Transport,
  connections = 1,
): Promise<SipGenerator> {
  const generator = new Generator<SipOperations>(join(import.meta.dirname, '../load/sip-load.ts'))
  const port = (transport === 'udp' ? server.ports.sipUdp : server.ports.sipTcp) ?? 0
  await generator.call('open', { transport, port, connections })
  // Kamailio lets everybody; the XMPP scenarios want a presentity to be asked.
  if (server.name === 'heliograph') await generator.call('authorize', PEOPLE)
  return generator
}

export async function sipSpan(
  server: RunningServer,
  generator: SipGenerator,
  work: () => Promise<SipTimed>,
): Promise<Figures> {
  const span = await measured(server, [generator], work)
  const { retransmissions, repetitions } = span.result
  const lost = retransmissions + repetitions
  return {
    ...figuresOf(span),
    ...(lost > 0 && { note: `${retransmissions} requests and ${repetitions} NOTIFYs sent again` }),
  }
}

export const spanMs = ({ quick }: Scale) => (quick ? 1_000 : 5_000)
