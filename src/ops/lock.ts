/** One server for a data directory: a file that names the process which has it. */
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { reason } from '../config/sources.ts'
import { OperatorError } from '../util/operator-error.ts'

const ATTEMPTS = 3

/**
 * Takes the directory, making it (mode 0700) where it does not exist. A file that a killed process
 * left behind does not count. Throws `OperatorError` `DATA_IN_USE`, `DATA_UNWRITABLE`.
 */
export function lockDataDirectory(data: string): Disposable {
  const path = join(data, 'lock')
  const mine = `${path}.${process.pid}`
  const content = `${process.pid} ${startTime(process.pid)}\n`
  try {
    mkdirSync(data, { recursive: true, mode: 0o700 })
    writeFileSync(mine, content, { mode: 0o600 })
  } catch (error) {
    throw unwritable(data, error)
  }
  try {
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      if (claim(mine, path)) return { [Symbol.dispose]: () => release(path, content) }
      const holder = readHolder(path)
      if (holder && isAlive(holder)) throw inUse(data, holder.pid)
      clearStale(path, `${mine}.stale`, holder)
    }
    throw inUse(data, readHolder(path)?.pid)
  } finally {
    rmSync(mine, { force: true })
  }
}

/** A link either makes the complete file or fails: there is no moment at which it is empty. */
function claim(mine: string, path: string): boolean {
  try {
    linkSync(mine, path)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw unwritable(path, error)
  }
}

/** Another server may have done the same, and taken the directory, since `stale` was read: then it is put back. */
function clearStale(path: string, aside: string, stale: Holder | undefined): void {
  try {
    renameSync(path, aside)
    const moved = readHolder(aside)
    if (moved && moved.pid !== stale?.pid) linkSync(aside, path)
    rmSync(aside, { force: true })
  } catch {
    // Somebody else was faster: the next attempt sees whom.
  }
}

function release(path: string, content: string): void {
  try {
    if (readFileSync(path, 'utf8') === content) rmSync(path)
  } catch {
    // An operator who deletes the file while the server runs has already done it.
  }
}

interface Holder {
  readonly pid: number
  readonly startTime: string
}

function readHolder(path: string): Holder | undefined {
  try {
    const [pid = '', started = ''] = readFileSync(path, 'utf8').trim().split(' ')
    return /^\d+$/.test(pid) ? { pid: Number(pid), startTime: started } : undefined
  } catch {
    return undefined
  }
}

function isAlive(holder: Holder): boolean {
  try {
    process.kill(holder.pid, 0)
  } catch (error) {
    // Another user's process may be alive and still not be ours to signal.
    const denied = error instanceof Error && 'code' in error && error.code === 'EPERM'
    if (!denied) return false
  }
  // Process numbers are used again, above all after a restart of the machine.
  return startTime(holder.pid) === holder.startTime
}

/** In clock ticks since the machine started, field 22 of proc(5); empty where there is no /proc. */
function startTime(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
  } catch {
    return ''
  }
}

function inUse(data: string, pid: number | undefined): OperatorError {
  const who = pid === undefined ? 'another server' : `another server (process ${pid})`
  return new OperatorError('DATA_IN_USE', `the data directory ${data} is in use by ${who}`)
}

function unwritable(path: string, cause: unknown): OperatorError {
  return new OperatorError('DATA_UNWRITABLE', `${path} cannot be written: ${reason(cause)}`, {
    cause,
  })
}
