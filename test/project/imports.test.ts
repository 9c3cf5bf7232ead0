import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { importsOf, ROOT, sourceFiles } from './sources.ts'

/** From the top down; a layer imports those below it, and never one beside it. */
const LAYERS = [
  ['main'],
  ['server'],
  ['xmpp', 'sip', 'smtp', 'xcap', 'collectors', 'admin', 'ops', 'cli'],
  ['formats'],
  ['directory'], // its accounts are the core's addresses
  ['core'],
  ['storage', 'cluster', 'xml', 'config', 'net'],
  ['util'],
]

/** Those that may import less than the layers allow. */
const ONLY: Readonly<Record<string, readonly string[]>> = {
  core: ['util'], // it declares the interfaces of what it needs
  cli: ['config', 'util'], // it talks to a server through its API
}

/** `src/sip/events/presence.ts` → `sip`, `src/main.ts` → `main`. */
function partOf(path: string): string {
  return path.split('/')[1]?.replace(/\.ts$/, '') ?? ''
}

function layerOf(part: string): number {
  return LAYERS.findIndex((layer) => layer.includes(part))
}

function isAllowed(from: string, to: string): boolean {
  if (from === to) return true
  const only = ONLY[from]
  return only ? only.includes(to) : layerOf(from) < layerOf(to)
}

const files = sourceFiles()

describe('the import rule', () => {
  it('sees every way to import', () => {
    const text = `import a from 'a'
import type { B } from './b.ts'
import {
  c,
  type D,
} from '../c/d.ts'
import 'e'
export { f } from './f.ts'
const g = await import('./g.ts')
// a comment that says from 'nowhere'`
    assert.deepEqual(
      importsOf('src/x/y.ts', text).map(({ target }) => target),
      ['a', 'src/x/b.ts', 'src/c/d.ts', 'e', 'src/x/f.ts', 'src/x/g.ts'],
    )
  })

  it('refuses what it must', () => {
    for (const [from, to] of [
      ['xmpp', 'sip'],
      ['admin', 'xmpp'],
      ['core', 'storage'],
      ['core', 'directory'],
      ['storage', 'directory'],
      ['cli', 'directory'],
      ['ops', 'server'],
    ] as const) {
      assert.equal(isAllowed(from, to), false, `${from} → ${to}`)
    }
    assert.ok(isAllowed('directory', 'core'))
  })

  it('gives every file a place', () => {
    for (const { path } of files) assert.ok(layerOf(partOf(path)) >= 0, path)
  })

  it('holds: imports point down only', () => {
    const wrong = files.flatMap(({ path, imports }) =>
      imports
        .filter(
          ({ target }) => target.startsWith('src/') && !isAllowed(partOf(path), partOf(target)),
        )
        .map(({ target }) => `${path} → ${target}`),
    )
    assert.deepEqual(wrong, [])
  })

  it('lets the library for application servers use the protocols, and nothing of the server', () => {
    const allowed = new Set(['sip', 'formats', 'xml', 'util'])
    const library = sourceFiles('lps')
    const wrong = library.flatMap(({ path, imports }) =>
      imports
        .filter(({ target }) => target.startsWith('src/') && !allowed.has(partOf(target)))
        .map(({ target }) => `${path} → ${target}`),
    )
    assert.deepEqual(wrong, [])
    const outside = files.flatMap(({ path, imports }) =>
      imports.filter(({ target }) => target.startsWith('lps/')).map(() => path),
    )
    assert.deepEqual(outside, [])
    const examples = sourceFiles('examples').flatMap(({ imports }) => imports)
    assert.deepEqual(
      examples.filter(({ target }) => target.startsWith('src/')),
      [],
    )
  })

  it('holds at run time without circles', () => {
    assert.deepEqual(circles(), [])
  })

  it('takes packages only from the production dependencies', () => {
    const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      dependencies: Record<string, string>
    }
    for (const { path, imports } of files) {
      for (const { target } of imports) {
        if (target.startsWith('src/') || target === 'package.json' || isBuiltin(target)) continue
        const name = target.split('/', target.startsWith('@') ? 2 : 1).join('/')
        assert.ok(name in dependencies, `${path} imports ${target}`)
      }
    }
  })
})

/** Each as the files on the way around. */
function circles(): string[] {
  const graph = new Map(
    files.map(({ path, imports }) => [
      path,
      imports.filter(({ type }) => !type).map(({ target }) => target),
    ]),
  )
  const found: string[] = []
  const done = new Set<string>()
  const visit = (path: string, way: readonly string[]) => {
    const at = way.indexOf(path)
    if (at >= 0) found.push([...way.slice(at), path].join(' → '))
    if (at >= 0 || done.has(path)) return
    for (const next of graph.get(path) ?? []) visit(next, [...way, path])
    done.add(path)
  }
  for (const path of graph.keys()) visit(path, [])
  return found
}
