/** docs/reference/xeps.md, rfcs.md and doap.xml, from the records of modules and event packages and from citations. */
import { posix } from 'node:path'
import { presencePackage } from '../../src/sip/events/presence.ts'
import { escapeText } from '../../src/xml/element.ts'
import type { Spec, XmppModule } from '../../src/xmpp/module.ts'
import { xmppModules } from '../../src/xmpp/modules/index.ts'
import { ADVANCED_SERVER, type Asked } from './compliance.ts'
import { filesUnder, page, readProjectFile, table } from './markdown.ts'
import { RFC_TITLES, XEP_TITLES } from './titles.ts'

type XepSpec = Extract<Spec, { xep: number }>

interface ServedXep extends XepSpec {
  readonly name: string
  readonly file: string
  readonly note: string
}

/** Served below the modules. */
const BELOW: readonly ServedXep[] = [
  {
    xep: 25,
    version: '1.2',
    status: 'complete',
    name: 'HTTP polling',
    file: 'src/xmpp/http/polling/polling-part.ts',
    note: 'off by default: `http.pollingPaths`',
  },
  {
    xep: 124,
    version: '1.11.2',
    status: 'complete',
    name: 'BOSH',
    file: 'src/xmpp/http/bosh/exchange.ts',
    note: 'one stream a session; no compression; UTF-8 only; no `report`',
  },
  {
    xep: 156,
    version: '1.4.0',
    status: 'complete',
    name: 'host-meta',
    file: 'src/xmpp/http/host-meta.ts',
    note: '',
  },
  {
    xep: 206,
    version: '1.4',
    status: 'complete',
    name: 'BOSH',
    file: 'src/xmpp/http/bosh/bosh-session.ts',
    note: '',
  },
  {
    xep: 227,
    version: '1.1',
    status: 'partial',
    name: 'export and import',
    file: 'src/server/portable/import-accounts.ts',
    note: 'one file, no XInclude; no PEP, no archives; of privacy lists only who is refused altogether',
  },
  {
    xep: 368,
    version: '1.1.0',
    status: 'complete',
    name: 'the listener `xmppTls`',
    file: 'src/xmpp/c2s/c2s.ts',
    note: 'SRV records are the operator’s',
  },
]

export function xepsPage(): string {
  const served = servedXeps()
  const tests = testsByXep()
  return page(
    'XEPs',
    'What XMPP clients find beside RFC 6120 and RFC 6121. *Partial* says in a word what is missing.',
    table(
      ['XEP', 'title', 'version', 'status', 'module', 'remark', 'tests'],
      served.map(({ xep, version, status, name, file, note }) => [
        xepLink(xep),
        XEP_TITLES[xep] ?? '',
        version,
        status,
        `[${name}](../../${file})`,
        note,
        testLinks(tests.get(xep)),
      ]),
    ),
    '## XEP-0479: Compliance Suites 2023, advanced server',
    table(
      ['category', 'feature', 'by', 'here'],
      ADVANCED_SERVER.map((asked) => [
        asked.category,
        asked.feature,
        [...(asked.rfcs ?? []).map(rfcLink), ...asked.xeps.map(xepLink)].join(', '),
        isServed(asked, served) ? 'yes' : (asked.later ?? 'no'),
      ]),
    ),
  )
}

/** Every XEP that is served, with the tests that name it: each has to have some. */
export function servedXepsWithTests(): Map<number, readonly string[]> {
  const tests = testsByXep()
  return new Map(servedXeps().map(({ xep }) => [xep, tests.get(xep) ?? []]))
}

/** Whether all that a feature asks for is here; of RFCs, those that the source says it obeys. */
function isServed({ xeps, rfcs = [] }: Asked, served: readonly ServedXep[]): boolean {
  const cited = citedRfcs()
  return (
    xeps.every((xep) => served.some((one) => one.xep === xep)) &&
    rfcs.every((rfc) => cited.has(rfc))
  )
}

/** Paths of test files, by the XEPs that they name. */
function testsByXep(): Map<number, string[]> {
  const tests = new Map<number, string[]>()
  for (const file of filesUnder('test', '.test.ts')) {
    const named = readProjectFile(file).matchAll(/\bXEP-0?(\d{3,4})\b/g)
    for (const xep of new Set([...named].map(([, number]) => Number(number)))) {
      tests.set(xep, [...(tests.get(xep) ?? []), file])
    }
  }
  return tests
}

const SHOWN_TESTS = 3

function testLinks(files: readonly string[] = []): string {
  const links = files
    .toSorted((a, b) => Number(isModules(b)) - Number(isModules(a)))
    .slice(0, SHOWN_TESTS)
    .map((file) => `[${posix.basename(file, '.test.ts')}](../../${file})`)
  const more = files.length - links.length
  return links.join(', ') + (more > 0 ? ` and ${more} more` : '')
}

/** Those of the module itself come first. */
function isModules(file: string): boolean {
  return file.startsWith('test/xmpp/modules/')
}

export function rfcsPage(): string {
  const cited = citedRfcs()
  return page(
    'RFCs',
    'Where the source says which section it obeys. What declares a standard as a whole:',
    [
      `- the event package \`${presencePackage.event}\`: ${presencePackage.specs.join(', ')}`,
      ...[...declaredSections()].map(([name, text]) => `- the XMPP module \`${name}\`: ${text}`),
    ].join('\n'),
    table(
      ['RFC', 'title', 'cited in'],
      [...cited].map(([rfc, folders]) => [
        `[${rfc}](https://www.rfc-editor.org/rfc/rfc${rfc})`,
        RFC_TITLES[rfc] ?? '',
        summary(folders),
      ]),
    ),
  )
}

/** A description of the project for catalogues of XMPP software (XEP-0453). */
export function doap(): string {
  const { description, version } = JSON.parse(readProjectFile('package.json')) as {
    description: string
    version: string
  }
  const implemented = [
    ...[6120, 6121, 7395, 7622, 3261, 3428, 3856, 3863, 3903, 6665].map(
      (rfc) => `    <implements rdf:resource="https://www.rfc-editor.org/info/rfc${rfc}"/>`,
    ),
    ...servedXeps().map(doapXep),
  ]
  return `<?xml version="1.0" encoding="UTF-8"?>
<!-- Generated by script/generate-docs.ts; edit the source instead. -->
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://usefulinc.com/ns/doap#" xmlns:xmpp="https://linkmauve.fr/ns/xmpp-doap#">
  <Project>
    <name>Heliograph</name>
    <shortdesc xml:lang="en">${escapeText(description)}</shortdesc>
    <category rdf:resource="https://linkmauve.fr/ns/xmpp-doap#category-server"/>
    <programming-language>TypeScript</programming-language>
    <os>Linux</os>
    <license rdf:resource="https://www.apache.org/licenses/LICENSE-2.0"/>
    <release><Version><revision>${escapeText(version)}</revision></Version></release>
${implemented.join('\n')}
  </Project>
</rdf:RDF>
`
}

function doapXep({ xep, version, status }: ServedXep): string {
  return `    <implements>
      <xmpp:SupportedXep>
        <xmpp:xep rdf:resource="${xepAddress(xep)}"/>
        <xmpp:version>${version}</xmpp:version>
        <xmpp:status>${status}</xmpp:status>
      </xmpp:SupportedXep>
    </implements>`
}

function servedXeps(): ServedXep[] {
  const files = new Map(filesUnder('src/xmpp', '.ts').map((file) => [file, readProjectFile(file)]))
  const served = xmppModules.flatMap((module) => {
    const file = fileOf(module, files)
    return module.specs.filter(isXep).map((spec) => ({
      ...spec,
      name: module.name,
      file,
      note: remark(files.get(file) ?? '', spec.xep),
    }))
  })
  return [...served, ...BELOW].sort((a, b) => a.xep - b.xep)
}

function isXep(spec: Spec): spec is XepSpec {
  return 'xep' in spec
}

function fileOf({ name }: XmppModule, files: ReadonlyMap<string, string>): string {
  const declares = `defineModule({\n  name: '${name}',`
  const found = [...files].find(([, text]) => text.includes(declares))
  if (!found) throw new Error(`no file declares the module ${name}`)
  return found[0]
}

/** The comment behind the record of the XEP: what is missing, or why. */
function remark(text: string, xep: number): string {
  return new RegExp(`\\bxep: ${xep},.*//\\s*(.*)$`, 'm').exec(text)?.[1] ?? ''
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

/** Folders that cite each RFC: files come and go, folders stay. */
function citedRfcs(): Map<number, Set<string>> {
  const cited = new Map<number, Set<string>>()
  for (const file of filesUnder('src', '.ts')) {
    for (const [, number = ''] of readProjectFile(file).matchAll(/\bRFC (\d{3,5})\b/g)) {
      const folders = cited.get(Number(number)) ?? new Set()
      folders.add(posix.dirname(file))
      cited.set(Number(number), folders)
    }
  }
  return new Map([...cited].sort(([a], [b]) => a - b))
}

const MANY = 3

/** Where many folders of one part cite it, the part. */
function summary(folders: ReadonlySet<string>): string {
  const partOf = (folder: string) => folder.split('/').slice(0, 2).join('/')
  const inPart = (part: string) => [...folders].filter((folder) => partOf(folder) === part).length
  const shown = [...folders].map((folder) =>
    inPart(partOf(folder)) > MANY ? partOf(folder) : folder,
  )
  return [...new Set(shown)].map((folder) => `\`${folder}\``).join(', ')
}

function xepLink(xep: number): string {
  return `[${xepNumber(xep)}](${xepAddress(xep)})`
}

function rfcLink(rfc: number): string {
  return `[RFC ${rfc}](https://www.rfc-editor.org/rfc/rfc${rfc})`
}

function xepNumber(xep: number): string {
  return `XEP-${String(xep).padStart(4, '0')}`
}

function xepAddress(xep: number): string {
  return `https://xmpp.org/extensions/${xepNumber(xep).toLowerCase()}.html`
}
