/** GET, PUT and DELETE of documents, elements and attributes (RFC 4825 §8.2–§8.4). */
import type { BareJid } from '../core/address.ts'
import { escapeAttr } from '../xml/element.ts'
import { readSource, type SourceElement } from '../xml/source-tree.ts'
import type { ApplicationUsage } from './application-usage.ts'
import type { XcapCaller } from './authentication.ts'
import { requireConditions } from './conditions.ts'
import {
  limitsOf,
  readAttributeValue,
  readDocument,
  readFragment,
  XCAP_ATT,
  XCAP_EL,
  XCAP_NS,
} from './document-body.ts'
import { bindingsAt, type Edited, placeOf, putAttribute, putElement, removeNode } from './edit.ts'
import { type NodeSelector, select, selectElement } from './node-selector.ts'
import type { DocumentKey, XcapDocument, XcapDocuments } from './xcap-documents.ts'
import { noParent, XcapRefusal } from './xcap-refusal.ts'

export interface XcapRequest {
  readonly caller: XcapCaller
  readonly usage: ApplicationUsage
  /** `undefined` in the global tree. */
  readonly account: BareJid | undefined
  readonly name: string
  readonly node: NodeSelector | undefined
  /** Of the document, for what the answer names. */
  readonly documentUri: string
  /** As it was sent. */
  readonly query: string
  readonly ifMatch: string | undefined
  readonly ifNoneMatch: string | undefined
}

export interface XcapPutRequest extends XcapRequest {
  /** Lower case, without parameters. */
  readonly contentType: string
  readonly body: Buffer
}

export interface XcapReply {
  readonly status: number
  readonly etag?: string | undefined
  readonly contentType?: string
  readonly body?: string
}

export async function getNode(documents: XcapDocuments, request: XcapRequest): Promise<XcapReply> {
  const { usage, account, name, node } = request
  const document = account
    ? await documents.read({ account, auid: usage.auid, name })
    : await documents.readGlobal(usage.auid, name)
  if (requireConditions(request, document) === 'not-modified') {
    return { status: 304, etag: document?.etag }
  }
  if (!document) throw new XcapRefusal(404, 'There is no such document')
  const { text, etag } = document
  if (!node) return { status: 200, etag, contentType: usage.mimeType, body: text }
  return { status: 200, etag, ...nodeOf(text, node) }
}

/** §8.3. Throws `XcapRefusal` 404. */
function nodeOf(text: string, node: NodeSelector): { contentType: string; body: string } {
  const selected = select(readSource(text), node)
  switch (selected.kind) {
    case 'no-match':
      throw new XcapRefusal(404, 'The selector fits nothing, or more than one element')
    case 'element': {
      const { start, end } = selected.element
      return { contentType: XCAP_EL, body: text.slice(start, end) }
    }
    case 'attribute': {
      const { valueStart, end } = selected.attribute
      return { contentType: XCAP_ATT, body: text.slice(valueStart, end - 1) }
    }
    case 'namespaces':
      return { contentType: XCAP_NS, body: bindingsOf(selected.element) }
  }
}

/** §10: the element without its content, with all that is declared for it. */
function bindingsOf({ qname, bindings }: SourceElement): string {
  const declarations = [...bindings]
    .filter(([prefix, uri]) => prefix !== 'xml' && uri !== '')
    .map(([prefix, uri]) => ` ${prefix === '' ? 'xmlns' : `xmlns:${prefix}`}="${escapeAttr(uri)}"`)
  return `<${qname}${declarations.join('')}/>`
}

export async function putNode(
  documents: XcapDocuments,
  request: XcapPutRequest,
  maxBytes: number,
): Promise<XcapReply> {
  refuseNamespaces(request)
  let created = false
  const document = await documents.change(requireKey(request), (current) => {
    if (requireConditions(request, current) === 'not-modified') throw failed()
    const edited = request.node
      ? putPart(request, current, maxBytes)
      : putDocument(request, current, maxBytes)
    created = edited.created
    return edited.text
  })
  return { status: created ? 201 : 200, etag: document?.etag }
}

function putDocument(
  { usage, contentType, body }: XcapPutRequest,
  current: XcapDocument | undefined,
  maxBytes: number,
): Edited {
  requireType(contentType, usage.mimeType)
  return { text: readDocument(body, limitsOf(maxBytes)), created: !current }
}

function putPart(
  request: XcapPutRequest,
  current: XcapDocument | undefined,
  maxBytes: number,
): Edited {
  const { node, contentType, body, documentUri } = request
  if (!current || !node) throw noParent(folderOf(documentUri), 'There is no such document')
  const { text } = current
  const root = readSource(text)
  if (node.terminal?.kind === 'attribute') {
    const element = selectElement(root, node.steps)
    if (!element) throw noParent(nearest(root, request), 'There is no such element')
    requireType(contentType, XCAP_ATT)
    const value = readAttributeValue(body)
    return putAttribute(text, node, { element, name: node.terminal, value })
  }
  const place = placeOf(root, node)
  if (!place) throw noParent(nearest(root, request), 'There is no such parent')
  requireType(contentType, XCAP_EL)
  const fragment = readFragment(body, bindingsAt(place), limitsOf(maxBytes))
  return putElement(text, node, place, fragment)
}

export async function deleteNode(
  documents: XcapDocuments,
  request: XcapRequest,
): Promise<XcapReply> {
  refuseNamespaces(request)
  const document = await documents.change(requireKey(request), (current) => {
    if (requireConditions(request, current) === 'not-modified') throw failed()
    if (!current) throw new XcapRefusal(404, 'There is no such document')
    if (!request.node) return undefined
    const text = removeNode(current.text, request.node)
    if (text === undefined) throw new XcapRefusal(404, 'The selector fits nothing')
    return text
  })
  return { status: 200, etag: document?.etag }
}

/** §8.2, §8.4: bindings are read only. */
function refuseNamespaces({ node }: XcapRequest): void {
  if (node?.terminal?.kind !== 'namespaces') return
  throw new XcapRefusal(405, 'Namespaces can only be read', { allow: 'GET, HEAD' })
}

/** §5.7: nobody writes what the server makes of other documents. */
function requireKey({ account, usage, name }: XcapRequest): DocumentKey {
  const { auid, made } = usage
  const isMade = made?.tree === 'users' && made.name === name
  if (account && usage.check && !isMade) return { account, auid, name }
  throw new XcapRefusal(405, 'The document can only be read', { allow: 'GET, HEAD' })
}

function requireType(given: string, wanted: string): void {
  if (given !== wanted) throw new XcapRefusal(415, `Send ${wanted}`)
}

function failed(): XcapRefusal {
  return new XcapRefusal(412, 'The document is not as the request says')
}

function folderOf(documentUri: string): string {
  return documentUri.slice(0, documentUri.lastIndexOf('/') + 1)
}

/** The deepest element on the way that is there, or the document. */
function nearest(root: SourceElement, { node, documentUri, query }: XcapRequest): string {
  const steps = node?.steps ?? []
  for (let length = steps.length - 1; length > 0; length -= 1) {
    const way = steps.slice(0, length)
    if (!selectElement(root, way)) continue
    const path = way.map(({ text }) => encodeURIComponent(text)).join('/')
    return `${documentUri}/~~/${path}${query === '' ? '' : `?${query}`}`
  }
  return documentUri
}
