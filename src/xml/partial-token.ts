/**
 * Markup that began in one chunk and ends in another. Each character is looked at once, however
 * many chunks it comes in, so that a sender of single bytes costs no more than one of whole stanzas.
 */
import { XmlSyntaxError } from './syntax.ts'

type Kind = 'unknown' | 'tag' | 'cdata' | 'instruction'

const TERMINATORS = { cdata: ']]>', instruction: '?>' } as const
const CDATA = '<![CDATA['

export class PartialToken {
  readonly #pieces: string[] = []
  #head = ''
  #kind: Kind = 'unknown'
  /** The quote that an attribute value within the tag is waiting for. */
  #quote = ''
  /** The last characters, in case the terminator is cut in two. */
  #last = ''
  #length = 0

  get length(): number {
    return this.#length
  }

  /**
   * Takes text that follows; true when the token is complete within it.
   * Throws `XmlSyntaxError` for comments and declarations as soon as they can be told.
   */
  feed(text: string): boolean {
    this.#pieces.push(text)
    this.#length += text.length
    if (this.#kind !== 'unknown') return this.#scan(this.#kind, text)
    this.#head += text
    this.#kind = kindOf(this.#head)
    return this.#kind !== 'unknown' && this.#scan(this.#kind, this.#head)
  }

  join(): string {
    return this.#pieces.join('')
  }

  #scan(kind: Exclude<Kind, 'unknown'>, text: string): boolean {
    if (kind === 'tag') return this.#scanTag(text)
    const window = this.#last + text
    this.#last = window.slice(-2)
    return window.includes(TERMINATORS[kind])
  }

  #scanTag(text: string): boolean {
    let at = 0
    while (at < text.length) {
      if (this.#quote !== '') {
        const close = text.indexOf(this.#quote, at)
        if (close < 0) return false
        this.#quote = ''
        at = close + 1
        continue
      }
      const char = text.charAt(at)
      if (char === '>') return true
      if (char === '<' && (at > 0 || this.#length > text.length)) throw malformed()
      if (char === '"' || char === "'") this.#quote = char
      at += 1
    }
    return false
  }
}

function kindOf(head: string): Kind {
  if (head.length < 2) return 'unknown'
  if (head[1] === '?') return 'instruction'
  if (head[1] !== '!') return 'tag'
  if (head.startsWith(CDATA)) return 'cdata'
  if (CDATA.startsWith(head)) return 'unknown'
  throw new XmlSyntaxError('restricted-xml', 'comments and declarations are not allowed')
}

function malformed(): XmlSyntaxError {
  return new XmlSyntaxError('not-well-formed', 'a tag begins within a tag')
}
