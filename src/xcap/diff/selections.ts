/** What the URIs in a subscription select of one user's documents (RFC 5875 §4.1, §4.4). */
import type { BareJid } from '../../core/address.ts'
import type { DiffResource } from '../../formats/xcap-diff.ts'
import { readSource, type SourceElement } from '../../xml/source-tree.ts'
import { type NodeSelector, select } from '../node-selector.ts'
import { parseNode, parseXcapUri, type XcapUri } from '../request-uri.ts'
import type { DocumentKey, XcapDocument, XcapDocuments } from '../xcap-documents.ts'
import { Conflict, XcapRefusal } from '../xcap-refusal.ts'

export interface SelectionsDeps {
  /** The path of the XCAP root. */
  readonly root: string
  readonly documents: Pick<XcapDocuments, 'usage' | 'read' | 'readGlobal' | 'list'>
  accountOf(user: string): Promise<BareJid | undefined>
}

/** A resource that is there, by the selector that the watcher knows it by. */
export interface Found {
  readonly selector: string
  readonly resource: DiffResource
  /** Of a document in the tree of the user. */
  readonly key: DocumentKey | undefined
}

/** By the text: one document is read once, however many of its nodes are watched. */
type Trees = Map<string, SourceElement>

export class Selections {
  readonly #deps: SelectionsDeps

  constructor(deps: SelectionsDeps) {
    this.#deps = deps
  }

  /** What a watcher may not read is as if it were not there (§4.7), and nothing is told twice. */
  async find(account: BareJid, uris: readonly string[]): Promise<Found[]> {
    const found = new Map<string, Found>()
    const documents = new Set<string>()
    const trees: Trees = new Map()
    // What is named stands before what is in a collection.
    const named = uris.filter((uri) => !uri.endsWith('/'))
    const collections = uris.filter((uri) => uri.endsWith('/'))
    for (const uri of [...named, ...collections]) {
      for await (const one of this.#select(account, uri, trees)) {
        const id = one.key && one.resource.kind === 'document' ? JSON.stringify(one.key) : undefined
        if (found.has(one.selector) || (id !== undefined && documents.has(id))) continue
        if (id !== undefined) documents.add(id)
        found.set(one.selector, one)
      }
    }
    return [...found.values()]
  }

  async *#select(account: BareJid, uri: string, trees: Trees): AsyncIterable<Found> {
    const path = this.#pathOf(uri)
    if (path === undefined) return
    if (path.endsWith('/')) {
      yield* this.#collection(account, path)
      return
    }
    try {
      const parsed = parseXcapUri(path)
      const one = parsed && (await this.#resource(account, { uri: parsed, selector: uri, trees }))
      if (one) yield one
    } catch (error) {
      if (!(error instanceof XcapRefusal)) throw error
    }
  }

  /** Relative to the XCAP root, or with it. */
  #pathOf(uri: string): string | undefined {
    const { root } = this.#deps
    const path = uri.replace(/^https?:\/\/[^/?#]+/i, '')
    if (path.startsWith(`${root}/`)) return path.slice(root.length)
    return path === uri && !uri.startsWith('/') ? `/${uri}` : undefined
  }

  /** §4.1: with all that is below it. */
  async *#collection(account: BareJid, path: string): AsyncIterable<Found> {
    const [, auid = '', tree, user] = path.split('/')
    const isOwn = !user || (await this.#deps.accountOf(safeDecode(user))) === account
    if (!isOwn || (tree !== undefined && tree !== '' && tree !== 'users')) return
    for (const key of await this.#deps.documents.list(account)) {
      if (auid !== '' && key.auid !== auid) continue
      const selector = `${key.auid}/users/${user || `sip:${account}`}/${encodeURI(key.name)}`
      if (!`/${selector}`.startsWith(path)) continue
      const document = await this.#read({ account, ...key })
      if (document) {
        const resource = { kind: 'document', ...document } as const
        yield { selector, resource, key: { account, ...key } }
      }
    }
  }

  async #resource(
    account: BareJid,
    { uri, selector, trees }: { uri: XcapUri; selector: string; trees: Trees },
  ): Promise<Found | undefined> {
    const { auid, user, name } = uri.document
    const usage = this.#deps.documents.usage(auid)
    if (!usage || (user === undefined && usage.made?.isPrivate)) return undefined
    if (user !== undefined && (await this.#deps.accountOf(user)) !== account) return undefined
    const node = parseNode(uri, usage.defaultNs)
    const key = user === undefined ? undefined : { account, auid, name }
    const document = key ? await this.#read(key) : await this.#deps.documents.readGlobal(auid, name)
    const resource = document && resourceOf(document, node, trees)
    return resource && { selector, resource, key }
  }

  /** What no document can tell is not there to be watched. */
  async #read(key: DocumentKey): Promise<XcapDocument | undefined> {
    try {
      return await this.#deps.documents.read(key)
    } catch (error) {
      if (!(error instanceof Conflict)) throw error
      return undefined
    }
  }
}

function resourceOf(
  { text, etag }: XcapDocument,
  node: NodeSelector | undefined,
  trees: Trees,
): DiffResource | undefined {
  if (!node) return { kind: 'document', etag, text }
  const selected = select(treeOf(text, trees), node)
  if (selected.kind === 'attribute') {
    const { valueStart, end } = selected.attribute
    return { kind: 'attribute', content: text.slice(valueStart, end - 1) }
  }
  // §4.1: namespaces are not watched.
  if (selected.kind !== 'element') return undefined
  const { start, end, parent, bindings } = selected.element
  const content = text.slice(start, end)
  return { kind: 'element', content, bindings: parent?.bindings ?? bindings }
}

function treeOf(text: string, trees: Trees): SourceElement {
  const known = trees.get(text)
  if (known) return known
  const tree = readSource(text)
  trees.set(text, tree)
  return tree
}

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
