/**
 * Whole XML documents, such as bodies of SIP messages: what the stream parser takes, and the
 * comments and processing instructions that documents may have (XML 1.0 §2.5, §2.6) and that say
 * nothing here. Document type definitions are refused: they are the way to entity bombs and files.
 */
import type { Element } from './element.ts'
import type { Scope } from './namespaces.ts'
import { hasIllegalCharacter, isNcName, type XmlLimits, XmlSyntaxError } from './syntax.ts'
import { XmlStreamParser } from './tokenizer.ts'
import { Utf8Decoder } from './utf8.ts'

/** A document in which text has prefixes, such as selectors (RFC 5261 §4.2.1). */
export interface ScopedDocument {
  readonly root: Element
  /** What is declared inside each of its elements. */
  readonly scopes: ReadonlyMap<Element, Scope>
}

/** `limits.maxStanzaBytes` bounds the whole document. Throws `XmlSyntaxError`. */
export function parseDocument(input: Uint8Array | string, limits: XmlLimits): Element {
  return parseWith(input, limits, undefined)
}

/** As `parseDocument`. */
export function parseScopedDocument(input: Uint8Array | string, limits: XmlLimits): ScopedDocument {
  const scopes = new Map<Element, Scope>()
  const root = parseWith(input, limits, (element, scope) => void scopes.set(element, scope))
  return { root, scopes }
}

function parseWith(input: Uint8Array | string, limits: XmlLimits, onTag: OnTag): Element {
  const bytes = typeof input === 'string' ? Buffer.from(input) : input
  if (bytes.length > limits.maxStanzaBytes) {
    throw new XmlSyntaxError('policy-violation', 'the document is too large')
  }
  const decoder = new Utf8Decoder()
  const text = decoder.decode(bytes)
  if (!decoder.isBetweenCharacters) throw malformed('the last character is cut off')
  const body = DECLARATION.exec(text)?.[0].length ?? 0
  return parseWrapped(text.slice(0, body), withoutAsides(text, body), { limits, onTag })
}

type OnTag = ((element: Element, scope: Scope) => void) | undefined

const DECLARATION = /^<\?xml\s[^>]*\?>/
const WRAPPER = 'd'

/** A stream with one stanza: the parser of streams does not build the root itself. */
function parseWrapped(
  declaration: string,
  body: string,
  { limits, onTag }: { limits: XmlLimits; onTag: OnTag },
): Element {
  const roots: Element[] = []
  const handler = {
    onOpen() {},
    onElement: (root: Element) => void roots.push(root),
    onClose() {},
    ...(onTag && { onTag }),
  }
  const parser = new XmlStreamParser(handler, {
    ...limits,
    // Comments that were removed have left a few characters each.
    maxStanzaBytes: Number.MAX_SAFE_INTEGER,
    maxDepth: limits.maxDepth + 1,
  })
  parser.write(Buffer.from(`${declaration}<${WRAPPER}>${body}</${WRAPPER}>`))
  const [root] = roots
  if (!root || roots.length > 1) throw malformed('a document has one root')
  if (!parser.isComplete) throw malformed('the document ends early')
  return root
}

/** Empty character data: it separates the texts beside it as what it stands for did. */
const NOTHING = '<![CDATA[]]>'

/** The text from `from` on, with nothing in place of comments and processing instructions. */
function withoutAsides(text: string, from: number): string {
  if (!text.includes('<!', from) && !text.includes('<?', from)) return text.slice(from)
  const pieces: string[] = []
  let kept = from
  let depth = 0
  for (let at = text.indexOf('<', from); at >= 0; ) {
    const token = readToken(text, at)
    depth += token.deeper
    if (token.isAside) {
      pieces.push(text.slice(kept, at), depth > 0 ? NOTHING : '')
      kept = token.end
    }
    at = text.indexOf('<', token.end)
  }
  return pieces.join('') + text.slice(kept)
}

interface Token {
  readonly end: number
  readonly isAside: boolean
  readonly deeper: number
}

function readToken(text: string, at: number): Token {
  if (text.startsWith('<!--', at)) return { end: endOfComment(text, at), isAside: true, deeper: 0 }
  if (text.startsWith('<?', at))
    return { end: endOfInstruction(text, at), isAside: true, deeper: 0 }
  if (text.startsWith('<![CDATA[', at)) {
    return { end: endAfter(text, ']]>', at + 9), isAside: false, deeper: 0 }
  }
  if (text.startsWith('<!', at)) {
    throw new XmlSyntaxError('restricted-xml', 'a document type definition is not allowed')
  }
  const end = endOfTag(text, at)
  if (text.startsWith('</', at)) return { end, isAside: false, deeper: -1 }
  return { end, isAside: false, deeper: text.startsWith('/>', end - 2) ? 0 : 1 }
}

function endOfComment(text: string, at: number): number {
  const end = endAfter(text, '--', at + 4)
  if (text[end] !== '>') throw malformed('two hyphens stand within a comment')
  if (hasIllegalCharacter(text.slice(at, end))) throw malformed('a character is not legal')
  return end + 1
}

function endOfInstruction(text: string, at: number): number {
  const end = endAfter(text, '?>', at + 2)
  const body = text.slice(at + 2, end - 2)
  const [target = ''] = /^[^ \t\r\n]*/.exec(body) ?? []
  if (!isNcName(target) || target.toLowerCase() === 'xml') {
    throw malformed('a processing instruction has no name of its own')
  }
  if (hasIllegalCharacter(body)) throw malformed('a character is not legal')
  return end
}

/** Whatever stands in the tag is left to the parser; only its end matters here. */
function endOfTag(text: string, at: number): number {
  let quote = ''
  for (let end = at + 1; end < text.length; end++) {
    const char = text.charAt(end)
    if (quote !== '') quote = char === quote ? '' : quote
    else if (char === '"' || char === "'") quote = char
    else if (char === '>') return end + 1
  }
  throw malformed('the document ends within a tag')
}

function endAfter(text: string, terminator: string, from: number): number {
  const at = text.indexOf(terminator, from)
  if (at < 0) throw malformed('the document ends early')
  return at + terminator.length
}

function malformed(message: string): XmlSyntaxError {
  return new XmlSyntaxError('not-well-formed', message)
}
