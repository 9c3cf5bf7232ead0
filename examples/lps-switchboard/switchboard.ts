/**
 * A switchboard: for each operator, who of the people he may see can take a call now. It watches
 * everybody for every operator over one connection, and tells when a line changes.
 *
 *   node examples/lps-switchboard/switchboard.ts settings.json
 */
import { readFileSync } from 'node:fs'
import { LocalPresence, type LocalPresenceOptions, type View } from '../../lps/src/index.ts'

interface Settings {
  readonly name: string
  readonly domain: string
  readonly server: LocalPresenceOptions['server']
  /** Paths of PEM files. */
  readonly cert: string
  readonly key: string
  readonly ca: string
  readonly operators: readonly string[]
  readonly people: readonly string[]
}

/** `available`, `away`, `on-a-call`…; `unknown` while there is no connection. */
function stateOf({ state, presence }: View): string {
  if (state !== 'active') return state
  const activity = presence?.person?.activities[0]?.activity
  const isThere = presence?.tuples.some(({ basic }) => basic === 'open') ?? false
  return activity ?? (isThere ? 'available' : 'offline')
}

function readSettings(path: string): Settings {
  return JSON.parse(readFileSync(path, 'utf8')) as Settings
}

async function run(path: string): Promise<void> {
  const { cert, key, ca, operators, people, ...server } = readSettings(path)
  const pem = (file: string) => readFileSync(file, 'utf8')
  const lps = new LocalPresence({
    ...server,
    tls: { cert: pem(cert), key: pem(key), ca: pem(ca) },
  })
  lps.onStatus((status) => console.log(`connection: ${status}`))
  lps.onChange((view) => console.log(`${view.watcher} sees ${view.presentity}: ${stateOf(view)}`))
  for (const operator of operators) {
    for (const person of people) lps.watch(operator, person)
  }
  const { promise, resolve } = Promise.withResolvers<void>()
  process.once('SIGTERM', resolve)
  process.once('SIGINT', resolve)
  await promise
  await lps[Symbol.asyncDispose]()
}

const [settings] = process.argv.slice(2)
if (settings === undefined) {
  console.error('usage: switchboard.ts SETTINGS.json')
  process.exitCode = 2
} else {
  await run(settings)
}
