import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, it } from 'node:test'
import { filesUnder, readProjectFile } from '../../script/docs/markdown.ts'
import { ROOT } from './sources.ts'

const DOCUMENTS = ['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', ...filesUnder('docs', '.md')]

const FENCE = /^```[\s\S]*?^```$/gm
const CODE = /`[^`\n]*`/g
const LINK = /\]\(([^)\s]+)\)|<img[^>]*\ssrc="([^"]+)"/g

/** Links of a document, those in code left out. */
function linksOf(text: string): string[] {
  const prose = text.replace(FENCE, '')
  return [...prose.matchAll(LINK)].map(([, target, image]) => target ?? image ?? '')
}

/** As GitHub makes them of headings: lower case, blanks to hyphens, punctuation gone. */
function anchorsOf(text: string): Set<string> {
  const headings = [...text.replace(FENCE, '').matchAll(/^#+ (.+)$/gm)]
  return new Set(
    headings.map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  )
}

function brokenLinks(path: string): string[] {
  const own = readProjectFile(path)
  return linksOf(own).filter((link) => {
    if (/^[a-z]+:/.test(link)) return false
    const [file = '', anchor] = link.split('#')
    const target = file === '' ? path : join(dirname(path), file)
    if (!existsSync(join(ROOT, target))) return true
    return anchor !== undefined && !anchorsOf(readProjectFile(target)).has(anchor)
  })
}

describe('documents', () => {
  for (const path of DOCUMENTS) {
    it(`${path} links to what is there`, () => assert.deepEqual(brokenLinks(path), []))
  }

  it('name files of the project that exist', () => {
    const missing = DOCUMENTS.flatMap((path) =>
      [...readProjectFile(path).matchAll(CODE)]
        .map(([code]) => code.slice(1, -1))
        .filter((code) => /^(?:src|test|script|bench|docs)\/[\w./-]+\.\w+$/.test(code))
        .filter((code) => !existsSync(join(ROOT, code)))
        .map((code) => `${path}: ${code}`),
    )
    assert.deepEqual(missing, [])
  })
})
