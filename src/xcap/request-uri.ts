/** What the URI of a request names (RFC 4825 §6): a document, and perhaps a node in it. */
import { type NodeSelector, parseNodeSelector, UnboundPrefix } from './node-selector.ts'
import { XcapRefusal } from './xcap-refusal.ts'

export interface DocumentSelector {
  readonly auid: string
  /** The XUI as it was written, decoded; `undefined` in the global tree. */
  readonly user: string | undefined
  /** With the folders before it, decoded. */
  readonly name: string
}

export interface XcapUri {
  readonly document: DocumentSelector
  /** Without the node selector, as it was written. */
  readonly documentPath: string
  /** As it was written, and not parsed before its application usage is known. */
  readonly node: string | undefined
  readonly query: string
}

const SEPARATOR = '/~~/'
const MAX_CHARS = 8_192

/** `url` begins after the XCAP root. `undefined` where it names no document. Throws `XcapRefusal` 400, 414. */
export function parseXcapUri(url: string): XcapUri | undefined {
  if (url.length > MAX_CHARS) throw new XcapRefusal(414, 'The URI is too long')
  const mark = url.indexOf('?')
  const path = mark < 0 ? url : url.slice(0, mark)
  const query = mark < 0 ? '' : url.slice(mark + 1)
  const at = nodeSeparator(path)
  const documentPath = at < 0 ? path : path.slice(0, at)
  const document = parseDocumentSelector(documentPath)
  if (!document) return undefined
  const node = at < 0 ? undefined : path.slice(at + SEPARATOR.length)
  return { document, documentPath, node, query }
}

/** §6.1: at the first one. Some clients encode what needs no encoding. */
function nodeSeparator(path: string): number {
  const plain = path.indexOf(SEPARATOR)
  return plain >= 0 || !path.endsWith('/~~') ? plain : path.length - 3
}

/** §6.2: AUID, tree, and in the tree of users the XUI. */
export function parseDocumentSelector(path: string): DocumentSelector | undefined {
  const [, auid = '', tree, ...rest] = path.split('/').map(decode)
  const [user, ...names] = tree === 'users' ? rest : [undefined, ...rest]
  if (auid === '' || (tree !== 'users' && tree !== 'global')) return undefined
  if (user === '' || names.length === 0 || names.some((name) => name === '')) return undefined
  return { auid, user, name: names.join('/') }
}

/** Throws `XcapRefusal` 400 for a prefix that nothing binds, 404 for a step that is none. */
export function parseNode(
  { node, query }: Pick<XcapUri, 'node' | 'query'>,
  defaultNs: string,
): NodeSelector | undefined {
  if (node === undefined) return undefined
  const prefixes = parseBindings(decode(query))
  try {
    const selector = parseNodeSelector(decode(node), { prefixes, defaultNs })
    if (selector) return selector
  } catch (error) {
    if (!(error instanceof UnboundPrefix)) throw error
    throw new XcapRefusal(400, error.message)
  }
  throw new XcapRefusal(404, 'The node selector is not understood')
}

/**
 * §6.4: pointer parts, of which those of the scheme `xmlns` count (XPointer Framework §3.1: a circumflex
 * escapes parentheses and itself). Throws `XcapRefusal` 400.
 */
export function parseBindings(query: string): Map<string, string> {
  const bindings = new Map<string, string>()
  let at = skipSpace(query, 0)
  while (at < query.length) {
    const open = query.indexOf('(', at)
    const { data, end } = readPart(query, open)
    const [, prefix, uri] = /^\s*([^\s=]+)\s*=\s*([\s\S]*)$/.exec(data) ?? []
    if (query.slice(at, open) === 'xmlns') {
      if (prefix === undefined || uri === undefined) throw badQuery()
      bindings.set(prefix, uri.trimEnd())
    }
    at = skipSpace(query, end)
  }
  return bindings
}

/** Balanced parentheses, from `open` on. */
function readPart(text: string, open: number): { data: string; end: number } {
  let data = ''
  let depth = 0
  for (let at = open; at >= 0 && at < text.length; at++) {
    const char = text.charAt(at)
    if (char === '^') {
      at += 1
      data += text.charAt(at)
      continue
    }
    if (char === '(') depth += 1
    if (char === ')') depth -= 1
    if (depth === 0) return { data: data.slice(1), end: at + 1 }
    data += char
  }
  throw badQuery()
}

function skipSpace(text: string, from: number): number {
  let at = from
  while (at < text.length && /[\s&]/.test(text.charAt(at))) at += 1
  return at
}

function badQuery(): XcapRefusal {
  return new XcapRefusal(400, 'The query is no sequence of xmlns() pointers')
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new XcapRefusal(400, 'The URI is not encoded as UTF-8')
  }
}
