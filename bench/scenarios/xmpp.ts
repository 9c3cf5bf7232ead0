/** What the XMPP scenarios share: the generator, and a measured span of its work. */
import { join } from 'node:path'
import { Generator } from '../harness/generator.ts'
import type { Figures, RunningServer } from '../harness/scenario.ts'
import { settledCpuMs } from '../harness/usage.ts'
import type { Timed, XmppOperations } from '../load/xmpp-load.ts'

export type XmppGenerator = Generator<XmppOperations>

export const XMPP_SERVERS = ['heliograph', 'prosody', 'ejabberd'] as const

/** Signing in at a time: what an office does in the morning. */
export const CONCURRENCY = 50

export function xmppGenerator(): XmppGenerator {
  return new Generator(join(import.meta.dirname, '../load/xmpp-load.ts'))
}

export const plain = (server: RunningServer) => ({ port: server.ports.xmpp ?? 0, tls: false })
export const startTls = (server: RunningServer) => ({ port: server.ports.xmpp ?? 0, tls: true })

/** What the work cost the server, until it has settled, and the generator. */
export async function span(
  server: RunningServer,
  generator: XmppGenerator,
  work: () => Promise<Timed>,
): Promise<Figures> {
  const serverBefore = await settledCpuMs(server.pid)
  const generatorBefore = generator.cpuMs()
  const { operations, ms, p50Ms, p99Ms } = await work()
  const generatorMs = generator.cpuMs() - generatorBefore
  const serverMs = (await settledCpuMs(server.pid)) - serverBefore
  return {
    cost: (serverMs * 1000) / operations,
    operations,
    perSecond: (operations * 1000) / ms,
    p50Ms,
    p99Ms,
    serverShare: serverMs / ms,
    generatorCost: (generatorMs * 1000) / operations,
    generatorShare: generatorMs / ms,
  }
}
