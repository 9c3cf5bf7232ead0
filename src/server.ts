/** The composition root: builds everything top to bottom, closes it bottom to top. */
import type { Config } from './config/schema.ts'
import { systemPolicy } from './core/presence/authorization.ts'
import { PresenceService } from './core/presence/presence.ts'
import { Sessions } from './core/sessions.ts'
import { type Directory, openDirectory } from './directory/directory.ts'
import type { Announcement } from './ops/announcement.ts'
import { Certificates } from './ops/certificates.ts'
import { DEMO_DOMAIN, requireDemoUsers } from './ops/demo.ts'
import { listenError } from './ops/listeners.ts'
import { lockDataDirectory } from './ops/lock.ts'
import { collectProcessMetrics } from './ops/process-metrics.ts'
import { VERSION } from './ops/version.ts'
import { type Database, openDatabase } from './storage/database.ts'
import { type Clock, SystemClock } from './util/clock.ts'
import { createLog, type Log } from './util/log.ts'

export interface Overrides {
  clock?: Clock
  log?: Log
}

/** What every part is built on; each takes what it uses. */
export interface Kernel {
  readonly clock: Clock
  readonly log: Log
  readonly database: Database
  readonly directory: Directory
  readonly certificates: Certificates
  readonly sessions: Sessions
  readonly presence: PresenceService
}

export interface Server extends AsyncDisposable, Announcement {}

/**
 * Resolves when every listener accepts. Throws `OperatorError`, with nothing left open, where the
 * machine or the configuration does not allow it. One server a process: metrics are the process's.
 */
export async function startServer(config: Config, overrides: Overrides = {}): Promise<Server> {
  await using starting = new AsyncDisposableStack() // a failed start closes what it opened
  try {
    const kernel = await openKernel(config, overrides, starting)
    const demo = config.demo ? await requireDemoUsers(kernel.directory) : undefined
    const opened = starting.move()
    kernel.log.info({ what: 'started', version: VERSION, data: config.data })
    return {
      listeners: [],
      data: config.data,
      caPath: kernel.certificates.caPath,
      demo,
      [Symbol.asyncDispose]: () => opened.disposeAsync(),
    }
  } catch (error) {
    throw listenError(error, config.listen)
  }
}

async function openKernel(
  config: Config,
  { clock = new SystemClock(), log = createLog(config.log.level) }: Overrides,
  starting: AsyncDisposableStack,
): Promise<Kernel> {
  starting.use(lockDataDirectory(config.data))
  const database = starting.use(await openDatabase(config.database.url, { clock, log }))
  const directory = await openDirectory({ database, clock, log })
  await requireDomains(directory, config.demo ? [DEMO_DOMAIN, ...config.domains] : config.domains)
  const domainNames = () => directory.domains().map(({ name }) => name)
  const certificates = starting.use(await Certificates.open({ clock, log }, config, domainNames))
  collectProcessMetrics(VERSION)
  const sessions = new Sessions()
  const authorization = systemPolicy(config.sip.watchers)
  const presence = new PresenceService({ clock, authorization })
  return { clock, log, database, directory, certificates, sessions, presence }
}

/** Those of the configuration exist; others that an administrator added stay. */
async function requireDomains(directory: Directory, domains: readonly string[]): Promise<void> {
  for (const name of domains) {
    if (!directory.isLocal(name)) await directory.addDomain(name)
  }
}
