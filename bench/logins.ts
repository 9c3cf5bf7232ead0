/**
 * Many XMPP clients sign in (SCRAM-SHA-1 on plain TCP), send presence, chat in pairs, and leave, twice:
 * what that costs the server in time and memory, and whether the memory comes back. The clients are
 * a process of their own; what they do takes a part of the same machine. Exits with 1 after any error.
 *
 *   script/bench --only logins [CLIENTS [CONCURRENCY]]
 */
import { type ChildProcess, fork, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startTestServer } from '../test/support/server.ts'
import { temporaryDirectory } from '../test/support/temporary.ts'
import { cpuMs, settledPss } from './support/process-usage.ts'
import type { Done, Order } from './support/xmpp-load.ts'

const CLIENTS = Number(process.argv[2] ?? 2_000)
const CONCURRENCY = Number(process.argv[3] ?? 50)
const MESSAGES = 10
const CYCLES = 2
const DOMAIN = 'bench.example'
const PASSWORD = 'a pencil for the bench'
const ROOT = join(import.meta.dirname, '..')

/** Few rounds: whoever signs in pays for them, and that is the load generator. */
const OPTIONS = [
  `domains=${DOMAIN}`,
  'xmpp.plaintextAuth=true',
  'passwords.scramSha1Iterations=4096',
  'log.level=warn',
]

interface Phase {
  readonly ms: number
  readonly cpuMs: number
}

let errors: readonly string[] = []

function importUsers(data: string): void {
  const file = join(data, 'users.csv')
  const lines = Array.from({ length: CLIENTS }, (_, n) => `user${n}@${DOMAIN},${PASSWORD}\n`)
  writeFileSync(file, lines.join(''))
  const command = [join(ROOT, 'bin/heliograph'), '--data', data, 'user', 'import', file] as const
  const { status, stderr } = spawnSync(command[0], command.slice(1), { encoding: 'utf8' })
  if (status !== 0) throw new Error(`users were not imported: ${stderr}`)
}

async function phase(load: ChildProcess, pid: number, kind: 'login' | 'chat' | 'leave') {
  const before = cpuMs(pid)
  load.send({ kind } satisfies Order)
  const [done]: Done[] = await once(load, 'message')
  if (!done) throw new Error('the load generator ended')
  errors = [...errors, ...done.errors]
  return { ms: done.ms, cpuMs: cpuMs(pid) - before } satisfies Phase
}

async function cycle(load: ChildProcess, pid: number, name: string) {
  const before = await settledPss(pid)
  const heapBefore = liveHeap()
  const login = await phase(load, pid, 'login')
  const idle = await settledPss(pid)
  const heapIdle = liveHeap()
  const chat = await phase(load, pid, 'chat')
  const busy = await settledPss(pid)
  const leave = await phase(load, pid, 'leave')
  const after = await settledPss(pid)
  const messages = CLIENTS * MESSAGES
  return {
    name,
    'logins/s': Math.round((CLIENTS * 1000) / login.ms),
    'CPU/login, ms': round(login.cpuMs / CLIENTS),
    'messages/s': Math.round((messages * 1000) / chat.ms),
    'CPU/message, µs': round((chat.cpuMs * 1000) / messages),
    'CPU/leave, ms': round(leave.cpuMs / CLIENTS),
    'PSS/session, KiB': round((idle - before) / CLIENTS / 1024),
    'heap/session, KiB': round((heapIdle - heapBefore) / CLIENTS / 1024),
    'PSS before, MiB': mebibytes(before),
    'PSS signed in': mebibytes(idle),
    'PSS after chat': mebibytes(busy),
    'PSS all gone': mebibytes(after),
    'live heap before, MiB': mebibytes(heapBefore),
    'live heap all gone': mebibytes(liveHeap()),
  }
}

/** Bytes of objects after the last collection. */
const liveHeap = () => Number(readFileSync(heapFile, 'utf8'))
const round = (value: number) => Number(value.toFixed(2))
const mebibytes = (bytes: number) => round(bytes / 1024 / 1024)

const collector = join(import.meta.dirname, 'support/collect-garbage.ts')
using directory = temporaryDirectory()
const heapFile = join(directory.path, 'heap')
await using first = await startTestServer({
  args: OPTIONS.flatMap((option) => ['--set', option]),
  env: {
    NODE_OPTIONS: `${process.env.BENCH_SERVER_OPTIONS ?? ''} --import=${collector}`,
    BENCH_HEAP_FILE: heapFile,
  },
})
importUsers(first.data)
// What the import left in the heap would hide what sessions take.
await first.stop()
await using server = await first.restart()
const load = fork(join(import.meta.dirname, 'support/xmpp-load.ts'))
load.send({
  kind: 'start',
  clients: CLIENTS,
  concurrency: CONCURRENCY,
  messages: MESSAGES,
  port: server.port('xmpp'),
  domain: DOMAIN,
  password: PASSWORD,
} satisfies Order)

const rows = []
for (let n = 1; n <= CYCLES; n += 1) rows.push(await cycle(load, server.pid, `cycle ${n}`))
load.disconnect()
console.log(`${CLIENTS} clients, ${CONCURRENCY} signing in at a time, ${MESSAGES} messages each`)
const table: Record<string, Record<string, unknown>> = {}
for (const { name, ...figures } of rows) {
  for (const [figure, value] of Object.entries(figures)) {
    table[figure] = { ...table[figure], [name]: value }
  }
}
console.table(table)
console.log(`errors: ${errors.length}`)
for (const error of errors.slice(0, 10)) console.log(error)
const { code, stderr } = await server.stop()
const complaints = stderr.split('\n').filter((line) => /"level":"(error|fatal)"/.test(line))
for (const line of complaints.slice(0, 10)) console.log(line)
process.exitCode = errors.length + complaints.length + code === 0 ? 0 : 1
