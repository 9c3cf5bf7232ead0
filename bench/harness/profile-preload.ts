/**
 * Loaded into a server before its own code (`node --import`): the first SIGUSR2 starts a CPU profile of
 * the main thread, the next writes it to the file that `ServerProfiler` waits for.
 */
import { renameSync, writeFileSync } from 'node:fs'
import { Session } from 'node:inspector/promises'
import { isMainThread } from 'node:worker_threads'
import { PROFILE_FILE, STARTED_FILE } from './server-profiler.ts'

/** Half of V8's default: five seconds are ten thousand samples. */
const INTERVAL_US = 500

const started = process.env[STARTED_FILE]
const file = process.env[PROFILE_FILE]
if (isMainThread && started && file) profileOnSignal(started, file)

function profileOnSignal(started: string, file: string): void {
  const session = new Session()
  session.connect()
  let isProfiling = false
  process.on('SIGUSR2', async () => {
    isProfiling = !isProfiling
    if (isProfiling) {
      await session.post('Profiler.enable')
      await session.post('Profiler.setSamplingInterval', { interval: INTERVAL_US })
      await session.post('Profiler.start')
      writeFileSync(started, '')
    } else {
      const { profile } = await session.post('Profiler.stop')
      // Whoever waits for the file finds all of it.
      writeFileSync(`${file}.part`, JSON.stringify(profile))
      renameSync(`${file}.part`, file)
    }
  })
}
