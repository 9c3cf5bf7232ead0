import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DOMAIN, type RunningServer } from '../harness/scenario.ts'
import {
  freePort,
  makeCertificate,
  PeerProcess,
  packageVersion,
  writeConfiguration,
} from './start.ts'

/** Where Debian puts Erlang's libraries. */
const LIBRARIES = ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu'].find(existsSync) ?? ''

/** Accounts are kept in `directory` from one start to the next. */
export async function startEjabberd(directory: string): Promise<RunningServer> {
  const port = await freePort()
  const file = join(directory, 'ejabberd.yml')
  const database = join(directory, 'database')
  mkdirSync(database, { recursive: true })
  const { certificate, key } = makeCertificate(directory)
  writeConfiguration('ejabberd.yml', file, {
    PORT: port,
    DOMAIN,
    CERTIFICATE: certificate,
    KEY: key,
  })
  // As ejabberdctl starts it, with its defaults (+K: epoll, +P: processes), but not distributed:
  // nothing of the machine's (epmd, cookie, node name) is touched.
  const limits = ['+K', 'true', '+P', '250000', '+Q', '65536']
  const mnesia = ['-mnesia', 'dir', JSON.stringify(database)]
  const process = new PeerProcess('erl', ['-noinput', ...limits, ...mnesia, '-s', 'ejabberd'], {
    cwd: directory,
    env: {
      ...globalThis.process.env,
      ERL_LIBS: LIBRARIES,
      EJABBERD_CONFIG_PATH: file,
      EJABBERD_LOG_PATH: join(directory, 'ejabberd.log'),
      ERL_CRASH_DUMP_BYTES: '0',
    },
  })
  await process.ready(port)
  return {
    name: 'ejabberd',
    version: packageVersion('ejabberd'),
    pid: process.pid,
    ports: { xmpp: port },
    [Symbol.asyncDispose]: () => process[Symbol.asyncDispose](),
  }
}
