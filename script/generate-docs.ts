/**
 * Writes docs/reference/ and doap.xml from the source, and the excerpts of source in other documents.
 * A test fails where what is there is not what this writes.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { API_ERRORS } from '../src/admin/api-error.ts'
import { CLI_ERRORS, EXIT_CODES } from '../src/cli/exit-codes.ts'
import { USAGE } from '../src/config/command-line.ts'
import { type NamedOption, OPTIONS } from '../src/config/load-config.ts'
import { configSchema } from '../src/config/schema.ts'
import { variableName } from '../src/config/sources.ts'
import { IMPORT_ERRORS } from '../src/directory/import.ts'
import { PORTABLE_ERRORS } from '../src/server/portable/import-accounts.ts'
import { OPERATOR_ERRORS } from '../src/util/operator-error.ts'
import { commandsPage } from './docs/commands.ts'
import { compositionPage } from './docs/composition.ts'
import { documentsWithExcerpts } from './docs/excerpts.ts'
import { logPage } from './docs/log.ts'
import { filesUnder, page, ROOT, readProjectFile, table } from './docs/markdown.ts'
import { rfcsPage } from './docs/rfcs.ts'
import { doap, xepsPage } from './docs/standards.ts'
import { versusPage } from './docs/versus.ts'
import { versusKamailioPage } from './docs/versus-kamailio.ts'

/** Paths from the project's root, with what belongs there. */
export function generateDocs(): Map<string, string> {
  return new Map([
    ['docs/reference/config.md', configPage()],
    ['docs/reference/errors.md', errorsPage()],
    ['docs/reference/metrics.md', metricsPage()],
    ['docs/reference/log.md', logPage()],
    ['docs/reference/cli.md', commandsPage()],
    ['docs/reference/composition.md', compositionPage()],
    ['docs/reference/xeps.md', xepsPage()],
    ['docs/reference/rfcs.md', rfcsPage()],
    ['docs/reference/versus-prosody.md', versusPage()],
    ['docs/reference/versus-kamailio.md', versusKamailioPage()],
    ['doap.xml', doap()],
    ...documentsWithExcerpts(),
  ])
}

function configPage(): string {
  const top = OPTIONS.filter(({ name }) => !name.includes('.'))
  const sections = Object.entries(configSchema.properties)
    .filter(([name]) => !top.some((option) => option.name === name))
    .map(([name, section]) => {
      const options = OPTIONS.filter((option) => option.name.startsWith(`${name}.`))
      return `## ${name}\n\n${Reflect.get(section, 'description')}\n\n${optionsTable(options)}`
    })
  return page(
    'Configuration',
    `Defaults, then the file that \`--config\` or \`HELIOGRAPH_CONFIG\` names, then the environment, then flags:
the later one wins. Every problem ends the start with one line and exit code 2 (see [errors](errors.md)).

\`\`\`
${USAGE.trimEnd()}
\`\`\`

In the file options are nested, or written with dots:

\`\`\`yaml
domains: [example.org]
listen:
  xmpp: "*:5222"
  sipUdp: off
log.level: warn
\`\`\`

In the environment \`listen.xmppTls\` is \`${variableName('listen.xmppTls')}\`. Items of lists are separated by commas
there and after \`--set\`. An option marked *secret* can also come from the file that its variable with \`_FILE\` names,
such as \`${variableName('database.url')}_FILE\`, and is never shown.

An address is \`ADDRESS:PORT\`, with IPv6 in brackets, \`*:PORT\` or \`:PORT\` for every address, or \`off\`. A duration is a number with a unit
(\`250ms\`, \`30s\`, \`5m\`, \`12h\`, \`2 days\`, \`1w\`), or milliseconds. A size is a number with \`KB\`, \`MB\` or \`GB\` (of 1024), or bytes.
Relative paths start from the directory of the file that says them, or from the working directory.`,
    optionsTable(top),
    ...sections,
  )
}

function optionsTable(options: readonly NamedOption[]): string {
  const items = options.flatMap(({ name, fields }) => {
    if (!fields) return []
    const named = Object.entries(fields).map(([field, option]) => ({ ...option, name: field }))
    return [`Each item of \`${name}\`:`, optionsTable(named)]
  })
  const rows = options.map((option) => [
    `\`${option.name}\``,
    option.expects + (option.secret ? ' (*secret*)' : ''),
    defaultsOf(option),
    option.description,
  ])
  return [table(['option', 'value', 'default', 'meaning'], rows), ...items].join('\n\n')
}

function defaultsOf({ default: byDefault, demo }: NamedOption): string {
  const show = (raw: unknown) =>
    Array.isArray(raw) && raw.length === 0 ? 'empty' : `\`${String(raw)}\``
  const usual = byDefault === undefined ? 'none' : show(byDefault)
  return demo === undefined ? usual : `${usual}; with \`--demo\` ${show(demo)}`
}

function errorsPage(): string {
  return page(
    'Errors and exit codes',
    'What an operator can cause and can mend is one line, `CODE: what is wrong`, on standard error. Codes stay.',
    meanings(OPERATOR_ERRORS),
    '## Exit codes of the server',
    table(
      ['code', 'meaning'],
      [
        ['0', 'Stopped as asked (SIGTERM, SIGINT), everything drained and closed in order.'],
        [
          '1',
          'A bug during the start, with its stack; or the end took more than 4.5 s and was cut short.',
        ],
        ['2', 'One of the errors above. Nothing is left half-started.'],
        ['130, 143', 'A second SIGINT or SIGTERM while stopping: ended at once.'],
      ],
    ),
    '## Exit codes of `heliograph`',
    table(
      ['code', 'meaning'],
      Object.values(EXIT_CODES).map(([code, meaning]) => [String(code), meaning]),
    ),
    'What it refuses itself, beside what the server does:',
    meanings(CLI_ERRORS),
    '## Refusals of the API',
    'Each answer with a status of 400 or more has the body `{"error": {"code": "…", "message": "…"}}`.',
    table(
      ['code', 'status', 'meaning'],
      Object.entries(API_ERRORS).map(([code, [status, meaning]]) => [
        `\`${code}\``,
        String(status),
        meaning,
      ]),
    ),
    'Lines of a file that `user import` refuses have the codes of users above, or one of these:',
    meanings(IMPORT_ERRORS),
    'Accounts of a file that `import` refuses have the codes of users and access rules above, or one of these:',
    meanings(PORTABLE_ERRORS),
  )
}

function meanings(errors: Readonly<Record<string, string>>): string {
  return table(
    ['code', 'meaning'],
    Object.entries(errors).map(([code, meaning]) => [`\`${code}\``, meaning]),
  )
}

interface Metric {
  readonly name: string
  readonly kind: string
  readonly labels: string
  readonly help: string
  readonly file: string
}

function metricsPage(): string {
  const found = sourceFiles().flatMap(declaredMetrics)
  found.sort((a, b) => (a.name < b.name ? -1 : 1))
  return page(
    'Metrics',
    `Served at \`/metrics\` of the HTTPS listener in Prometheus' text format. Besides these there are the \`process_…\` and
\`nodejs_…\` metrics of prom-client: memory, CPU, event-loop delay, garbage collection, open files.`,
    table(
      ['metric', 'type', 'labels', 'meaning', 'declared in'],
      found.map(({ name, kind, labels, help, file }) => [`\`${name}\``, kind, labels, help, file]),
    ),
  )
}

const DECLARATION = /\b(counter|gauge|histogram)(?:<[^>]*>)?\(\s*\{([^}]*)\}/g

/** As written: a declaration is an object literal of literals, wherever it stands. */
function declaredMetrics(file: string): Metric[] {
  const text = readProjectFile(file)
  return [...text.matchAll(DECLARATION)].flatMap(([, kind = '', body = '']) => {
    const field = (name: string) =>
      new RegExp(`\\b${name}:\\s*(?:'((?:[^'\\\\]|\\\\.)*)'|"([^"]*)")`).exec(body)
    const name = field('name')?.[1]
    const help = field('help')
    if (!name) return []
    if (!help) throw new Error(`${file}: ${name} has no help that can be read`)
    const labels = /labels:\s*\[([^\]]*)\]/.exec(body)?.[1] ?? ''
    const plain = (help[1] ?? help[2] ?? '').replace(/\\'/g, "'")
    return [{ name, kind, labels: labels.replace(/'/g, '').trim(), help: plain, file }]
  })
}

function sourceFiles(): string[] {
  return filesUnder('src', '.ts').filter((name) => name !== 'src/util/metrics.ts')
}

if (import.meta.main) {
  for (const [path, text] of generateDocs()) {
    mkdirSync(dirname(join(ROOT, path)), { recursive: true })
    writeFileSync(join(ROOT, path), text)
  }
}
