/** Lists and entries that documents refer to (RFC 4826 §3.1), in the documents of one user. */
import type { BareJid } from '../../core/address.ts'
import type { ListReferences } from '../../formats/flat-list.ts'
import {
  type ListEntry,
  NS_RESOURCE_LISTS,
  type ResourceList,
  readList,
} from '../../formats/resource-lists.ts'
import { parseDocument } from '../../xml/document.ts'
import { type Element, escapeAttr } from '../../xml/element.ts'
import { readSource, type SourceElement } from '../../xml/source-tree.ts'
import { limitsOf } from '../document-body.ts'
import { select } from '../node-selector.ts'
import { type DocumentSelector, parseNode, parseXcapUri } from '../request-uri.ts'
import type { DocumentKey, XcapDocument } from '../xcap-documents.ts'
import { Conflict, XcapRefusal } from '../xcap-refusal.ts'

export interface ListReaderDeps {
  /** The path of the XCAP root. */
  readonly root: string
  read(key: DocumentKey): Promise<XcapDocument | undefined>
  accountOf(user: string): Promise<BareJid | undefined>
}

/** A document that references lead into, read once for all of them. */
interface Source {
  readonly text: string
  readonly root: SourceElement
  readonly elements: Map<SourceElement, Element | undefined>
}

/** By the names of the documents, which are all of one user's lists. */
type Sources = Map<string, Source | undefined>

const AUID = 'resource-lists'
const LIMITS = { ...limitsOf(32 * 1024 ** 2), maxAttributes: 4_096 }

export class ListReader {
  readonly #deps: ListReaderDeps

  constructor(deps: ListReaderDeps) {
    this.#deps = deps
  }

  /** References to documents of others lead nowhere. */
  references(owner: BareJid): ListReferences {
    const sources: Sources = new Map()
    return {
      entry: async (ref) => entryOf(await this.#element(owner, `/${ref}`, sources)),
      list: (anchor) => this.list(owner, anchor, sources),
    }
  }

  /** By its absolute URI, or one relative to the XCAP root. */
  async list(
    owner: BareJid,
    anchor: string,
    sources: Sources = new Map(),
  ): Promise<ResourceList | undefined> {
    const path = this.pathOf(anchor)
    const element = path === undefined ? undefined : await this.#element(owner, path, sources)
    return element?.is('list', NS_RESOURCE_LISTS) ? readList(element) : undefined
  }

  /** What follows the XCAP root in a URI, whatever the host: clients know it by several names. */
  pathOf(uri: string): string | undefined {
    const path = uri.replace(/^https?:\/\/[^/?#]+/i, '')
    if (path === uri) return `/${uri.replace(/^\//, '')}`
    return path.startsWith(`${this.#deps.root}/`) ? path.slice(this.#deps.root.length) : undefined
  }

  async #element(owner: BareJid, path: string, sources: Sources): Promise<Element | undefined> {
    try {
      const uri = parseXcapUri(path)
      const node = uri && parseNode(uri, NS_RESOURCE_LISTS)
      const isLists = uri?.document.auid === AUID
      if (!node || !isLists || !(await this.isOwn(owner, uri.document))) return undefined
      const source = await this.#source(owner, uri.document, sources)
      if (!source) return undefined
      const selected = select(source.root, node)
      return selected.kind === 'element' ? elementIn(source, selected.element) : undefined
    } catch (error) {
      if (error instanceof XcapRefusal || error instanceof Conflict) return undefined
      throw error
    }
  }

  async #source(
    owner: BareJid,
    { auid, name }: DocumentSelector,
    sources: Sources,
  ): Promise<Source | undefined> {
    if (sources.has(name)) return sources.get(name)
    const document = await this.#deps.read({ account: owner, auid, name })
    const source = document && {
      text: document.text,
      root: readSource(document.text),
      elements: new Map(),
    }
    sources.set(name, source)
    return source
  }

  async isOwn(owner: BareJid, { user }: DocumentSelector): Promise<boolean> {
    return user !== undefined && (await this.#deps.accountOf(user)) === owner
  }
}

function elementIn({ text, elements }: Source, found: SourceElement): Element | undefined {
  if (!elements.has(found)) elements.set(found, elementOf(text, found))
  return elements.get(found)
}

/** With the prefixes of where it stands, which several elements may have declared. */
function elementOf(text: string, { start, end, bindings }: SourceElement): Element | undefined {
  const declarations = [...bindings]
    .filter(([prefix, uri]) => prefix !== 'xml' && uri !== '')
    .map(([prefix, uri]) => ` ${prefix === '' ? 'xmlns' : `xmlns:${prefix}`}="${escapeAttr(uri)}"`)
  const wrapped = `<w${declarations.join('')}>${text.slice(start, end)}</w>`
  const [element] = parseDocument(wrapped, LIMITS).elements()
  return element
}

function entryOf(element: Element | undefined): ListEntry | undefined {
  const uri = element?.attr('uri')?.trim()
  if (!element?.is('entry', NS_RESOURCE_LISTS) || !uri) return undefined
  const name = element.child('display-name', NS_RESOURCE_LISTS)?.text().trim()
  return { kind: 'entry', uri, displayName: name || undefined }
}
