/**
 * A file of XEP-0227 in pieces of any size, cut into its users: no more than one of them is in memory. Here only tags are counted;
 * each user is read, within the tags that he stands in, by the parser of documents, which refuses document type definitions and entities.
 */
import { parseDocument } from '../../xml/document.ts'
import type { Element } from '../../xml/element.ts'
import { XmlSyntaxError } from '../../xml/syntax.ts'
import { Utf8Decoder } from '../../xml/utf8.ts'
import { readToken, type Token } from './xml-token.ts'

export const NS_PIE = 'urn:xmpp:pie:0'

/** One child of a host, or of the root where it is no host. */
export type Piece =
  | { readonly kind: 'element'; readonly host: string; readonly element: Element }
  /** What cannot be read; `about` is whose it is, as far as that is known. */
  | { readonly kind: 'unreadable'; readonly about: string; readonly reason: string }

export interface SplitLimits {
  /** Characters of one user. */
  readonly maxUser: number
}

/** Characters of one tag, comment or section of character data. */
const MAX_TOKEN = 4_194_304
const MAX_OUTER_TAG = 65_536
const PARSE = { maxDepth: 256, maxAttributes: 256 }

interface Outer {
  readonly tag: string
  readonly name: string
}

export class UserSplitter {
  readonly #maxUser: number
  readonly #decoder = new Utf8Decoder()
  #text = ''
  #at = 0
  /** The root and the host that are open. */
  readonly #outer: Outer[] = []
  #host = ''
  #ended = false
  /** Elements that are open within the piece; 0: none is. */
  #depth = 0
  #firstTag = ''
  #pieces: string[] = []
  #size = 0

  constructor({ maxUser }: SplitLimits) {
    this.#maxUser = maxUser
  }

  /** Throws `XmlSyntaxError` where the file cannot be read on. */
  *push(chunk: Uint8Array): Generator<Piece> {
    this.#text = this.#text.slice(this.#at) + this.#decoder.decode(chunk)
    this.#at = 0
    for (;;) {
      this.#characters()
      const token = readToken(this.#text, this.#at)
      if (!token) break
      const text = this.#text.slice(this.#at, token.end)
      this.#at = token.end
      const done = this.#token(token, text)
      if (done) yield done
    }
    if (this.#text.length - this.#at > MAX_TOKEN) throw tooLarge('a tag is too large')
  }

  /** Throws `XmlSyntaxError` where the file is not complete. */
  end(): void {
    if (!this.#ended || this.#at < this.#text.length) throw malformed('the file ends early')
  }

  #characters(): void {
    const next = this.#text.indexOf('<', this.#at)
    const text = this.#text.slice(this.#at, next < 0 ? undefined : next)
    this.#at += text.length
    if (this.#depth > 0) this.#keep(text)
    else if (/\S/.test(text)) throw malformed('text stands outside of users')
  }

  #token({ kind, empty }: Token, text: string): Piece | undefined {
    if (kind === 'start') return this.#start(text, empty)
    if (kind === 'end') return this.#end(text)
    if (this.#depth > 0) this.#keep(text)
    else if (kind === 'cdata') throw malformed('text stands outside of users')
    return undefined
  }

  #start(text: string, empty: boolean): Piece | undefined {
    if (this.#ended) throw malformed('something follows the root')
    const isOuter =
      this.#outer.length === 0 || (this.#outer.length === 1 && localName(text) === 'host')
    if (this.#depth === 0 && isOuter) {
      this.#open(text, empty)
      return undefined
    }
    if (this.#depth === 0) this.#firstTag = text
    this.#keep(text)
    if (!empty) this.#depth += 1
    return this.#depth === 0 ? this.#finish() : undefined
  }

  #end(text: string): Piece | undefined {
    if (this.#depth > 0) {
      this.#keep(text)
      this.#depth -= 1
      return this.#depth === 0 ? this.#finish() : undefined
    }
    if (text.slice(2, -1).trim() !== this.#outer.at(-1)?.name)
      throw malformed('a tag closes nothing')
    this.#close()
    return undefined
  }

  #open(text: string, empty: boolean): void {
    if (text.length > MAX_OUTER_TAG) throw tooLarge('a tag is too large')
    const tag = empty ? `${text.slice(0, -2)}>` : text
    this.#outer.push({ tag, name: rawName(text) })
    const root = this.#parse('')
    if (!root.is('server-data', NS_PIE)) throw malformed('the root is not server-data of XEP-0227')
    if (this.#outer.length === 2) {
      const host = root.child('host', NS_PIE)
      if (!host) throw malformed('a host is not of XEP-0227')
      this.#host = host.attr('jid') ?? ''
    }
    if (empty) this.#close()
  }

  #close(): void {
    this.#outer.pop()
    this.#host = ''
    if (this.#outer.length === 0) this.#ended = true
  }

  #keep(text: string): void {
    this.#size += text.length
    if (this.#size <= this.#maxUser) this.#pieces.push(text)
    else this.#pieces = []
  }

  #finish(): Piece {
    const text = this.#pieces.join('')
    const isTooLarge = this.#size > this.#maxUser
    this.#pieces = []
    this.#size = 0
    if (isTooLarge) return this.#unreadable(`larger than ${this.#maxUser} characters`)
    try {
      const element = this.#innermost(text)
      if (!element) throw malformed('it is not where it belongs')
      return { kind: 'element', host: this.#host, element }
    } catch (error) {
      if (!(error instanceof XmlSyntaxError)) throw error
      return this.#unreadable(error.message)
    }
  }

  #unreadable(reason: string): Piece {
    let name = ''
    try {
      const tag = this.#firstTag.replace(/\/?>$/, '/>')
      name = (tag.length <= MAX_OUTER_TAG && this.#innermost(tag)?.attr('name')) || ''
    } catch (error) {
      if (!(error instanceof XmlSyntaxError)) throw error
    }
    return { kind: 'unreadable', about: name === '' ? this.#host : `${name}@${this.#host}`, reason }
  }

  #innermost(text: string): Element | undefined {
    let [element] = [this.#parse(text)]
    for (let depth = 0; depth < this.#outer.length; depth += 1) {
      const [child] = [...element.elements()]
      if (!child) return undefined
      element = child
    }
    return element
  }

  /** Within what is open, for the namespaces. */
  #parse(text: string): Element {
    const before = this.#outer.map(({ tag }) => tag).join('')
    const after = this.#outer.map(({ name }) => `</${name}>`).reverse()
    return parseDocument(before + text + after.join(''), {
      ...PARSE,
      maxStanzaBytes: 4 * (this.#maxUser + 3 * MAX_OUTER_TAG),
    })
  }
}

function rawName(tag: string): string {
  return /^<([^\s/>]*)/.exec(tag)?.[1] ?? ''
}

function localName(tag: string): string {
  return rawName(tag).split(':').at(-1) ?? ''
}

function malformed(message: string): XmlSyntaxError {
  return new XmlSyntaxError('not-well-formed', message)
}

function tooLarge(message: string): XmlSyntaxError {
  return new XmlSyntaxError('policy-violation', message)
}
