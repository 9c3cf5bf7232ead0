/** The source tree as text, for tests about its shape. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'

export const ROOT = join(import.meta.dirname, '../..')

export interface Import {
  /** A path from the project's root for our own files, else as written. */
  readonly target: string
  /** Erased at run time. */
  readonly type: boolean
}

export interface SourceFile {
  readonly path: string
  readonly text: string
  readonly imports: readonly Import[]
}

export function sourceFiles(folder = 'src'): SourceFile[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => {
      const path = `${folder}/${name}`
      const text = readFileSync(join(ROOT, path), 'utf8')
      return { path, text, imports: importsOf(path, text) }
    })
}

const STATEMENT = /^(?:import|export)\s+(type\s)?(?:[^'"`;]*?\sfrom\s+)?'([^']+)'/gm
const DYNAMIC = /\bimport\('([^']+)'\)/g

export function importsOf(path: string, text: string): Import[] {
  const resolve = (target: string) =>
    target.startsWith('.') ? normalize(join(dirname(path), target)) : target
  return [
    ...[...text.matchAll(STATEMENT)].map(([, type, target = '']) => ({
      target: resolve(target),
      type: type !== undefined,
    })),
    ...[...text.matchAll(DYNAMIC)].map(([, target = '']) => ({
      target: resolve(target),
      type: false,
    })),
  ]
}
