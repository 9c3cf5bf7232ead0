/** Comma-separated values (RFC 4180), in pieces of any size, with line numbers for error messages. */

export interface CsvRecord {
  /** The line on which the record starts, from 1. */
  readonly line: number
  readonly fields: readonly string[]
  readonly problem: CsvProblem | undefined
}

/** A record that cannot be read does not spoil those after it. */
export type CsvProblem = 'BAD_QUOTES' | 'RECORD_TOO_LONG'

const DEFAULT_MAX_CHARS = 16_384

export class CsvParser {
  readonly #maxChars: number
  #line = 1
  #recordLine = 1
  #fields: string[] = []
  #field = ''
  #chars = 0
  #problem: CsvProblem | undefined
  #state: 'start' | 'plain' | 'quoted' | 'quote' = 'start'
  #afterReturn = false
  #any = false

  /** `maxChars` bounds one record, and so the memory that an unclosed quote can take. */
  constructor(maxChars = DEFAULT_MAX_CHARS) {
    this.#maxChars = maxChars
  }

  /** The line that the next character is on. */
  get line(): number {
    return this.#line
  }

  *push(text: string): Iterable<CsvRecord> {
    for (const char of text) {
      const record = this.#next(char)
      if (record) yield record
    }
  }

  /** The last record, where the file does not end with a line break. */
  end(): CsvRecord | undefined {
    if (this.#state === 'quoted') this.#problem ??= 'BAD_QUOTES'
    return this.#any ? this.#finish() : undefined
  }

  #next(char: string): CsvRecord | undefined {
    const isSecondHalf = char === '\n' && this.#afterReturn
    this.#afterReturn = char === '\r'
    if (isSecondHalf) {
      if (this.#state === 'quoted') this.#append(char)
      return undefined
    }
    const isBreak = char === '\n' || char === '\r'
    if (isBreak) this.#line += 1
    if (this.#state === 'quoted') {
      if (char === '"') this.#state = 'quote'
      else this.#append(char)
      // What follows a quote that was never closed is not lost with it.
      return isBreak && this.#problem ? this.#finish() : undefined
    }
    if (isBreak) return this.#any ? this.#finish() : this.#skipBlank()
    this.#any = true
    this.#unquoted(char)
    return undefined
  }

  #unquoted(char: string): void {
    if (char === ',') this.#endField()
    else if (char !== '"') {
      if (this.#state === 'quote') this.#problem ??= 'BAD_QUOTES'
      this.#state = 'plain'
      this.#append(char)
    } else if (this.#state === 'plain') {
      this.#problem ??= 'BAD_QUOTES'
    } else {
      if (this.#state === 'quote') this.#append('"')
      this.#state = 'quoted'
    }
  }

  #append(char: string): void {
    this.#chars += char.length
    if (this.#chars > this.#maxChars) {
      this.#problem = 'RECORD_TOO_LONG'
      this.#field = ''
    } else this.#field += char
  }

  #endField(): void {
    this.#chars += 1
    if (this.#chars > this.#maxChars) this.#problem = 'RECORD_TOO_LONG'
    else this.#fields.push(this.#field)
    this.#field = ''
    this.#state = 'start'
  }

  #finish(): CsvRecord {
    this.#endField()
    const record = { line: this.#recordLine, fields: this.#fields, problem: this.#problem }
    this.#fields = []
    this.#chars = 0
    this.#problem = undefined
    this.#any = false
    this.#recordLine = this.#line
    return record
  }

  #skipBlank(): undefined {
    this.#recordLine = this.#line
    return undefined
  }
}
