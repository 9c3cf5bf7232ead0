/** docs/reference/rfcs.md: which RFCs the source says that it obeys, where, and which tests name them. */
import { posix } from 'node:path'
import { presencePackage } from '../../src/sip/events/presence.ts'
import { xmppModules } from '../../src/xmpp/modules/index.ts'
import { filesUnder, page, readProjectFile, table } from './markdown.ts'
import { SIMPLE_RFCS } from './simple-rfcs.ts'
import { RFC_TITLES } from './titles.ts'

/** Paths of files, by the RFCs that they name. */
type Naming = ReadonlyMap<number, readonly string[]>

const SHOWN_FILES = 3

export function rfcsPage(): string {
  const sources = citingSources()
  const tests = namingTests()
  const simple = new Set(SIMPLE_RFCS.map(({ rfc }) => rfc))
  return page(
    'RFCs',
    `A file is listed where it names the RFC: source that says which section it obeys, and tests that say which they hold.
Files whose first comment names it come first.`,
    '## SIP and SIMPLE',
    table(
      ['RFC', 'title', 'status', 'remark', 'source', 'tests'],
      SIMPLE_RFCS.map(({ rfc, title, status, remark = '' }) => [
        rfcLink(rfc),
        title,
        status,
        remark,
        fileLinks(sources.get(rfc), rfc),
        fileLinks(tests.get(rfc), rfc),
      ]),
    ),
    '## Others that the source cites',
    'What declares a standard as a whole:',
    [
      `- the event package \`${presencePackage.event}\`: ${presencePackage.specs.join(', ')}`,
      ...[...declaredSections()].map(([name, text]) => `- the XMPP module \`${name}\`: ${text}`),
    ].join('\n'),
    table(
      ['RFC', 'title', 'source', 'tests'],
      [...sources]
        .filter(([rfc]) => !simple.has(rfc))
        .map(([rfc, files]) => [
          rfcLink(rfc),
          RFC_TITLES[rfc] ?? '',
          fileLinks(files, rfc),
          fileLinks(tests.get(rfc), rfc),
        ]),
    ),
  )
}

/** Those that a presence server has to obey, with the tests that name them: each has to have some. */
export function simpleRfcsWithTests(): Map<number, readonly string[]> {
  const tests = namingTests()
  return new Map(SIMPLE_RFCS.map(({ rfc }) => [rfc, tests.get(rfc) ?? []]))
}

export function testedSimpleRfcs(): number[] {
  return [...simpleRfcsWithTests()].flatMap(([rfc, tests]) => (tests.length > 0 ? rfc : []))
}

export function citedRfcs(): ReadonlySet<number> {
  return new Set(citingSources().keys())
}

export function rfcLink(rfc: number): string {
  return `[RFC ${rfc}](https://www.rfc-editor.org/rfc/rfc${rfc})`
}

let sources: Naming | undefined
let tests: Naming | undefined

function citingSources(): Naming {
  sources ??= filesNaming(filesUnder('src', '.ts'))
  return sources
}

/** Scenario files of SIPp are tests as well. */
function namingTests(): Naming {
  tests ??= filesNaming([
    ...filesUnder('test', '.test.ts'),
    ...filesUnder('test/interop/sipp', '.xml'),
  ])
  return tests
}

function filesNaming(files: readonly string[]): Naming {
  const naming = new Map<number, string[]>()
  for (const file of files) {
    const named = readProjectFile(file).matchAll(/\bRFC (\d{3,5})\b/g)
    for (const rfc of new Set([...named].map(([, number]) => Number(number)))) {
      naming.set(rfc, [...(naming.get(rfc) ?? []), file])
    }
  }
  return new Map([...naming].sort(([a], [b]) => a - b))
}

function fileLinks(files: readonly string[] = [], rfc: number): string {
  const isAbout = new RegExp(
    `^(?:#!.*\\n|<\\?.*\\n|<!D.*\\n)*(?:/\\*\\*|<!--)(?:(?!\\*/|-->)[\\s\\S])*\\bRFC ${rfc}\\b`,
  )
  const rank = (file: string) => Number(isAbout.test(readProjectFile(file)))
  const ranked = files.map((file) => ({ file, rank: rank(file) }))
  const links = ranked
    .toSorted((a, b) => b.rank - a.rank)
    .slice(0, SHOWN_FILES)
    .map(({ file }) => `[${nameOf(file)}](../../${file})`)
  const more = files.length - links.length
  return links.join(', ') + (more > 0 ? ` and ${more} more` : '')
}

function nameOf(file: string): string {
  return posix.basename(file).replace(/(?:\.test)?\.ts$/, '')
}

function declaredSections(): Map<string, string> {
  const sections = new Map<string, string>()
  for (const { name, specs } of xmppModules) {
    const rfcs = specs.flatMap((spec) =>
      'rfc' in spec ? [`RFC ${spec.rfc} §${spec.sections}`] : [],
    )
    if (rfcs.length > 0) sections.set(name, rfcs.join(' and '))
  }
  return sections
}
