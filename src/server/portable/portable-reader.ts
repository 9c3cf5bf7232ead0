/**
 * Reads a file of XEP-0227 (Portable Import/Export Format) user by user: it cuts the text of each
 * `<user/>` out of the document and parses that, so that memory is bounded by one user, however
 * many there are. A user that cannot be read is told by its line, and the others go on.
 */
import { TextDecoder } from 'node:util'
import { parseDocument } from '../../xml/document.ts'
import type { Element } from '../../xml/element.ts'
import { XmlSyntaxError } from '../../xml/tokenizer.ts'

export const NS_PORTABLE = 'urn:xmpp:pie:0'

export type PortableEntry =
  | { readonly kind: 'user'; readonly line: number; readonly host: string; readonly user: Element }
  /** Something within `host` or beside it that is not a user: to be told, not lost (XEP-0227 §4). */
  | { readonly kind: 'other'; readonly line: number; readonly element: Element }
  | { readonly kind: 'bad'; readonly line: number; readonly reason: string }

/** The document itself is broken: nothing after `line` can be read. */
export class PortableFileError extends Error {
  readonly line: number
  constructor(line: number, reason: string) {
    super(`line ${line}: ${reason}`)
    this.line = line
  }
}

/** For one user, and so for the memory that reading takes. */
const MAX_USER_CHARS = 16 * 1024 * 1024
const MAX_TAG_CHARS = 64 * 1024
const LIMITS = { maxStanzaBytes: 4 * MAX_USER_CHARS, maxDepth: 64, maxAttributes: 64 }

/** Throws `PortableFileError` where the document ends being one; a user who is too large is one `bad`. */
export async function* readPortable(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  maxUserChars = MAX_USER_CHARS,
): AsyncGenerator<PortableEntry> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  const cutter = new Cutter(maxUserChars)
  for await (const piece of source) yield* cutter.push(decode(cutter, decoder, piece))
  yield* cutter.push(decode(cutter, decoder))
  cutter.end()
}

function decode(cutter: Cutter, decoder: TextDecoder, piece?: Uint8Array): string {
  try {
    return piece ? decoder.decode(piece, { stream: true }) : decoder.decode()
  } catch {
    throw new PortableFileError(cutter.line, 'the file is not UTF-8 text')
  }
}

class Cutter {
  readonly #maxUserChars: number
  line = 1
  #rest = ''
  /** Open tags outside of entries, as written: the root, and a host. */
  readonly #open: { text: string; name: string }[] = []
  #entry: { pieces: string[]; size: number; line: number; depth: number } | undefined
  #ended = false

  constructor(maxUserChars: number) {
    this.#maxUserChars = maxUserChars
  }

  *push(text: string): Generator<PortableEntry> {
    const input = this.#rest + text
    let at = 0
    while (at < input.length) {
      const end = endOfToken(input, at)
      if (end === undefined) break
      const entry = this.#token(input.slice(at, end))
      at = end
      if (entry) yield entry
    }
    this.#rest = input.slice(at)
    if (this.#rest.length > MAX_TAG_CHARS)
      throw this.#broken('a tag, comment or section is too long')
  }

  end(): void {
    if (!this.#ended || this.#rest.trim() !== '') throw this.#broken('the document ends early')
  }

  #token(token: string): PortableEntry | undefined {
    const line = this.line
    for (let at = token.indexOf('\n'); at >= 0; at = token.indexOf('\n', at + 1)) this.line += 1
    if (token.startsWith('<!--') || token.startsWith('<?')) return undefined
    // Document type definitions are the way to entity bombs and to other files.
    if (token.startsWith('<!') && !token.startsWith('<![CDATA['))
      throw this.#broken('a DTD is not allowed')
    const isTag = token.startsWith('<') && !token.startsWith('<!')
    const deeper = !isTag ? 0 : token.startsWith('</') ? -1 : token.endsWith('/>') ? 0 : 1
    if (this.#entry) return this.#within(token, deeper)
    if (!isTag) return this.#between(token)
    if (deeper < 0) return this.#close(token)
    return this.#begin(token, deeper, line)
  }

  #begin(token: string, deeper: number, line: number): PortableEntry | undefined {
    if (this.#ended) throw this.#broken('something follows the root')
    const name = nameOf(token)
    const local = name.slice(name.indexOf(':') + 1)
    const depth = this.#open.length
    if (depth === 0 && local !== 'server-data') throw this.#broken('the root is not <server-data/>')
    if (deeper > 0 && (depth === 0 || (depth === 1 && local === 'host'))) {
      this.#open.push({ text: token, name })
      if (depth === 0) this.#checkRoot()
      return undefined
    }
    if (depth === 0) {
      this.#ended = true
      return undefined
    }
    this.#entry = { pieces: [], size: 0, line, depth: 0 }
    return this.#within(token, deeper)
  }

  #within(token: string, deeper: number): PortableEntry | undefined {
    const entry = this.#entry
    if (!entry) return undefined
    entry.depth += deeper
    entry.size += token.length
    if (entry.size <= this.#maxUserChars) entry.pieces.push(token)
    else entry.pieces.length = 0
    if (entry.depth > 0) return undefined
    this.#entry = undefined
    if (entry.size > this.#maxUserChars)
      return { kind: 'bad', line: entry.line, reason: 'too large' }
    return this.#parse(entry.pieces.join(''), entry.line)
  }

  #between(token: string): undefined {
    if (token.startsWith('<!') || token.replace(/^\ufeff/, '').trim() !== '') {
      throw this.#broken('text stands between the users')
    }
  }

  #close(token: string): undefined {
    if (this.#open.pop()?.name !== nameOf(token))
      throw this.#broken('an element is closed by another name')
    if (this.#open.length === 0) this.#ended = true
  }

  /** With the tags around it, which may declare its namespaces. */
  #parse(text: string, line: number): PortableEntry {
    try {
      const root = this.#parseInPlace(text)
      const host = this.#open.length === 2 ? root.elements().next().value : undefined
      const [element] = [...(host ?? root).elements()]
      if (!element) return { kind: 'bad', line, reason: 'empty' }
      if (!host?.is('host', NS_PORTABLE) || !element.is('user', NS_PORTABLE)) {
        return { kind: 'other', line, element }
      }
      return { kind: 'user', line, host: host.attr('jid') ?? '', user: element }
    } catch (error) {
      if (!(error instanceof XmlSyntaxError)) throw error
      return { kind: 'bad', line, reason: error.message }
    }
  }

  #parseInPlace(text: string): Element {
    const before = this.#open.map((tag) => tag.text).join('')
    const after = this.#open.map((tag) => `</${tag.name}>`).reverse()
    return parseDocument(`${before}${text}${after.join('')}`, LIMITS)
  }

  #checkRoot(): void {
    try {
      if (this.#parseInPlace('').ns === NS_PORTABLE) return
    } catch (error) {
      if (!(error instanceof XmlSyntaxError)) throw error
      throw this.#broken(error.message)
    }
    throw this.#broken(`the root is not of ${NS_PORTABLE}`)
  }

  #broken(reason: string): PortableFileError {
    return new PortableFileError(this.line, reason)
  }
}

function nameOf(tag: string): string {
  return /^<\/?([^\s/>]*)/.exec(tag)?.[1] ?? ''
}

/** Of the text, tag, comment or section at `at`; `undefined` where it goes on after `input`. */
function endOfToken(input: string, at: number): number | undefined {
  if (input[at] !== '<') {
    const next = input.indexOf('<', at)
    return next < 0 ? input.length : next
  }
  // Too short to be told from a comment or a section.
  if (input[at + 1] === '!' && input.length - at < 9) return undefined
  if (input.startsWith('<!--', at)) return after(input, '-->', at + 4)
  if (input.startsWith('<![CDATA[', at)) return after(input, ']]>', at + 9)
  if (input.startsWith('<?', at)) return after(input, '?>', at + 2)
  let quote = ''
  for (let end = at + 1; end < input.length; end++) {
    const char = input.charAt(end)
    if (quote !== '') quote = char === quote ? '' : quote
    else if (char === '"' || char === "'") quote = char
    else if (char === '>') return end + 1
  }
  return undefined
}

function after(input: string, terminator: string, from: number): number | undefined {
  const at = input.indexOf(terminator, from)
  return at < 0 ? undefined : at + terminator.length
}
