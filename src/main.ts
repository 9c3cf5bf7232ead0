/** The process: its arguments, its signals, its exit code. Everything else is `startServer`'s. */
import { loadConfig } from './config/load-config.ts'
import type { Config } from './config/schema.ts'
import { announce } from './ops/announcement.ts'
import { stopSignal } from './ops/stopping.ts'
import { VERSION } from './ops/version.ts'
import { startServer } from './server.ts'
import { SystemClock } from './util/clock.ts'
import { createLog, type Log } from './util/log.ts'
import { OperatorError } from './util/operator-error.ts'

/** Others: 1 for a bug during the start, and those of `stopSignal`. */
const EXIT = { stopped: 0, operator: 2 } as const
// A reader who goes away (`script/server | head`) is no reason to stop.
process.stdout.on('error', () => undefined)
// What others left behind (an idle keep-alive, a pooled connection) must not hold the process.
process.exit(await main())

async function main(): Promise<number> {
  try {
    const loaded = loadConfig(process.argv.slice(2), process.env)
    if (loaded.kind === 'config') return await run(loaded.config)
    process.stdout.write(loaded.kind === 'help' ? loaded.text : `${VERSION}\n`)
    return EXIT.stopped
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error
    process.stderr.write(`${error.code}: ${error.message}\n`)
    return EXIT.operator
  }
}

async function run(config: Config): Promise<number> {
  const log = createLog(config.log.level)
  const clock = new SystemClock()
  const stop = stopSignal({ clock, log, signals: process, exit: process.exit })
  const server = await startServer(config, { clock, log })
  keepRunning(log)
  for (const line of announce(server)) process.stdout.write(`${line}\n`)
  await stop
  await server[Symbol.asyncDispose]()
  log.info({ what: 'stopped' })
  return EXIT.stopped
}

/** A bug in one request must not end the others' sessions: it is logged with its stack, and that is all. */
function keepRunning(log: Log): void {
  // Neither signals nor our timers keep a process alive, and a server may have every listener off.
  setInterval(() => undefined, 2 ** 30)
  process.on('uncaughtException', (err, origin) => log.fatal({ what: 'uncaught', origin, err }))
}
