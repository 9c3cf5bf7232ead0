/** Where the markup ends that begins here: all that cutting a document into pieces needs to know of it. */
import { XmlSyntaxError } from '../../xml/syntax.ts'

export interface Token {
  readonly kind: 'start' | 'end' | 'cdata' | 'aside'
  readonly end: number
  /** A start tag that is its own end tag. */
  readonly empty: boolean
}

const CDATA = '<![CDATA['

/** `undefined` where it does not end within the text. Throws `XmlSyntaxError` for declarations. */
export function readToken(text: string, at: number): Token | undefined {
  if (text.startsWith('<!--', at)) return token('aside', endAfter(text, '-->', at + 4))
  if (text.startsWith('<?', at)) return token('aside', endAfter(text, '?>', at + 2))
  if (text.startsWith(CDATA, at)) return token('cdata', endAfter(text, ']]>', at + CDATA.length))
  if (text.startsWith('<!', at)) {
    const head = text.slice(at, at + CDATA.length)
    if (CDATA.startsWith(head) || '<!--'.startsWith(head)) return undefined
    throw new XmlSyntaxError('restricted-xml', 'a document type definition is not allowed')
  }
  if (text.startsWith('</', at)) return token('end', endAfter(text, '>', at + 2))
  return token('start', endOfTag(text, at), text)
}

function token(kind: Token['kind'], end: number, text = ''): Token | undefined {
  return end === 0 ? undefined : { kind, end, empty: text.startsWith('/>', end - 2) }
}

function endAfter(text: string, terminator: string, from: number): number {
  const at = text.indexOf(terminator, from)
  return at < 0 ? 0 : at + terminator.length
}

/** A `>` may stand in the value of an attribute. */
function endOfTag(text: string, at: number): number {
  for (let from = at + 1; ; ) {
    const end = text.indexOf('>', from)
    if (end < 0) return 0
    const quote = firstQuote(text, from, end)
    if (quote < 0) return end + 1
    const close = text.indexOf(text.charAt(quote), quote + 1)
    if (close < 0) return 0
    from = close + 1
  }
}

function firstQuote(text: string, from: number, end: number): number {
  for (let at = from; at < end; at += 1) {
    const char = text.charCodeAt(at)
    if (char === 0x22 || char === 0x27) return at
  }
  return -1
}
