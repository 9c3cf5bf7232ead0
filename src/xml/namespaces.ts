/** Namespace declarations in scope (Namespaces in XML 1.0). */
import { NS_XML } from './element.ts'
import { isNcName, XmlSyntaxError } from './syntax.ts'

const NS_XMLNS = 'http://www.w3.org/2000/xmlns/'

/** Scopes share their parents: an element without declarations has its parent's scope itself. */
export interface Scope {
  readonly parent: Scope | undefined
  /** The default namespace; empty for none. */
  readonly ns: string
  readonly prefixes: ReadonlyMap<string, string> | undefined
}

export const ROOT_SCOPE: Scope = { parent: undefined, ns: '', prefixes: undefined }

export function resolvePrefix(scope: Scope, prefix: string): string {
  if (prefix === 'xml') return NS_XML
  for (let at: Scope | undefined = scope; at; at = at.parent) {
    const uri = at.prefixes?.get(prefix)
    if (uri !== undefined) return uri
  }
  throw new XmlSyntaxError('bad-namespace-prefix', `the prefix ${prefix} is not declared`)
}

/** The scope inside an element with these declarations; `''` is the default namespace. */
export function declare(
  parent: Scope,
  declarations: readonly (readonly [string, string])[],
): Scope {
  let { ns } = parent
  const prefixes = new Map<string, string>()
  for (const [prefix, uri] of declarations) {
    refuseReserved(prefix, uri)
    if (prefix === '') ns = uri
    else prefixes.set(prefix, uri)
  }
  return { parent, ns, prefixes: prefixes.size > 0 ? prefixes : undefined }
}

/** §3: xml is bound to its own namespace, xmlns to nothing, and §2.2: a prefix is never bound to no namespace. */
function refuseReserved(prefix: string, uri: string): void {
  const reserved =
    prefix === 'xmlns' ||
    uri === NS_XMLNS ||
    (prefix === 'xml') !== (uri === NS_XML) ||
    (prefix !== '' && uri === '')
  if (reserved)
    throw new XmlSyntaxError('not-well-formed', `the prefix ${prefix} cannot be bound so`)
}

/** A name as it is written, taken apart. */
export interface QName {
  readonly prefix: string
  readonly local: string
}

const KNOWN_NAMES = 4096
const known = new Map<string, QName>()

/** The same few names come again and again: each is checked once. */
export function parseQName(text: string, maxLength: number): QName {
  const name = known.get(text)
  if (name) return name
  if (text.length > maxLength) throw new XmlSyntaxError('policy-violation', 'a name is too long')
  const colon = text.indexOf(':')
  const parsed =
    colon < 0
      ? { prefix: '', local: text }
      : { prefix: text.slice(0, colon), local: text.slice(colon + 1) }
  if (!isNcName(parsed.local) || (colon >= 0 && !isNcName(parsed.prefix))) {
    throw new XmlSyntaxError('not-well-formed', 'a name is not an XML name')
  }
  if (known.size < KNOWN_NAMES) known.set(text, parsed)
  return parsed
}
