import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import { ServerProfiler } from '../../bench/harness/server-profiler.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const BUSY = `
  function spin() { const until = performance.now() + 5; while (performance.now() < until); }
  setInterval(spin, 1)
  process.stdout.write('ready')
`

it('what a process does between start and stop is kept as a profile, a flame graph and a list', async () => {
  using directory = temporaryDirectory()
  const profiler = new ServerProfiler(directory.path)
  const child = spawn(process.execPath, ['-e', BUSY], {
    env: { ...process.env, ...profiler.environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    await once(child.stdout, 'data')
    profiler.attach(child.pid ?? 0)
    const results = join(directory.path, 'results')
    // As two rounds do it: a second profile is not the first.
    for (const name of ['first', 'second']) {
      await profiler.start()
      await profiler.stop()
      profiler.keep(results, name)
      const profile = JSON.parse(readFileSync(join(results, `${name}.cpuprofile`), 'utf8'))
      assert.ok(profile.nodes.length > 0)
      assert.match(readFileSync(join(results, `${name}.svg`), 'utf8'), /^<svg /)
      assert.match(readFileSync(join(results, `${name}.txt`), 'utf8'), new RegExp(`^${name}: self`))
    }
    profiler.keep(results, 'third')
    assert.ok(!existsSync(join(results, 'third.cpuprofile')), 'nothing was profiled for it')
  } finally {
    child.kill('SIGKILL')
  }
})
