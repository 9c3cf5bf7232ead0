/** Loaded into a server before its own code (`node --import`): on SIGUSR2 it collects its garbage, and says so in a file. */
import { writeFileSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { isMainThread } from 'node:worker_threads'
import { COLLECTED_FILE } from './collector.ts'

const file = process.env[COLLECTED_FILE]
if (isMainThread && file) {
  setFlagsFromString('--expose-gc')
  // The last resort moves what is left together, and gives pages back.
  const collect: () => void = runInNewContext(
    `() => gc({ type: 'major', execution: 'sync', flavor: 'last-resort' })`,
  )
  process.on('SIGUSR2', () => {
    collect()
    writeFileSync(file, '')
  })
}
