import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DOMAIN, type RunningServer } from '../harness/scenario.ts'
import {
  freePort,
  makeCertificate,
  PeerProcess,
  packageVersion,
  writeConfiguration,
} from './start.ts'

/** Accounts are kept in `directory` from one start to the next. */
export async function startProsody(directory: string): Promise<RunningServer> {
  const port = await freePort()
  const file = join(directory, 'prosody.cfg.lua')
  mkdirSync(join(directory, 'data'), { recursive: true })
  const { certificate, key } = makeCertificate(directory)
  writeConfiguration('prosody.cfg.lua', file, {
    DATA: directory,
    PORT: port,
    DOMAIN,
    CERTIFICATE: certificate,
    KEY: key,
  })
  const process = new PeerProcess('prosody', ['--config', file, '-F'])
  await process.ready(port)
  return {
    name: 'prosody',
    version: packageVersion('prosody'),
    pid: process.pid,
    ports: { xmpp: port },
    [Symbol.asyncDispose]: () => process[Symbol.asyncDispose](),
  }
}
