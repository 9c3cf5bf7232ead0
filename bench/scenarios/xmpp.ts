/** What the XMPP scenarios share: the generator, and a measured span of its work. */
import { join } from 'node:path'
import { Generator } from '../harness/generator.ts'
import type { Figures, RunningServer } from '../harness/scenario.ts'
import { figuresOf, measured, type Timed } from '../harness/span.ts'
import type { XmppOperations } from '../load/xmpp-load.ts'

export type XmppGenerator = Generator<XmppOperations>

export const XMPP_SERVERS = ['heliograph', 'prosody', 'ejabberd'] as const

/** Signing in at a time: what an office does in the morning. */
export const CONCURRENCY = 50

export function xmppGenerator(): XmppGenerator {
  return new Generator(join(import.meta.dirname, '../load/xmpp-load.ts'))
}

export const plain = (server: RunningServer) => ({ port: server.ports.xmpp ?? 0, tls: false })
export const startTls = (server: RunningServer) => ({ port: server.ports.xmpp ?? 0, tls: true })

export async function span(
  server: RunningServer,
  generator: XmppGenerator,
  work: () => Promise<Timed>,
): Promise<Figures> {
  return figuresOf(await measured(server, [generator], work))
}
