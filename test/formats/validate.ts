import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Throws with what xmllint complains of, and where there is no xmllint. */
export function validate(directory: string, texts: readonly string[]): void {
  const schema = join(import.meta.dirname, 'schemas/all.xsd')
  const files = texts.map((text, at) => {
    const file = join(directory, `${at}.xml`)
    writeFileSync(file, text)
    return file
  })
  execFileSync('xmllint', ['--noout', '--nonet', '--schema', schema, ...files], { stdio: 'pipe' })
}
