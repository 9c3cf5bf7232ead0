/**
 * Twice the load that the server can carry: SIP messages to people who are online, over UDP, beside
 * people who chat. What is measured is how long it takes to be well again afterwards.
 */
import { join } from 'node:path'
import { Generator } from '../harness/generator.ts'
import { BenchError, type RunningServer, type TurnScenario } from '../harness/scenario.ts'
import { measured } from '../harness/span.ts'
import { pssBytes } from '../harness/usage.ts'
import type { Flooded, FloodOperations } from '../load/sip-flood.ts'
import { CONCURRENCY, plain, xmppGenerator } from './xmpp.ts'

/** They chat, one message of a pair under way at a time. */
const PAIRS = 5
/** They get the messages. */
const RECEIVERS = { first: 2 * PAIRS, count: 20 }
const WINDOW = 64

const LIMITS = { recoveryMs: 5_000, growthBytes: 300 * 2 ** 20 }
const WATCH_MS = 250

export const overload: TurnScenario = {
  name: 'overload',
  unit: 'ms to recover after twice the load',
  servers: ['heliograph'],
  async run(server, { quick }) {
    using people = xmppGenerator()
    using gateway = await openGateway(server)
    const count = RECEIVERS.first + RECEIVERS.count
    await people.call('signIn', { ...plain(server), first: 0, count, concurrency: CONCURRENCY })
    using memory = new MemoryWatch(server)

    const chatting = { pairs: PAIRS, window: 1 }
    const carryMs = quick ? 1_500 : 4_000
    const [carried] = await Promise.all([
      gateway.call('carry', { ...RECEIVERS, window: WINDOW, ms: carryMs }),
      people.call('chat', { ...chatting, ms: carryMs }),
    ])
    const floodMs = quick ? 3_000 : 10_000
    const { result, serverMs, generatorsMs } = await measured(
      server,
      [gateway, people],
      async () => {
        const chat = people.call('chat', { ...chatting, ms: floodMs })
        const load = { ...RECEIVERS, perSecond: 2 * carried, ms: floodMs }
        const flooded = await gateway.call('flood', load)
        const deadlineMs = 2 * LIMITS.recoveryMs
        const recoveryMs = await gateway.call('recover', { ...RECEIVERS, deadlineMs })
        return { flooded, recoveryMs, chatted: await chat }
      },
    )
    const { flooded, recoveryMs, chatted } = result
    await people.call('leave', {})

    require(flooded, { recoveryMs, grownBytes: memory.grownBytes })
    return {
      cost: recoveryMs,
      operations: flooded.sent,
      perSecond: (flooded.accepted * 1000) / floodMs,
      p50Ms: flooded.p50Ms,
      p99Ms: flooded.p99Ms,
      serverShare: serverMs / (floodMs + recoveryMs),
      generatorCost: ((generatorsMs[0] ?? 0) * 1000) / flooded.sent,
      generatorShare: Math.max(...generatorsMs) / (floodMs + recoveryMs),
      note: [
        `it carries ${carried.toFixed(0)} messages a second and got ${(flooded.sent / (floodMs / 1000)).toFixed(0)}`,
        `${percent(flooded.accepted, flooded)} were accepted, ${percent(flooded.refused, flooded)} refused with 503`,
        `those who chatted waited ${chatted.p99Ms.toFixed(0)} ms (p99)`,
        `memory grew by ${(memory.grownBytes / 2 ** 20).toFixed(0)} MiB`,
      ].join('; '),
    }
  },
}

async function openGateway(server: RunningServer): Promise<Generator<FloodOperations>> {
  const gateway = new Generator<FloodOperations>(join(import.meta.dirname, '../load/sip-flood.ts'))
  await gateway.call('open', { port: server.ports.sipUdp ?? 0 })
  return gateway
}

/** Throws `BenchError` where the server did not bear it. */
function require(
  { accepted }: Flooded,
  { recoveryMs, grownBytes }: { recoveryMs: number; grownBytes: number },
): void {
  const complaints = [
    accepted === 0 && 'nothing was accepted',
    recoveryMs > LIMITS.recoveryMs && `it took ${recoveryMs.toFixed(0)} ms to recover`,
    grownBytes > LIMITS.growthBytes && `memory grew by ${grownBytes} bytes`,
  ].filter((complaint) => complaint !== false)
  if (complaints.length > 0) throw new BenchError(`overload: ${complaints.join('; ')}`)
}

const percent = (part: number, { sent }: Flooded) => `${((part * 100) / sent).toFixed(0)} %`

/** The most that a server has occupied since it is watched. */
class MemoryWatch implements Disposable {
  readonly #before: number
  readonly #timer: NodeJS.Timeout
  #most: number

  constructor({ pid }: RunningServer) {
    this.#before = pssBytes(pid)
    this.#most = this.#before
    this.#timer = setInterval(() => {
      this.#most = Math.max(this.#most, pssBytes(pid))
    }, WATCH_MS)
  }

  get grownBytes(): number {
    return this.#most - this.#before
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
  }
}
