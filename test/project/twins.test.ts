import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { describe, it } from 'node:test'
import { ROOT, sourceFiles } from './sources.ts'

/** `src/xmpp/modules/ping.ts` → `test/xmpp/modules/ping.test.ts`. */
function twinOf(path: string): string {
  return path.replace(/^src\//, 'test/').replace(/\.ts$/, '.test.ts')
}

function haveTwins(paths: readonly string[]) {
  const missing = paths.filter((path) => !existsSync(join(ROOT, twinOf(path))))
  assert.deepEqual(missing, [])
}

describe('a feature is a file with a test of the same name', () => {
  const files = sourceFiles()

  it('every XMPP module has its test', () => {
    const modules = files.filter(
      ({ path }) => dirname(path) === 'src/xmpp/modules' && basename(path) !== 'index.ts',
    )
    haveTwins(modules.map(({ path }) => path))
  })

  it('every SIP event package has its test', () => {
    const packages = files.filter(({ text }) =>
      /\bdefineEventPackage\(|: EventPackage = \{/.test(text),
    )
    haveTwins(packages.map(({ path }) => path))
  })
})
