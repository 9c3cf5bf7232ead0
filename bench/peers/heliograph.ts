import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { startTestServer } from '../../test/support/server.ts'
import { NodeCollector } from '../harness/collector.ts'
import { DOMAIN, type RunningServer, type ServerTool } from '../harness/scenario.ts'
import { ServerProfiler } from '../harness/server-profiler.ts'

const OPTIONS = [
  `domains=${DOMAIN}`,
  // Quiet, as all of them.
  'log.level=warn',
  // One row of the table is TCP without TLS.
  'xmpp.plaintextAuth=true',
  'xmpp.registration=open',
  'xmpp.registrationsPerHour=10000',
  // Nobody is slowed down, as with the peers; what comes is counted all the same.
  'xmpp.maxBytesPerSecond=1 GB',
  'xmpp.maxStanzasPerSecond=1000000',
  'xmpp.maxBytesPerSecondPerAddress=1 GB',
  'xmpp.maxStanzasPerSecondPerAddress=10000000',
  // 4096 rounds, what ejabberd takes: whoever signs in pays for them, not the server.
  'passwords.scramSha1Iterations=4096',
  'passwords.scramSha256Iterations=10000',
  'passwords.scramSha512Iterations=10000',
  // Peers ask the presentity and do not answer for him.
  'authorization.sameSystem=confirm',
  // Kamailio asks nobody for a password, and tells every change at once.
  'sip.trustedPeers=127.0.0.1',
  'sip.notifyInterval=0s',
]

/** Accounts are kept in `directory` from one start to the next. BENCH_SERVER_OPTIONS are Node's. */
export async function startHeliograph(
  directory: string,
  tool?: ServerTool,
): Promise<RunningServer> {
  const { NODE_OPTIONS = '', ...environment } = tool?.environment ?? {}
  const server = await startTestServer({
    data: directory,
    args: OPTIONS.flatMap((option) => ['--set', option]),
    env: {
      ...environment,
      NODE_OPTIONS: `${NODE_OPTIONS} ${process.env.BENCH_SERVER_OPTIONS ?? ''}`,
    },
  })
  tool?.attach(server.pid)
  const manifest = join(import.meta.dirname, '../../package.json')
  return {
    name: 'heliograph',
    version: String(JSON.parse(readFileSync(manifest, 'utf8')).version),
    pid: server.pid,
    ports: {
      xmpp: server.port('xmpp'),
      sipUdp: server.port('sipUdp'),
      sipTcp: server.port('sipTcp'),
    },
    profiler: tool instanceof ServerProfiler ? tool : undefined,
    collector: tool instanceof NodeCollector ? tool : undefined,
    async [Symbol.asyncDispose]() {
      const { code, stderr } = await server.stop()
      const complaints = stderr.split('\n').filter((line) => /"level":"(error|fatal)"/.test(line))
      if (complaints.length + code > 0) {
        throw new Error(`heliograph ended with ${code}: ${complaints.slice(0, 5).join('\n')}`)
      }
    },
  }
}
