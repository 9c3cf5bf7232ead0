/** Namespace declarations in scope (Namespaces in XML 1.0 §6). */
import { NS_XML } from './element.ts'
import { internNamespace } from './names.ts'
import { XmlSyntaxError } from './syntax.ts'

const NS_XMLNS = 'http://www.w3.org/2000/xmlns/'

/** Scopes share their parents: an element without declarations has its parent’s scope itself. */
export interface Scope {
  readonly parent: Scope | undefined
  /** The default namespace; empty for none. */
  readonly ns: string
  /** Declared here, not further out. */
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

/** What one element declares; `''` stands for the default namespace. */
export type Declaration = readonly [prefix: string, uri: string]

/** Those of roots: every stream of a kind begins with the same declarations, and keeps them. */
const rootScopes = new Map<string, Scope>()
const MAX_ROOT_SCOPES = 64

/** The scope inside an element with these declarations. */
export function declare(parent: Scope, declarations: readonly Declaration[]): Scope {
  if (parent !== ROOT_SCOPE) return newScope(parent, declarations)
  const key = declarations.map((declaration) => declaration.join(' ')).join(' ')
  const known = rootScopes.get(key)
  if (known) return known
  const scope = newScope(parent, declarations)
  if (rootScopes.size < MAX_ROOT_SCOPES) rootScopes.set(key, scope)
  return scope
}

function newScope(parent: Scope, declarations: readonly Declaration[]): Scope {
  let ns: string | undefined
  let prefixes: Map<string, string> | undefined
  for (const [prefix, uri] of declarations) {
    refuseReserved(prefix, uri)
    if (prefix === '' ? ns !== undefined : prefixes?.has(prefix)) {
      throw malformed('an attribute is there twice')
    }
    if (prefix === '') ns = internNamespace(uri)
    else {
      prefixes ??= new Map()
      prefixes.set(prefix, internNamespace(uri))
    }
  }
  return { parent, ns: ns ?? parent.ns, prefixes }
}

/** §3: xml is bound to its own namespace, xmlns to nothing, and §2.2: a prefix is never bound to no namespace. */
function refuseReserved(prefix: string, uri: string): void {
  const reserved =
    prefix === 'xmlns' ||
    uri === NS_XMLNS ||
    (prefix === 'xml') !== (uri === NS_XML) ||
    (prefix !== '' && uri === '')
  if (reserved) throw malformed(`the prefix ${prefix} cannot be bound so`)
}

function malformed(message: string): XmlSyntaxError {
  return new XmlSyntaxError('not-well-formed', message)
}
