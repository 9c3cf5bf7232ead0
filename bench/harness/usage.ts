/** What the kernel says that a server uses: its process and all its descendants (proc(5)). */
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'

/** A clock tick is a hundredth of a second on every Linux that Node runs on. */
const TICK_MS = 10

/** A server is idle when it has used no more than this in so long a time. */
const IDLE = { withinMs: 300, cpuMs: TICK_MS, tries: 40 }

/** Milliseconds of CPU, user and system, those of children that have ended included. */
export function cpuMs(pid: number): number {
  let ticks = 0
  for (const process of tree(pid)) {
    const fields =
      read(`/proc/${process}/stat`)
        ?.replace(/^.*\) /s, '')
        .split(' ') ?? []
    // utime, stime, cutime, cstime
    for (const field of fields.slice(11, 15)) ticks += Number(field)
  }
  return ticks * TICK_MS
}

/** As `cpuMs`, once what was begun (garbage collection, writing to disk) is done. */
export async function settledCpuMs(pid: number): Promise<number> {
  let before = cpuMs(pid)
  for (let tries = 0; tries < IDLE.tries; tries += 1) {
    await wait(IDLE.withinMs)
    const now = cpuMs(pid)
    if (now - before <= IDLE.cpuMs) return now
    before = now
  }
  return before
}

/** Bytes of memory that are its own, and its share of what it shares. */
export function pssBytes(pid: number): number {
  let kilobytes = 0
  for (const process of tree(pid)) {
    const rollup = read(`/proc/${process}/smaps_rollup`) ?? ''
    kilobytes += Number(/^Pss: +(\d+) kB$/m.exec(rollup)?.[1] ?? 0)
  }
  return kilobytes * 1024
}

/** The process and its descendants. */
function tree(root: number): number[] {
  const found = [root]
  for (const pid of found) {
    for (const task of tasks(pid)) {
      const children = read(`/proc/${pid}/task/${task}/children`) ?? ''
      for (const child of children.split(' ')) if (child !== '') found.push(Number(child))
    }
  }
  return found
}

function tasks(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`)
  } catch {
    return []
  }
}

/** Nothing where the process has ended meanwhile. */
function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
