/**
 * Markup that began in one chunk and ends in another. Each character is looked at once, however
 * many chunks it comes in, so that a sender of single bytes costs no more than one of whole stanzas.
 */
import { XmlSyntaxError } from './syntax.ts'

type Kind = 'unknown' | 'tag' | 'cdata' | 'comment' | 'instruction'

const TERMINATORS = { cdata: ']]>', comment: '-->', instruction: '?>' } as const
const CDATA = '<![CDATA['
const COMMENT = '<!--'

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

  /** Takes text that follows; true when the token is complete within it. */
  feed(text: string): boolean {
    this.#pieces.push(text)
    this.#length += text.length
    if (this.#kind !== 'unknown') return this.#scan(text)
    this.#head += text
    this.#kind = kindOf(this.#head)
    return this.#kind === 'unknown' ? this.#head.includes('>') : this.#scan(this.#head)
  }

  join(): string {
    return this.#pieces.join('')
  }

  #scan(text: string): boolean {
    if (this.#kind === 'tag') return this.#scanTag(text)
    if (this.#kind === 'unknown') return false
    const terminator = TERMINATORS[this.#kind]
    const found = (this.#last + text).includes(terminator)
    this.#last = (this.#last + text.slice(-2)).slice(-2)
    return found
  }

  #scanTag(text: string): boolean {
    let at = 0
    for (;;) {
      if (this.#quote !== '') {
        const close = text.indexOf(this.#quote, at)
        if (close < 0) return false
        this.#quote = ''
        at = close + 1
      }
      for (; at < text.length; at++) {
        const char = text[at]
        if (char === '>') return true
        if (char === '"' || char === "'") {
          this.#quote = char
          break
        }
      }
      if (at >= text.length) return false
      at += 1
    }
  }
}

/** Throws `XmlSyntaxError` for declarations, which are never allowed. */
function kindOf(head: string): Kind {
  if (head.length < 2) return 'unknown'
  if (head[1] === '?') return 'instruction'
  if (head[1] !== '!') return 'tag'
  if (head.startsWith(CDATA)) return 'cdata'
  if (head.startsWith(COMMENT)) return 'comment'
  if (CDATA.startsWith(head) || COMMENT.startsWith(head)) return 'unknown'
  throw new XmlSyntaxError('restricted-xml', 'a declaration is not allowed')
}
