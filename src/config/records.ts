/** Options that are lists of things with options of their own, such as `listeners`. */
import type { Static } from 'typebox'
import { nearest } from './nearest.ts'
import { define, type Option, type OptionRecord } from './option.ts'
import type { Parsed, Raw, RawRecord } from './values.ts'

type Fields = Readonly<Record<string, Option<unknown>>>
type Item<F extends Fields> = { readonly [K in keyof F]: Static<F[K]> }

interface Notes<F extends Fields> {
  doc: string
  /** What an item is called. */
  item: string
  max: number
  /** Options that have no default, and must be given. */
  required: readonly (keyof F & string)[]
}

/** In the environment and after `--set` the list is written in JSON. */
export function records<F extends Fields>(
  fields: F,
  { doc, item, max, required }: Notes<F>,
): Option<readonly Item<F>[]> {
  const options = Object.fromEntries(
    Object.entries(fields).map(([name, { option }]) => [name, option]),
  )
  const reader = new Reader({ options, item, max, required })
  return define(
    { type: 'array', items: { type: 'object' } },
    {
      description: doc,
      default: [],
      secret: Object.values(options).some(({ secret }) => secret === true),
      expects: `a list of ${item}s, ${max} at most`,
      fields: options,
      read: (raw, directory) => reader.read(raw, directory) as Parsed<readonly Item<F>[]>,
      problem: (raw, directory) => reader.problem(raw, directory),
    },
  )
}

interface Shape {
  readonly options: Readonly<Record<string, OptionRecord>>
  readonly item: string
  readonly max: number
  readonly required: readonly string[]
}

/** What is said of the first thing that is wrong. */
class Problem extends Error {}

class Reader {
  readonly #shape: Shape

  constructor(shape: Shape) {
    this.#shape = shape
  }

  read(raw: Raw, directory: string): Parsed<readonly unknown[]> {
    try {
      return this.#list(raw, directory)
    } catch (error) {
      if (error instanceof Problem) return undefined
      throw error
    }
  }

  problem(raw: Raw, directory: string): string | undefined {
    try {
      this.#list(raw, directory)
      return undefined
    } catch (error) {
      if (error instanceof Problem) return error.message
      throw error
    }
  }

  #list(raw: Raw, directory: string): Parsed<readonly unknown[]> {
    const items = typeof raw === 'string' ? fromJson(raw) : raw
    if (!isList(items) || items.length > this.#shape.max) return undefined
    return { value: items.map((item, at) => this.#item(item, at + 1, directory)) }
  }

  #item(raw: Raw, number: number, directory: string): unknown {
    const { item, options, required } = this.#shape
    const where = `${item} ${number}`
    if (!isRecord(raw)) throw new Problem(`${where}: expected options as "name: value"`)
    for (const name of Object.keys(raw)) {
      if (Object.hasOwn(options, name)) continue
      const near = nearest(name, Object.keys(options))
      const hint = near === undefined ? '' : `; did you mean ${near}?`
      throw new Problem(`${where}: unknown option ${name}${hint}`)
    }
    for (const name of required) {
      if (raw[name] === undefined) throw new Problem(`${where}: ${name} is missing`)
    }
    const values = Object.entries(options).map(([name, option]) => {
      const given = raw[name] ?? option.default
      if (given === undefined) return [name, undefined]
      const parsed = option.read(given, directory)
      if (!parsed) throw new Problem(`${where}: ${name}: expected ${option.expects}`)
      return [name, parsed.value]
    })
    return Object.freeze(Object.fromEntries(values))
  }
}

function fromJson(text: string): Raw | undefined {
  try {
    return JSON.parse(text) as Raw
  } catch {
    return undefined
  }
}

function isList(raw: Raw | undefined): raw is readonly Raw[] {
  return Array.isArray(raw)
}

function isRecord(raw: Raw): raw is RawRecord {
  return typeof raw === 'object' && raw !== null && !isList(raw)
}
