/** The last versions of documents whose watchers want to know each of them (RFC 5875 §4.3, `xcap-patching`). */
import { type DocumentKey, idOf, type XcapDocument } from '../xcap-documents.ts'

const MAX_DOCUMENTS = 500
const MAX_VERSIONS = 10

export class Histories {
  /** The one asked for longest ago is first. */
  readonly #versions = new Map<string, XcapDocument[]>()

  /** From now on the versions of this document are kept, of which this is one. */
  keep(key: DocumentKey, document: XcapDocument): void {
    const id = idOf(key)
    const versions = this.#versions.get(id) ?? [document]
    this.#versions.delete(id)
    this.#versions.set(id, versions)
    const [oldest] = this.#versions.keys()
    if (this.#versions.size > MAX_DOCUMENTS && oldest !== undefined) this.#versions.delete(oldest)
  }

  /** A client has made this version. */
  made(key: DocumentKey, document: XcapDocument): void {
    const versions = this.#versions.get(idOf(key))
    if (!versions || versions.at(-1)?.etag === document.etag) return
    versions.push(document)
    if (versions.length > MAX_VERSIONS) versions.shift()
  }

  /** The versions after `etag` up to `current`; `undefined` where they are not known. */
  since(key: DocumentKey, etag: string, current: XcapDocument): XcapDocument[] | undefined {
    const versions = this.#versions.get(idOf(key)) ?? []
    const from = versions.findLastIndex((version) => version.etag === etag)
    const after = versions.slice(from + 1)
    return from >= 0 && after.at(-1)?.etag === current.etag ? after : undefined
  }
}
