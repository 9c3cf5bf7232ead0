/** Where values come from: the YAML file and the environment, flattened to `path.to.option`. */
import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import {
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type ParsedNode,
  parseDocument,
  type YAMLMap,
} from 'yaml'
import { OperatorError } from '../util/operator-error.ts'
import type { Raw, RawRecord } from './values.ts'

/** One thing that somebody said about an option. */
export interface Statement {
  readonly name: string
  /** `undefined` where the file holds something that is no value at all, such as a section. */
  readonly raw: Raw | undefined
  /** For the complaint: "in heliograph.yaml, line 3". */
  readonly origin: string
  /** What its relative paths start from. */
  readonly directory: string
}

/** Throws `CFG_UNREADABLE` and `CFG_SYNTAX`. */
export function readConfigFile(file: string, cwd: string): Statement[] {
  const path = resolve(cwd, file)
  const lines = new LineCounter()
  const document = parseDocument(readTextFile(path, `configuration file ${file}`), {
    lineCounter: lines,
    prettyErrors: false,
  })
  const problem = document.errors[0]
  if (problem) {
    const { line } = lines.linePos(problem.pos[0])
    throw new OperatorError('CFG_SYNTAX', `${file}, line ${line}: ${firstLine(problem.message)}`)
  }
  const statements: Statement[] = []
  const root = document.contents
  if (root === null || (isScalar(root) && root.value === null)) return statements
  if (!isMap(root)) {
    throw new OperatorError('CFG_SYNTAX', `${file}, line 1: expected options as "name: value"`)
  }
  const at = (node: ParsedNode) => `in ${file}, line ${lines.linePos(node.range[0]).line}`
  flatten(root, '', (name, node, key) => {
    statements.push({ name, raw: rawOf(node), origin: at(key), directory: dirname(path) })
  })
  return statements
}

/** Throws `CFG_UNREADABLE`, naming the file and why. */
export function readTextFile(path: string, what: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new OperatorError('CFG_UNREADABLE', `${what} cannot be read: ${reason(error)}`, {
      cause: error,
    })
  }
}

type Visit = (name: string, value: ParsedNode | null, key: ParsedNode) => void

function flatten(node: ParsedNode | null, prefix: string, visit: Visit): void {
  if (!isMap(node)) return
  for (const { key, value } of node.items) {
    const name = prefix + (isScalar(key) ? String(key.value) : key.toString())
    if (isMap(value)) flatten(value, `${name}.`, visit)
    else visit(name, value, key)
  }
}

function rawOf(node: ParsedNode | null): Raw | undefined {
  if (isScalar(node)) {
    const { value } = node
    return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
      ? value
      : undefined
  }
  if (isMap(node)) return recordOf(node)
  if (!isSeq(node)) return undefined
  const items: Raw[] = []
  for (const item of node.items) {
    const raw = rawOf(item)
    if (raw === undefined) return undefined
    items.push(raw)
  }
  return items
}

function recordOf(node: YAMLMap<ParsedNode, ParsedNode | null>): RawRecord | undefined {
  const entries: [string, Raw][] = []
  for (const { key, value } of node.items) {
    const raw = rawOf(value)
    if (!isScalar(key) || raw === undefined) return undefined
    entries.push([String(key.value), raw])
  }
  return Object.fromEntries(entries)
}

const PREFIX = 'HELIOGRAPH_'
/** Read by others: where the configuration file is, and what only tests need. */
const NOT_OPTIONS = /^HELIOGRAPH_(CONFIG$|TEST_)/

/** `listen.xmppTls` → `HELIOGRAPH_LISTEN_XMPP_TLS`. */
export function variableName(option: string): string {
  const words = option.replace(/[A-Z]/g, (letter) => `_${letter}`).replaceAll('.', '_')
  return PREFIX + words.toUpperCase()
}

interface Known {
  readonly name: string
  readonly secret: boolean
}

/** Throws `CFG_UNREADABLE` for a secret's file. Names of unknown variables come out as they are. */
export function readEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  known: readonly Known[],
  cwd: string,
): Statement[] {
  const byVariable = new Map(known.map(({ name }) => [variableName(name), name]))
  const secretFiles = new Map(
    known.filter(({ secret }) => secret).map(({ name }) => [`${variableName(name)}_FILE`, name]),
  )
  const statements: Statement[] = []
  for (const [variable, value] of Object.entries(env)) {
    if (!variable.startsWith(PREFIX) || NOT_OPTIONS.test(variable) || value === undefined) continue
    const origin = `in the environment, ${variable}`
    const secret = secretFiles.get(variable)
    const name = secret ?? byVariable.get(variable) ?? variable
    const raw = secret ? readTextFile(resolve(cwd, value), `${variable}: ${value}`).trim() : value
    statements.push({ name, raw, origin, directory: cwd })
  }
  return statements
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? text
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'it does not exist',
  EACCES: 'permission denied',
  EISDIR: 'it is a directory',
}

export function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  return REASONS[code] ?? firstLine(error.message)
}
