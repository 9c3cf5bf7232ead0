import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { RunningServer } from '../harness/scenario.ts'
import { freePort, PeerProcess, packageVersion, writeConfiguration } from './start.ts'

/**
 * MB that all processes share; its pages count once something is in them. A transaction takes some 10 KB
 * for five seconds.
 */
const SHARED_MEMORY = '2048'
/** MB of each process. */
const PRIVATE_MEMORY = '16'

/** It keeps nothing from one start to the next. */
export async function startKamailio(directory: string): Promise<RunningServer> {
  const port = await freePort()
  const file = join(directory, 'kamailio.cfg')
  const runtime = join(directory, 'run')
  mkdirSync(runtime, { recursive: true })
  writeConfiguration('kamailio.cfg', file, { PORT: port })
  const memory = ['-m', SHARED_MEMORY, '-M', PRIVATE_MEMORY]
  // -DD: the main process stays, its workers are children of it.
  const process = new PeerProcess('kamailio', ['-DD', '-E', '-f', file, '-Y', runtime, ...memory])
  await process.ready(port)
  return {
    name: 'kamailio',
    version: packageVersion('kamailio'),
    pid: process.pid,
    ports: { sipUdp: port, sipTcp: port },
    [Symbol.asyncDispose]: () => process[Symbol.asyncDispose](),
  }
}
