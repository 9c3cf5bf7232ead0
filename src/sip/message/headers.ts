/** The header fields of one message, in order. Values stay as they came; `values.ts` reads what they mean. */
import { splitList } from './grammar.ts'
import { type HeaderName, headerName } from './header-names.ts'

export type HeaderEntry = readonly [name: string, value: string]

interface Field {
  readonly header: HeaderName
  readonly value: string
}

const LINE_BREAKS = /[\r\n]+[ \t]*/g

/** Names are matched in any case and in their compact form (RFC 3261 §7.3.1, §7.3.3), and sent in their usual form. */
export class SipHeaders {
  #fields: Field[] = []

  constructor(entries: Iterable<HeaderEntry> = []) {
    for (const [name, value] of entries) this.append(name, value)
  }

  /** The first field's value as it stands, also where that is a list. */
  get(name: string): string | undefined {
    const { key } = headerName(name)
    for (const { header, value } of this.#fields) if (header.key === key) return value
    return undefined
  }

  /** Every value in order: fields that are lists (Via, Contact, Route, Supported …) are split at their commas. */
  getAll(name: string): string[] {
    const { key, list } = headerName(name)
    const values: string[] = []
    for (const { header, value } of this.#fields) {
      if (header.key !== key) continue
      if (list) values.push(...splitList(value))
      else values.push(value)
    }
    return values
  }

  /** Every field's value as it stands, not split. */
  getRaw(name: string): string[] {
    const { key } = headerName(name)
    return this.#fields.flatMap(({ header, value }) => (header.key === key ? [value] : []))
  }

  has(name: string): boolean {
    return this.get(name) !== undefined
  }

  /** Puts these in the place of every field of this name: where the first stood, or at the end. */
  set(name: string, ...values: readonly string[]): this {
    const header = headerName(name)
    const at = this.#fields.findIndex((field) => field.header.key === header.key)
    const fresh = values.map((value) => ({ header, value: oneLine(value) }))
    if (at < 0) {
      this.#fields.push(...fresh)
      return this
    }
    const rest = this.#fields.slice(at).filter((field) => field.header.key !== header.key)
    this.#fields.splice(at, this.#fields.length - at, ...fresh, ...rest)
    return this
  }

  append(name: string, value: string): this {
    this.#fields.push({ header: headerName(name), value: oneLine(value) })
    return this
  }

  /** As the first field of all: a new Via or Record-Route stands above the others (§16.6). */
  prepend(name: string, value: string): this {
    this.#fields.unshift({ header: headerName(name), value: oneLine(value) })
    return this
  }

  remove(name: string): this {
    const { key } = headerName(name)
    this.#fields = this.#fields.filter(({ header }) => header.key !== key)
    return this
  }

  /** Takes the first value away, and the field with it if that was its only one. Answers the value. */
  removeFirst(name: string): string | undefined {
    const [first, ...others] = this.getAll(name)
    if (first === undefined) return undefined
    this.set(name, ...others)
    return first
  }

  /** The name of a header field that must be alone and is not; `undefined` where all is well. */
  repeated(): string | undefined {
    const seen = new Set<HeaderName>()
    for (const { header } of this.#fields) {
      if (!header.once) continue
      if (seen.has(header)) return header.name
      seen.add(header)
    }
    return undefined
  }

  *entries(): IterableIterator<HeaderEntry> {
    for (const { header, value } of this.#fields) yield [header.name, value]
  }

  [Symbol.iterator](): IterableIterator<HeaderEntry> {
    return this.entries()
  }

  get size(): number {
    return this.#fields.length
  }

  clone(): SipHeaders {
    const copy = new SipHeaders()
    copy.#fields = [...this.#fields]
    return copy
  }

  /** For the parser, whose values have no line breaks: takes a name that is looked up already. */
  static push(headers: SipHeaders, header: HeaderName, value: string): void {
    headers.#fields.push({ header, value })
  }

  /** For the serializer: `Name: value` lines, each with its CRLF, without Content-Length. */
  static lines(headers: SipHeaders): string {
    let text = ''
    for (const { header, value } of headers.#fields) {
      if (header.key !== 'content-length') text += `${header.name}: ${value}\r\n`
    }
    return text
  }
}

/** What a user wrote must not begin a header field of its own. */
function oneLine(value: string): string {
  return value.includes('\n') || value.includes('\r') ? value.replace(LINE_BREAKS, ' ') : value
}
