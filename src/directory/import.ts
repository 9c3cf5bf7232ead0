/**
 * Many users from a file of comma-separated values: `address,password,name`.
 * The first line may name the columns, in any order; `password` and `name` may be missing or empty.
 * What one line says is refused or done by itself: the others do not depend on it.
 */
import { CsvParser, type CsvProblem, type CsvRecord } from './csv.ts'
import type { Directory, NewUser } from './directory.ts'
import { DirectoryError, type DirectoryErrorCode } from './errors.ts'
import { requireAccount } from './user.ts'

/** What may be wrong with a line before anybody looks at the user in it. */
export const IMPORT_ERRORS = {
  BAD_QUOTES: 'a quote stands where RFC 4180 does not allow one, or is not closed',
  RECORD_TOO_LONG: 'the record is too long',
  BAD_ENCODING: 'the file is not UTF-8 text from here on',
  BAD_COLUMNS: 'there are more values than columns',
  DUPLICATE: 'the user is in the file more than once',
} as const satisfies Record<CsvProblem, string> & Record<string, string>

export interface ImportOptions {
  /** Checks everything and changes nothing. */
  readonly dryRun?: boolean
  /** Users who exist already: refused (`USER_EXISTS`), or given the file's password and name where it has them. */
  readonly existing?: 'refuse' | 'update'
  readonly signal?: AbortSignal
}

export interface ImportFailure {
  /** From 1; a header is line 1. */
  readonly line: number
  readonly code: DirectoryErrorCode | keyof typeof IMPORT_ERRORS
  readonly reason: string
}

export interface ImportReport {
  added: number
  updated: number
  /** In order of line; the first 1,000. */
  failed: ImportFailure[]
  failedTotal: number
}

type Column = 'address' | 'password' | 'name'

const COLUMNS: readonly Column[] = ['address', 'password', 'name']
/** Lines under way at once: enough to keep the hashing threads busy and the commits shared. */
const CONCURRENCY = 16
const MAX_FAILURES_LISTED = 1_000

/** `source` gives UTF-8 text in pieces of any size, as a file or request body does. Rejects where the database does, or `signal` says so. */
export async function importUsers(
  directory: Directory,
  source: AsyncIterable<Uint8Array | string> | Iterable<Uint8Array | string>,
  options: ImportOptions = {},
): Promise<ImportReport> {
  const work = new ImportRun(directory, options)
  const running = new Set<Promise<void>>()
  const broken: unknown[] = []
  try {
    for await (const record of readRecords(source, work)) {
      options.signal?.throwIfAborted()
      const line = work
        .record(record)
        .catch((error: unknown) => void broken.push(error))
        .finally(() => running.delete(line))
      running.add(line)
      if (running.size >= CONCURRENCY) await Promise.race(running)
      if (broken.length > 0) break
    }
  } finally {
    // Lines are under way until they are done, however the reading of them ended.
    await Promise.all(running)
  }
  if (broken.length > 0) throw broken[0]
  return work.report()
}

async function* readRecords(
  source: AsyncIterable<Uint8Array | string> | Iterable<Uint8Array | string>,
  work: ImportRun,
): AsyncIterable<CsvRecord> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  const parser = new CsvParser()
  try {
    for await (const piece of source) {
      yield* parser.push(
        typeof piece === 'string' ? piece : decoder.decode(piece, { stream: true }),
      )
    }
    yield* parser.push(decoder.decode())
  } catch (error) {
    if (!isEncodingError(error)) throw error
    work.fail(parser.line, 'BAD_ENCODING', IMPORT_ERRORS.BAD_ENCODING)
    return
  }
  const last = parser.end()
  if (last) yield last
}

class ImportRun {
  readonly #directory: Directory
  readonly #dryRun: boolean
  readonly #existing: 'refuse' | 'update'
  readonly #seen = new Set<string>()
  readonly #report: ImportReport = { added: 0, updated: 0, failed: [], failedTotal: 0 }
  #columns: readonly Column[] | undefined

  constructor(directory: Directory, { dryRun = false, existing = 'refuse' }: ImportOptions) {
    this.#directory = directory
    this.#dryRun = dryRun
    this.#existing = existing
  }

  report(): ImportReport {
    this.#report.failed.sort((a, b) => a.line - b.line)
    return this.#report
  }

  /** Rejects only where the database does. */
  async record(record: CsvRecord): Promise<void> {
    const { line, fields, problem } = record
    if (problem) return this.fail(line, problem, IMPORT_ERRORS[problem])
    if (this.#columns === undefined) {
      this.#columns = readHeader(fields)
      if (this.#columns) return
      this.#columns = COLUMNS
    }
    if (fields.length > this.#columns.length) {
      return this.fail(line, 'BAD_COLUMNS', `more than ${this.#columns.length} columns`)
    }
    try {
      await this.#user(line, readUser(this.#columns, fields))
    } catch (error) {
      if (!(error instanceof DirectoryError)) throw error
      this.fail(line, error.code, error.message)
    }
  }

  fail(line: number, code: ImportFailure['code'], reason: string): void {
    this.#report.failedTotal += 1
    if (this.#report.failed.length < MAX_FAILURES_LISTED) {
      this.#report.failed.push({ line, code, reason })
    }
  }

  async #user(line: number, user: NewUser): Promise<void> {
    const account = requireAccount(user.account)
    if (this.#seen.has(account)) {
      return this.fail(line, 'DUPLICATE', `${account} is in the file more than once`)
    }
    this.#seen.add(account)
    if (this.#existing === 'update' && (await this.#directory.exists(account))) {
      return this.#update(user)
    }
    if (this.#dryRun) await this.#directory.checkNewUser(user)
    else await this.#directory.addUser(user)
    this.#report.added += 1
  }

  async #update({ account, password, name }: NewUser): Promise<void> {
    const jid = requireAccount(account)
    this.#directory.checkChanges({ password, name })
    if (!this.#dryRun) {
      await this.#directory.updateUser(jid, { name })
      if (password !== undefined) await this.#directory.setPassword(jid, password)
    }
    this.#report.updated += 1
  }
}

/** The columns in their order, where this is a header and not a user. */
function readHeader(fields: readonly string[]): Column[] | undefined {
  const names = fields.map((field) =>
    field
      .trim()
      .replace(/^\ufeff/, '')
      .toLowerCase(),
  )
  if (!names.includes('address')) return undefined
  const columns = COLUMNS.filter((column) => names.includes(column))
  if (columns.length !== names.length) return undefined
  return columns.sort((a, b) => names.indexOf(a) - names.indexOf(b))
}

function readUser(columns: readonly Column[], fields: readonly string[]): NewUser {
  const value = (column: Column) => {
    const at = columns.indexOf(column)
    return at < 0 ? undefined : fields[at] || undefined
  }
  const account = (value('address') ?? '').replace(/^\ufeff/, '')
  return { account, password: value('password'), name: value('name') }
}

function isEncodingError(error: unknown): boolean {
  return (
    error instanceof TypeError &&
    'code' in error &&
    error.code === 'ERR_ENCODING_INVALID_ENCODED_DATA'
  )
}
