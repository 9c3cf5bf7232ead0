/**
 * Loaded into a measured process by `NODE_OPTIONS=--import`: SIGUSR2 collects its garbage, and writes
 * the bytes of the objects that are left to the file that `BENCH_HEAP_FILE` names.
 */
import { writeFileSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collect: unknown = runInNewContext('gc')
process.on('SIGUSR2', () => {
  if (typeof collect === 'function') collect()
  const file = process.env.BENCH_HEAP_FILE
  if (file !== undefined) writeFileSync(file, String(process.memoryUsage().heapUsed))
})
