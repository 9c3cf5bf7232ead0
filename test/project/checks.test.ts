import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'

const ROOT = join(import.meta.dirname, '../..')

describe('the project', () => {
  it('has sound types', () => passes('tsc', '--noEmit'))
  it('is formatted and has nothing that lint refuses', () =>
    passes('biome', 'check', '--error-on-warnings'))
})

function passes(tool: string, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(join(ROOT, 'node_modules/.bin', tool), args, {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  })
  assert.equal(status, 0, `${tool} ${args.join(' ')}\n${stdout}${stderr}`)
}

/** Those that an Apache-2.0 work may be distributed with. */
const COMPATIBLE = new Set([
  'MIT',
  'ISC',
  'BSD-2-Clause',
  'BSD-3-Clause',
  '0BSD',
  'MIT-0',
  'Apache-2.0',
  'BlueOak-1.0.0',
])

interface Locked {
  version: string
  dev?: boolean
  license?: string
}

it('every production dependency has a compatible licence, and a fixed version', () => {
  const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, Locked>
  }
  const production = Object.entries(lock.packages).filter(([path, { dev }]) => path !== '' && !dev)
  assert.ok(production.length > 10)
  for (const [path, { license = 'none', version }] of production) {
    assert.ok(COMPATIBLE.has(license), `${path} ${version}: ${license}`)
  }
  const { dependencies, devDependencies } = JSON.parse(
    readFileSync(join(ROOT, 'package.json'), 'utf8'),
  ) as Record<'dependencies' | 'devDependencies', Record<string, string>>
  for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies })) {
    assert.match(version, /^\d+\.\d+\.\d+$/, name)
  }
})
