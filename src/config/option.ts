/**
 * The words in which `schema.ts` declares options. Each answers a TypeBox schema of what the program
 * gets (`Static` is its type) that carries, for the reader, the documents and forms, how an operator
 * writes it.
 */
import { resolve } from 'node:path'
import Type, { type TSchema, type TUnsafe } from 'typebox'
import {
  formatDuration,
  formatSize,
  type ListenAddress,
  type Parsed,
  parseAccount,
  parseAddress,
  parseBoolean,
  parseDatabaseUrl,
  parseDomain,
  parseDuration,
  parseHost,
  parseHttpsUrl,
  parseInteger,
  parseList,
  parseMechanism,
  parseMediaRange,
  parseName,
  parseNameServer,
  parseNetwork,
  parseOrigin,
  parsePattern,
  parsePeer,
  parseSipToken,
  parseSize,
  parseSourceClass,
  parseText,
  parseUri,
  parseUrlPath,
  parseWebUrl,
  type Raw,
  SASL_MECHANISMS,
} from './values.ts'

export interface OptionRecord<T = unknown> {
  readonly description: string
  /** What the program takes where nobody says anything; `undefined` where that is nothing. */
  readonly default: Raw | undefined
  /** Another default for `--demo`. */
  readonly demo?: Raw
  /** Never shown, and may come from a file that `HELIOGRAPH_…_FILE` names. */
  readonly secret?: boolean
  /** What to write, for the complaint and the reference: "a duration such as 30s". */
  readonly expects: string
  /** A relative path starts from `directory`: that of whoever says it. */
  read(raw: Raw, directory: string): Parsed<T>
  /** Options of each item, where this is a list of things that have some. */
  readonly fields?: Readonly<Record<string, OptionRecord>>
  /** What is wrong within a value, where there is more to say than what is expected. */
  problem?(raw: Raw, directory: string): string | undefined
}

export type Option<T> = TUnsafe<T> & { readonly option: OptionRecord<T> }

interface Notes<D = Raw> {
  default: D
  doc: string
  demo?: D
}

interface Bounds {
  min?: number
  max?: number
}

/** An option's record, where `schema` is one. */
export function optionOf(schema: TSchema): OptionRecord | undefined {
  return isOption(schema) ? schema.option : undefined
}

function isOption(schema: TSchema): schema is Option<unknown> {
  return 'option' in schema
}

export function define<T>(json: TSchema, option: OptionRecord<T>): Option<T> {
  const { description, default: byDefault } = option
  const schema = Type.Unsafe<T>({
    ...json,
    description,
    ...(byDefault !== undefined && { default: byDefault }),
    ...(option.secret && { writeOnly: true }),
  })
  return Object.assign(schema, { option })
}

function record({ default: byDefault, doc, demo }: Notes) {
  return { description: doc, default: byDefault, ...(demo !== undefined && { demo }) }
}

/** Where a listener binds, `undefined` where it is off. */
export function address(notes: Notes<string>): Option<ListenAddress | undefined> {
  const expects = 'ADDRESS:PORT or off'
  return define({ type: 'string' }, { ...record(notes), expects, read: parseAddress })
}

/** Milliseconds. */
export function duration(notes: Notes<string> & { min?: string; max?: string }): Option<number> {
  const bounds = { ...limit('min', notes.min), ...limit('max', notes.max) }
  const expects = `a duration such as 30s, 5m or 2 days${within(bounds, formatDuration)}`
  return define(
    { type: ['string', 'integer'] },
    { ...record(notes), expects, read: bounded(parseDuration, bounds) },
  )
}

/** Milliseconds; what it is without one is said elsewhere. */
export function optionalDuration(
  notes: { doc: string } & { min?: string; max?: string },
): Option<number | undefined> {
  const { doc, min, max } = notes
  const bounds = { ...limit('min', min), ...limit('max', max) }
  const expects = `a duration such as 30s, 5m or 2 days${within(bounds, formatDuration)}`
  return define(
    { type: ['string', 'integer'] },
    { description: doc, default: undefined, expects, read: bounded(parseDuration, bounds) },
  )
}

function limit(name: 'min' | 'max', text: string | undefined): Bounds {
  const parsed = text === undefined ? undefined : parseDuration(text)
  return parsed ? { [name]: parsed.value } : {}
}

/** Bytes. */
export function size(notes: Notes<string> & Bounds): Option<number> {
  const expects = `a size such as 64 KB or 1 MB${within(notes, formatSize)}`
  return define(
    { type: ['string', 'integer'] },
    { ...record(notes), expects, read: bounded(parseSize, notes) },
  )
}

export function integer(notes: Notes<number> & Bounds): Option<number> {
  const { min, max } = notes
  const json = {
    type: 'integer',
    ...(min !== undefined && { minimum: min }),
    ...(max !== undefined && { maximum: max }),
  }
  const expects = `a whole number${within(notes, String)}`
  return define(json, { ...record(notes), expects, read: bounded(parseInteger, notes) })
}

export function boolean(notes: Notes<boolean>): Option<boolean> {
  return define(
    { type: 'boolean' },
    { ...record(notes), expects: 'true or false', read: parseBoolean },
  )
}

export function choice<const C extends string>(
  choices: readonly C[],
  notes: Notes<NoInfer<C>>,
): Option<C> {
  // YAML's false is what an operator who writes `off` may mean.
  const read = (raw: Raw): Parsed<C> => {
    const value = choices.find((each) => each === (raw === false ? 'off' : raw))
    return value === undefined ? undefined : { value }
  }
  const expects = `one of ${choices.join(', ')}`
  return define({ type: 'string', enum: [...choices] }, { ...record(notes), expects, read })
}

/** A text that may be absent. */
export function optionalText({ doc, secret }: { doc: string; secret?: boolean }) {
  return define<string | undefined>(
    { type: 'string' },
    {
      description: doc,
      default: undefined,
      ...(secret && { secret }),
      expects: 'a text',
      read: parseText,
    },
  )
}

/** An absolute path. One in a configuration file is relative to that file, others to the working directory. */
export function path(notes: Notes<string>): Option<string> {
  return define({ type: 'string' }, { ...record(notes), expects: 'a path', read: parsePath })
}

export function optionalPath({ doc }: { doc: string }): Option<string | undefined> {
  return define(
    { type: 'string' },
    { description: doc, default: undefined, expects: 'a path', read: parsePath },
  )
}

function parsePath(raw: Raw, directory: string): Parsed<string> {
  const parsed = parseText(raw)
  return parsed && { value: resolve(directory, parsed.value) }
}

export function optionalHost({ doc }: { doc: string }): Option<string | undefined> {
  const expects = 'an IP address or a host name'
  return define(
    { type: 'string' },
    { description: doc, default: undefined, expects, read: parseHost },
  )
}

/** In a list of things: it has no default. */
export function requiredHost({ doc }: { doc: string }): Option<string> {
  const expects = 'an IP address or a host name'
  return define(
    { type: 'string' },
    { description: doc, default: undefined, expects, read: parseHost },
  )
}

export function optionalHttpsUrl({ doc }: { doc: string }): Option<string | undefined> {
  const expects = 'a URL such as https://chat.example.org'
  return define(
    { type: 'string' },
    { description: doc, default: undefined, expects, read: parseHttpsUrl },
  )
}

export function databaseUrl(notes: Notes<string>): Option<string> {
  const expects = 'sqlite:PATH or postgres://USER:PASSWORD@HOST/DATABASE'
  return define(
    { type: 'string' },
    { ...record(notes), secret: true, expects, read: parseDatabaseUrl },
  )
}

const ITEMS = {
  account: { read: parseAccount, expects: 'addresses of users' },
  domain: { read: parseDomain, expects: 'domain names' },
  peer: {
    read: parsePeer,
    expects: 'IP addresses, networks such as 10.0.0.0/8, or names of certificates',
  },
  class: { read: parseSourceClass, expects: 'names in lower case, such as door-badge' },
  network: { read: parseNetwork, expects: 'IP addresses, or networks such as 10.0.0.0/8' },
  sipToken: { read: parseSipToken, expects: 'SIP methods such as INVITE' },
  pattern: { read: parsePattern, expects: 'patterns such as *.example.com' },
  name: { read: parseName, expects: 'names of letters, digits, dots, hyphens and underscores' },
  nameServer: { read: parseNameServer, expects: 'name servers as ADDRESS or ADDRESS:PORT' },
  origin: { read: parseOrigin, expects: 'origins such as https://chat.example.org, or *' },
  urlPath: { read: parseUrlPath, expects: 'paths such as /http-bind' },
  mediaType: { read: parseMediaRange, expects: 'types such as image/png or image/*' },
  uri: { read: parseUri, expects: 'URIs such as mailto:help@example.com or xmpp:help@example.com' },
  webUrl: { read: parseWebUrl, expects: 'URLs such as https://status.example.com/xmpp.json' },
  mechanism: { read: parseMechanism, expects: `SASL mechanisms (${SASL_MECHANISMS.join(', ')})` },
} as const

export function list(
  kind: keyof typeof ITEMS,
  notes: Notes<readonly string[]> & Bounds,
): Option<readonly string[]> {
  const { read: item, expects } = ITEMS[kind]
  const read = (raw: Raw) => {
    const parsed = parseList(raw, item)
    const length = parsed?.value.length ?? 0
    return length >= (notes.min ?? 0) && length <= (notes.max ?? Infinity) ? parsed : undefined
  }
  return define(
    { type: 'array', items: { type: 'string' } },
    { ...record(notes), expects: `a list of ${expects}${listBounds(notes)}`, read },
  )
}

function listBounds({ min, max }: Bounds): string {
  return `${min ? ', not empty' : ''}${max === undefined ? '' : `, ${max} at most`}`
}

function bounded(read: (raw: Raw) => Parsed<number>, { min, max }: Bounds) {
  return (raw: Raw): Parsed<number> => {
    const parsed = read(raw)
    if (!parsed || parsed.value < (min ?? -Infinity)) return undefined
    return parsed.value > (max ?? Infinity) ? undefined : parsed
  }
}

function within({ min, max }: Bounds, format: (value: number) => string): string {
  if (min !== undefined && max !== undefined) return ` from ${format(min)} to ${format(max)}`
  if (min !== undefined) return ` of at least ${format(min)}`
  return max === undefined ? '' : ` of at most ${format(max)}`
}
