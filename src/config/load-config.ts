/**
 * Puts the configuration together: defaults, then the file, then the environment, then flags; the
 * later one wins. The first problem ends it, as an `OperatorError` of one line.
 */
import type { TObject, TSchema } from 'typebox'
import { OperatorError } from '../util/operator-error.ts'
import { checkTogether, databaseIn } from './checks.ts'
import { parseCommandLine, USAGE } from './command-line.ts'
import { nearest } from './nearest.ts'
import { type OptionRecord, optionOf } from './option.ts'
import { type Config, configSchema } from './schema.ts'
import { readConfigFile, readEnvironment, type Statement, variableName } from './sources.ts'
import type { Raw } from './values.ts'

export interface NamedOption extends OptionRecord {
  readonly name: string
}

export type Loaded =
  | { readonly kind: 'config'; readonly config: Config }
  | { readonly kind: 'help'; readonly text: string }
  | { readonly kind: 'version' }

/** Throws `OperatorError`: `CFG_USAGE`, `CFG_UNREADABLE`, `CFG_SYNTAX`, `CFG_UNKNOWN_OPTION`, `CFG_BAD_VALUE`. */
export function loadConfig(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  cwd = process.cwd(),
): Loaded {
  const flags = parseCommandLine(args, cwd)
  if (flags.help) return { kind: 'help', text: USAGE }
  if (flags.version) return { kind: 'version' }
  const file = flags.file ?? env.HELIOGRAPH_CONFIG
  const statements = [
    ...(file === undefined ? [] : readConfigFile(file, cwd)),
    ...readEnvironment(
      env,
      OPTIONS.map(({ name, secret = false }) => ({ name, secret })),
      cwd,
    ),
    ...flags.statements,
  ]
  return { kind: 'config', config: assemble(statements, cwd) }
}

/** Every option there is, in the order of the schema. */
export const OPTIONS: readonly NamedOption[] = [...options(configSchema, '')]
const BY_NAME = new Map(OPTIONS.map((option) => [option.name, option]))

function* options(schema: TObject, prefix: string): Iterable<NamedOption> {
  for (const [key, property] of Object.entries(schema.properties)) {
    const option = optionOf(property)
    if (option) yield { ...option, name: prefix + key }
    else if (isSection(property)) yield* options(property, `${prefix}${key}.`)
  }
}

function isSection(schema: TSchema): schema is TObject {
  return 'properties' in schema
}

function assemble(statements: readonly Statement[], cwd: string): Config {
  const values = new Map<string, unknown>()
  for (const statement of statements) {
    const option = BY_NAME.get(statement.name) ?? unknown(statement)
    values.set(option.name, readValue(option, statement))
  }
  const demo = values.get('demo') === true
  for (const option of OPTIONS) {
    if (!values.has(option.name)) values.set(option.name, defaultOf(option, demo, cwd))
  }
  values.set(
    'database.url',
    databaseIn(String(values.get('data')), String(values.get('database.url'))),
  )
  const config = parseConfig(values)
  checkTogether(config)
  return config
}

function readValue(option: NamedOption, { raw, origin, directory }: Statement): unknown {
  const parsed = raw === undefined ? undefined : option.read(raw, directory)
  if (parsed) return parsed.value
  const got = option.secret ? '' : `, got ${raw === undefined ? 'something else' : quote(raw)}`
  const problem = raw === undefined ? undefined : option.problem?.(raw, directory)
  throw new OperatorError(
    'CFG_BAD_VALUE',
    `${option.name} (${origin}): ${problem ?? `expected ${option.expects}${got}`}`,
  )
}

function quote(raw: Raw): string {
  const text = JSON.stringify(raw)
  return text.length > 80 ? `${text.slice(0, 80)}…` : text
}

function defaultOf(option: NamedOption, demo: boolean, cwd: string): unknown {
  const raw = (demo ? option.demo : undefined) ?? option.default
  if (raw === undefined) return undefined
  return readValue(option, { name: option.name, raw, origin: 'its default', directory: cwd })
}

function unknown({ name, origin }: Statement): never {
  const isVariable = name.startsWith('HELIOGRAPH_')
  const known = isVariable
    ? OPTIONS.map((option) => variableName(option.name))
    : OPTIONS.map((option) => option.name)
  const near = nearest(name, known)
  const hint = near === undefined ? '' : `; did you mean ${near}?`
  const where = isVariable ? 'in the environment' : origin
  throw new OperatorError('CFG_UNKNOWN_OPTION', `unknown option ${name} (${where})${hint}`)
}

/** The values as one frozen tree. Its type follows from each option having read its own. */
function parseConfig(values: ReadonlyMap<string, unknown>): Config {
  const build = (schema: TObject, prefix: string): unknown => {
    const entries = Object.entries(schema.properties).map(([key, property]) => {
      const value = isSection(property)
        ? build(property, `${prefix}${key}.`)
        : values.get(prefix + key)
      return [key, Array.isArray(value) ? Object.freeze(value) : value] as const
    })
    return Object.freeze(Object.fromEntries(entries))
  }
  return build(configSchema, '') as Config
}
