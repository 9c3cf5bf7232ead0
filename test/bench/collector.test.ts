import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { it } from 'node:test'
import { NodeCollector } from '../../bench/harness/collector.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const WASTEFUL = `
  let waste = []
  for (let n = 0; n < 200_000; n += 1) waste.push({ n })
  waste = undefined
  process.stdout.write('ready')
  process.stdin.on('data', () => process.stdout.write(String(process.memoryUsage().heapUsed) + ' '))
`

it('a server collects its garbage when it is told to', async () => {
  using directory = temporaryDirectory()
  const collector = new NodeCollector(directory.path)
  const child = spawn(process.execPath, ['-e', WASTEFUL], {
    env: { ...process.env, ...collector.environment },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const used = async () => {
    child.stdin.write('?')
    return Number((await once(child.stdout, 'data'))[0])
  }
  try {
    await once(child.stdout, 'data')
    collector.attach(child.pid ?? 0)
    const before = await used()
    await collector.collect()
    assert.ok((await used()) < before - 1_000_000)
  } finally {
    child.kill('SIGKILL')
  }
})
