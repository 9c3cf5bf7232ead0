/** The header fields of one message, in order. Values stay as they came; `values.ts` reads what they mean. */
import { splitList } from './grammar.ts'
import { type HeaderName, headerName } from './header-names.ts'

export type HeaderEntry = readonly [name: string, value: string]

const LINE_BREAKS = /[\r\n]+[ \t]*/g

/** Names are matched in any case and in their compact form (RFC 3261 §7.3.1, §7.3.3), and sent in their usual form. */
export class SipHeaders {
  /** The n-th value is that of the n-th name: a list of pairs would be one object more for each. */
  #names: HeaderName[] = []
  #values: string[] = []

  constructor(entries?: Iterable<HeaderEntry>) {
    if (entries) for (const [name, value] of entries) this.append(name, value)
  }

  /** The first field's value as it stands, also where that is a list. */
  get(name: string): string | undefined {
    return this.#values[this.#find(headerName(name), 0)]
  }

  /** Every value in order: fields that are lists (Via, Contact, Route, Supported …) are split at their commas. */
  getAll(name: string): string[] {
    const raw = this.getRaw(name)
    return raw.length > 0 && headerName(name).list ? raw.flatMap(splitList) : raw
  }

  /** Every field's value as it stands, not split. */
  getRaw(name: string): string[] {
    const header = headerName(name)
    const found: string[] = []
    for (let at = this.#find(header, 0); at >= 0; at = this.#find(header, at + 1)) {
      found.push(this.#values[at] ?? '')
    }
    return found
  }

  /** Fields of this name. */
  count(name: string): number {
    const header = headerName(name)
    let count = 0
    for (let at = this.#find(header, 0); at >= 0; at = this.#find(header, at + 1)) count += 1
    return count
  }

  has(name: string): boolean {
    return this.#find(headerName(name), 0) >= 0
  }

  /** Puts these in the place of every field of this name: where the first stood, or at the end. */
  set(name: string, ...values: readonly string[]): this {
    const header = headerName(name)
    const first = this.#find(header, 0)
    const [only] = values
    if (first < 0) {
      for (const value of values) this.append(name, value)
    } else if (only !== undefined && values.length === 1 && this.#find(header, first + 1) < 0) {
      this.#values[first] = oneLine(only)
    } else {
      this.remove(name)
      this.#names.splice(first, 0, ...values.map(() => header))
      this.#values.splice(first, 0, ...values.map(oneLine))
    }
    return this
  }

  /** Puts it in the place of the first field of this name, which there must be. */
  setFirst(name: string, value: string): this {
    this.#values[this.#find(headerName(name), 0)] = oneLine(value)
    return this
  }

  append(name: string, value: string): this {
    this.#names.push(headerName(name))
    this.#values.push(oneLine(value))
    return this
  }

  /** As the first field of all: a new Via or Record-Route stands above the others (§16.6). */
  prepend(name: string, value: string): this {
    this.#names.unshift(headerName(name))
    this.#values.unshift(oneLine(value))
    return this
  }

  remove(name: string): this {
    const { key } = headerName(name)
    const names = this.#names
    this.#names = names.filter((header) => header.key !== key)
    this.#values = this.#values.filter((_, at) => names[at]?.key !== key)
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
    let seen = 0
    for (const { once, name } of this.#names) {
      if ((seen & once) !== 0) return name
      seen |= once
    }
    return undefined
  }

  *entries(): IterableIterator<HeaderEntry> {
    for (const [at, { name }] of this.#names.entries()) yield [name, this.#values[at] ?? '']
  }

  [Symbol.iterator](): IterableIterator<HeaderEntry> {
    return this.entries()
  }

  get size(): number {
    return this.#names.length
  }

  clone(): SipHeaders {
    const copy = new SipHeaders()
    copy.#names = this.#names.slice()
    copy.#values = this.#values.slice()
    return copy
  }

  /** -1 where there is none from there on. */
  #find({ key }: HeaderName, from: number): number {
    const names = this.#names
    for (let at = from; at < names.length; at += 1) if (names[at]?.key === key) return at
    return -1
  }

  /** For the parser, whose values have no line breaks: takes a name that is looked up already. */
  static push(headers: SipHeaders, header: HeaderName, value: string): void {
    headers.#names.push(header)
    headers.#values.push(value)
  }

  /** For the serializer: `Name: value` lines, each with its CRLF, without Content-Length. */
  static lines(headers: SipHeaders): string {
    const names = headers.#names
    const values = headers.#values
    let text = ''
    for (let at = 0; at < names.length; at += 1) {
      const header = names[at]
      if (header && header.key !== 'content-length') text += `${header.name}: ${values[at]}\r\n`
    }
    return text
  }
}

/** What a user wrote must not begin a header field of its own. */
function oneLine(value: string): string {
  return value.includes('\n') || value.includes('\r') ? value.replace(LINE_BREAKS, ' ') : value
}
