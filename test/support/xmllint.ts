import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryDirectory } from './temporary.ts'

const SCHEMAS = join(import.meta.dirname, '../formats/schemas')

/** Throws with what xmllint complains of, and where there is no xmllint. `schema` is a file of test/formats/schemas. */
export function validate(schema: string, texts: readonly string[]): void {
  using directory = temporaryDirectory()
  const files = texts.map((text, at) => {
    const file = join(directory.path, `${at}.xml`)
    writeFileSync(file, text)
    return file
  })
  const options = ['--noout', '--nonet', '--schema', join(SCHEMAS, schema)]
  execFileSync('xmllint', [...options, ...files], { stdio: 'pipe' })
}
