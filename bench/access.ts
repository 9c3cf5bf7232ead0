/**
 * One rule changes while a crowd watches one person, half over XMPP and half over SIP: how long from
 * the call until the last of them sees it. The watchers are in this process, and take their part of
 * the machine. Exits with 1 where the slowest change took a second or more.
 *
 *   script/bench access [WATCHERS [ROUNDS]]
 */
import { CROWD_OPTIONS, Crowd, callApi, OFFLINE, PRESENTITY } from '../test/support/crowd.ts'
import { startTestServer } from '../test/support/server.ts'
import { cpuMs } from './harness/usage.ts'

const WATCHERS = Number(process.argv[2] ?? 1_000)
const ROUNDS = Number(process.argv[3] ?? 5)
const LIMIT_MS = 1_000

/** Each changes what everybody sees. */
const CHANGES = [
  { level: 'All', action: 'block', sees: OFFLINE },
  { level: 'Telephony', action: 'allow', sees: 'on the shelf' },
  { level: 'All', action: 'allow', sees: 'budget' },
] as const
const RULE = { presentity: PRESENTITY, watcher: '*', enforced: false, refusesMessages: false }

await using server = await startTestServer({ args: [...CROWD_OPTIONS, '--set', 'log.level=warn'] })
const half = Math.ceil(WATCHERS / 2)
await using crowd = await Crowd.open(server, { xmpp: half, sip: WATCHERS - half })
const seeing = (what: string) => crowd.until((one) => one.seen.at(-1) === what)

const presence = `/api/v1/presence/${PRESENTITY}`
const sources = [
  { class: 'phone', state: 'available', note: 'on the shelf' },
  { class: 'calendar', state: 'in-a-meeting', note: 'budget' },
]
for (const source of sources) await callApi(server, 'PUT', presence, source)
await seeing('budget')

const times = new Map(CHANGES.map((change) => [change, [] as number[]]))
let cpu = 0
for (let round = 0; round < ROUNDS; round += 1) {
  for (const [change, took] of times) {
    const { sees, ...words } = change
    const cpuBefore = cpuMs(server.pid)
    const began = performance.now()
    await callApi(server, 'PUT', '/api/v1/acl', { ...RULE, ...words })
    await seeing(sees)
    took.push(performance.now() - began)
    cpu += cpuMs(server.pid) - cpuBefore
  }
  await callApi(server, 'DELETE', `/api/v1/acl?presentity=${PRESENTITY}&level=Telephony`)
}

console.log(`${WATCHERS} watchers, half XMPP and half SIP over UDP, ${ROUNDS} rounds`)
for (const [{ level, action }, took] of times) {
  const [min, median, max] = [0, 0.5, 1].map((part) => quantile(took, part).toFixed(0))
  console.log(
    `${level}: ${action}  median ${median} ms, ${min} to ${max} ms, until the last has seen it`,
  )
}
const perWatcher = (cpu * 1000) / (WATCHERS * ROUNDS * CHANGES.length)
console.log(`server CPU for each watcher and change: ${perWatcher.toFixed(0)} µs`)
process.exitCode = Math.max(...[...times.values()].flat()) < LIMIT_MS ? 0 : 1

function quantile(values: readonly number[], part: number): number {
  return values.toSorted((a, b) => a - b)[Math.round(part * (values.length - 1))] ?? Number.NaN
}
