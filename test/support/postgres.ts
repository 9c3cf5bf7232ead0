/** A private PostgreSQL from Debian's package, for tests: gone when the process that started it is. */
import { spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { createInterface } from 'node:readline'

/** The directory that Debian's package puts the newest version's programs in. */
function findPrograms(): string {
  const root = '/usr/lib/postgresql'
  const versions = readdirSync(root).sort((a, b) => Number(b) - Number(a))
  return `${root}/${versions[0]}/bin`
}

/**
 * Prints the cluster's directory once it answers, and takes it down when its standard input closes,
 * which also happens when the test process is killed.
 */
const SCRIPT = `
set -eu
dir=$(mktemp -d /tmp/heliograph-postgres-XXXXXX)
cleanup() { kill -QUIT "$server" 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$dir"; }
server=
trap cleanup EXIT
cd "$dir"
"$1/initdb" -D data -A trust -U postgres --no-sync --encoding=UTF8 --locale=C.UTF-8 >log 2>&1 || { cat log >&2; exit 1; }
"$1/postgres" -D data -c listen_addresses= -c unix_socket_directories="$dir" \\
  -c fsync=off -c max_connections=200 -c shared_buffers=32MB >>log 2>&1 </dev/null &
server=$!
tries=0
until "$1/pg_isready" -q -h "$dir"; do
  tries=$((tries + 1))
  if [ $tries -gt 300 ] || ! kill -0 "$server"; then cat log >&2; exit 1; fi
  sleep 0.1
done
echo "$dir"
cat >/dev/null
`

/** Answers the URL of the cluster's maintenance database. Rejects where PostgreSQL is not installed. */
export async function startPostgres(): Promise<string> {
  const shell = ['sh', '-c', SCRIPT, 'sh', findPrograms()]
  // PostgreSQL refuses to run as root.
  const command = process.getuid?.() === 0 ? ['runuser', '-u', 'postgres', '--', ...shell] : shell
  const [program = '', ...args] = command
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'], cwd: '/' })
  const failed = new Promise<never>((_, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`PostgreSQL did not start: exit ${code}`)))
  })
  failed.catch(() => {})
  const lines = createInterface({ input: child.stdout })
  const ready = new Promise<string>((resolve) => lines.once('line', resolve))
  const directory = await Promise.race([ready, failed])
  lines.close()
  // The cluster must not keep the process alive: it ends by itself when the pipe closes.
  child.unref()
  for (const stream of [child.stdin, child.stdout]) if (isUnrefable(stream)) stream.unref()
  return `postgres://postgres@/postgres?host=${encodeURIComponent(directory)}`
}

function isUnrefable(stream: object): stream is { unref(): void } {
  return 'unref' in stream && typeof stream.unref === 'function'
}
