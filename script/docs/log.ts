/** docs/reference/log.md: every `what` that the source logs, with its level. */
import { filesUnder, page, readProjectFile, table } from './markdown.ts'

const RECORD = /\b(?:log|this\.#log)\.(trace|debug|info|warn|error|fatal)\(\s*\{([^}]*)/g
const WHAT = /\bwhat: '([a-z0-9_]+)'/g
const FIELD = /(?:^|,|\.\.\.)\s*([A-Za-z]+)\s*(?=[,:]|$)/g

interface LogRecord {
  readonly what: string
  readonly level: string
  readonly fields: string
  readonly file: string
}

export function logPage(): string {
  const files = filesUnder('src', '.ts').filter((name) => name !== 'src/util/log.ts')
  const records = files.flatMap(recordsOf)
  records.sort((a, b) => (a.what < b.what ? -1 : 1))
  return page(
    'Log',
    `One JSON object a line, on standard error. Every record has \`level\`, \`time\` (ISO 8601, UTC) and \`what\`; \`err\` is an
error with its stack. \`error\` and \`fatal\` are faults of the program or of what it stands on; \`warn\` is what an
operator should know; \`info\` is the life of the server. Passwords, tokens and keys are never written.`,
    table(
      ['what', 'level', 'other fields', 'logged in'],
      records.map(({ what, level, fields, file }) => [`\`${what}\``, level, fields, file]),
    ),
  )
}

/** A record whose level or fields are computed has none here. */
function recordsOf(file: string): LogRecord[] {
  const text = readProjectFile(file)
  const calls = [...text.matchAll(RECORD)].map(([, level = '', body = '']) => ({ level, body }))
  const names = [...new Set([...text.matchAll(WHAT)].map(([, what = '']) => what))]
  return names.map((what) => {
    const found = calls.filter(({ body }) => body.includes(`what: '${what}'`))
    const fields = new Set(found.flatMap(({ body }) => fieldsOf(body)))
    const levels = new Set(found.map(({ level }) => level))
    return { what, file, level: [...levels].join(', '), fields: [...fields].join(', ') }
  })
}

function fieldsOf(body: string): string[] {
  return [...body.matchAll(FIELD)].map(([, name = '']) => name).filter((name) => name !== 'what')
}
