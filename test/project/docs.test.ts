import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import { generateDocs } from '../../script/generate-docs.ts'

const ROOT = join(import.meta.dirname, '../..')

for (const [path, text] of generateDocs()) {
  it(`${path} is what the source says (node_modules/.bin/node script/generate-docs.ts)`, () => {
    assert.equal(readFileSync(join(ROOT, path), 'utf8'), text)
  })
}
