/** The process: its arguments, its signals, its exit code. Everything else is `startServer`'s. */
import { loadConfig } from './config/load-config.ts'
import type { Config } from './config/schema.ts'
import { announce } from './ops/announcement.ts'
import { VERSION } from './ops/version.ts'
import { startServer } from './server.ts'
import { createLog, type Log } from './util/log.ts'
import { OperatorError } from './util/operator-error.ts'

/** Exit codes: 0 stopped as asked, 1 a bug or an end that took too long, 2 an error of the operator's. */
const EXIT = { stopped: 0, failed: 1, operator: 2 } as const
/** A second signal ends the process as the signal itself would: 128 and its number. */
const SIGNALS = { SIGINT: 130, SIGTERM: 143 } as const
const STOP_DEADLINE_MS = 4_500

// A reader who goes away (`script/server | head`) is no reason to stop.
process.stdout.on('error', () => undefined)
process.exitCode = await main()

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
  const stop = stopSignal(log)
  const server = await startServer(config, { log })
  keepRunning(log)
  for (const line of announce(server)) process.stdout.write(`${line}\n`)
  await stop
  await server[Symbol.asyncDispose]()
  log.info({ what: 'stopped' })
  // What others left behind (an idle keep-alive, a pooled connection) must not hold the process.
  process.exit(EXIT.stopped)
}

/** Resolves at the first signal; then the end has a deadline, and a second signal is the end. */
function stopSignal(log: Log): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  let stopping = false
  // Signals alone keep no process alive, and a server may have every listener off.
  const alive = setInterval(() => undefined, 2 ** 30)
  const stop = (signal: keyof typeof SIGNALS) => {
    if (stopping) process.exit(SIGNALS[signal])
    stopping = true
    clearInterval(alive)
    log.info({ what: 'stopping', signal })
    setTimeout(() => {
      log.error({ what: 'stop_took_too_long', afterMs: STOP_DEADLINE_MS })
      process.exit(EXIT.failed)
    }, STOP_DEADLINE_MS).unref()
    resolve()
  }
  process.on('SIGINT', stop).on('SIGTERM', stop)
  return promise
}

/** A bug in one request must not end the others' sessions: it is logged with its stack, and that is all. */
function keepRunning(log: Log): void {
  process.on('uncaughtException', (err, origin) => log.fatal({ what: 'uncaught', origin, err }))
}
