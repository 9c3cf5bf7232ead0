/**
 * What waits in the kernel for a UDP listener. The event loop reads a few datagrams a turn and does not
 * come late to its timers, however many are left behind (proc(5): /proc/net/udp).
 */
import { readFileSync } from 'node:fs'
import type { Clock } from '../../util/clock.ts'
import type { Backlog } from '../../util/overload.ts'
import { udpLost } from './metrics.ts'

export interface UdpQueue {
  readonly port: number
  /** Bytes that the kernel keeps for it, its own bookkeeping included. */
  readonly bufferBytes: number
}

interface Reading {
  readonly queuedBytes: number
  /** Datagrams that found no place, since the socket was opened. */
  readonly lost: number
}

/** A queue that is fuller than this has not been emptied for a while. */
const CROWDED_PART = 1 / 2
const FILES = ['/proc/self/net/udp', '/proc/self/net/udp6']

/** Waits for as long as the queue has been more than half full, or losing datagrams, without a break. */
export class UdpBacklog implements Backlog {
  readonly #clock: Clock
  readonly #queue: UdpQueue
  readonly #tables: () => readonly string[]
  #lost = 0
  #crowdedSince: number | undefined

  /** `tables` answers what /proc says, nothing where there is no /proc. */
  constructor(clock: Clock, queue: UdpQueue, tables = readTables) {
    this.#clock = clock
    this.#queue = queue
    this.#tables = tables
  }

  waitMs(): number {
    const { queuedBytes, lost } = readingOf(this.#tables(), this.#queue.port)
    const isLosing = lost > this.#lost
    this.#lost = lost
    udpLost.set(lost)
    if (!isLosing && queuedBytes <= this.#queue.bufferBytes * CROWDED_PART) {
      this.#crowdedSince = undefined
      return 0
    }
    const now = this.#clock.now()
    this.#crowdedSince ??= now
    return now - this.#crowdedSince
  }
}

function readTables(): readonly string[] {
  return FILES.flatMap((file) => {
    try {
      return readFileSync(file, 'latin1')
    } catch {
      return []
    }
  })
}

/** `4704: 0100007F:13C4 00000000:0000 07 00000000:00000F00 … drops`; numbers are hexadecimal but the last. */
const ROW =
  /^ *\d+: [0-9A-F]+:([0-9A-F]{4}) [0-9A-F:]+ [0-9A-F]{2} [0-9A-F]{8}:([0-9A-F]{8}) .*?(\d+) *$/gm

function readingOf(tables: readonly string[], port: number): Reading {
  const wanted = port.toString(16).toUpperCase().padStart(4, '0')
  let [queuedBytes, lost] = [0, 0]
  for (const table of tables) {
    for (const [, its, queued = '0', drops = '0'] of table.matchAll(ROW)) {
      if (its !== wanted) continue
      queuedBytes += Number.parseInt(queued, 16)
      lost += Number(drops)
    }
  }
  return { queuedBytes, lost }
}
