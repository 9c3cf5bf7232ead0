/** What the kernel says that another process uses. */
import { readFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'

/** Clock ticks of proc(5) are a hundredth of a second on every Linux that Node runs on. */
const TICK_MS = 10

/** Milliseconds of CPU since it started, its own and the kernel's for it. */
export function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS
}

/** Bytes of memory: its own, and its share of what it shares. */
export function pssBytes(pid: number): number {
  const kilobytes = /^Pss: +(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1]
  return Number(kilobytes) * 1024
}

/** As `pssBytes`, garbage collected first, when it has stopped to shrink. */
export async function settledPss(pid: number): Promise<number> {
  let last = Number.POSITIVE_INFINITY
  for (let tries = 0; tries < 10; tries += 1) {
    process.kill(pid, 'SIGUSR2')
    await wait(500)
    const now = pssBytes(pid)
    if (now > last * 0.99) return Math.min(now, last)
    last = now
  }
  return last
}
