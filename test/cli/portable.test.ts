/** `heliograph export` and `heliograph import` against the API; with a whole server: test/scenarios/portable.test.ts. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { PortableAccounts, PortableReport } from '../../src/admin/services.ts'
import { openRig } from '../admin/rig.ts'
import { ask, askHere } from './rig.ts'

const REPORT: PortableReport = {
  ...{ added: 1, updated: 0, unchanged: 2, failed: 1, problemsTotal: 3 },
  problems: [{ account: 'a@x', code: 'BAD_PART', reason: 'contact b' }],
  skipped: [{ section: '{urn:x}y', count: 4 }],
}

const portable: PortableAccounts = {
  async *export(domain) {
    yield `<server-data/>\n`
    if (domain === 'broken.example') throw new Error('the database is gone')
  },
  async import(source) {
    for await (const chunk of source) void chunk
    return REPORT
  },
}

test('an export has its name when it is complete, and is for its owner only', async (t) => {
  const { data } = await openRig(t, { portable })
  const file = join(data, 'accounts.xml')
  writeFileSync(file, 'old', { mode: 0o644 })
  assert.deepEqual(await askHere(data, `export ${file}`), {
    ...{ code: 0, out: `exported: ${file}\n`, err: '' },
  })
  assert.equal(readFileSync(file, 'utf8'), '<server-data/>\n')
  assert.equal(statSync(file).mode & 0o777, 0o600)

  const broken = join(data, 'broken.xml')
  const { code, err } = await askHere(data, `export --domain broken.example ${broken}`)
  assert.equal(code, 1)
  assert.match(err, /^INTERRUPTED: the export is not complete/)
  assert.equal(existsSync(broken), false)
  assert.deepEqual(
    readdirSync(data).filter((name) => name.endsWith('.part')),
    [],
  )
  const nowhere = await askHere(data, `export ${join(data, 'none/file')}`)
  assert.equal(nowhere.code, 2)
  assert.match(nowhere.err, /^CLI_UNREADABLE: cannot write/)
})

test('an export goes to standard output, and an import comes from standard input', async (t) => {
  const { data } = await openRig(t, { portable })
  for (const line of ['export', 'export -', 'export --json']) {
    assert.deepEqual(await ask(data, line), { code: 0, out: '<server-data/>\n', err: '' }, line)
  }
  const { code, out } = await ask(data, 'import - --dry-run', '<server-data/>')
  assert.equal(code, 1)
  assert.deepEqual(out.trimEnd().split('\n'), [
    'a@x: BAD_PART: contact b',
    'and 2 more',
    'not kept here: {urn:x}y, 4 times',
    'dry run: added 1, updated 0, unchanged 2, refused 1',
  ])
  const missing = await askHere(data, 'import /nowhere/file')
  assert.match(missing.err, /^CLI_UNREADABLE: cannot read/)
})
