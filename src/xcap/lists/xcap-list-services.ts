/** The RLS services of all users, for whoever serves them (RFC 4826 §4.5). */
import type { BareJid } from '../../core/address.ts'
import type { ListServices, ServedList } from '../../core/presence/list-services.ts'
import { flatten } from '../../formats/flat-list.ts'
import type { ResourceList } from '../../formats/resource-lists.ts'
import { parseRlsServices, type RlsService } from '../../formats/rls-services.ts'
import { canonicalServiceUri } from '../../formats/service-uri.ts'
import type { XcapDocumentRows } from '../../storage/stores/xcap-documents.ts'
import { RLS_AUID, SERVED_NAME } from '../usages/rls-services.ts'
import type { XcapDocuments } from '../xcap-documents.ts'
import type { ListReader } from './list-reader.ts'

export interface XcapListServicesDeps {
  readonly rows: Pick<XcapDocumentRows, 'claimant' | 'find'>
  readonly lists: ListReader
  readonly documents: Pick<XcapDocuments, 'onChange'>
}

export class XcapListServices implements ListServices {
  readonly #deps: XcapListServicesDeps

  constructor(deps: XcapListServicesDeps) {
    this.#deps = deps
  }

  async find(uri: string): Promise<ServedList | undefined> {
    const { rows, lists } = this.#deps
    const canonical = canonicalServiceUri(uri)
    if (canonical === undefined) return undefined
    const key = await rows.claimant(RLS_AUID, canonical)
    const row = key?.name === SERVED_NAME ? await rows.find(key) : undefined
    const service = row && serviceNamed(row.text, canonical)
    if (!service) return undefined
    const owner = row.account as BareJid
    const list = await this.#listOf(owner, service)
    const resources = list ? await flatten(list, lists.references(owner)) : []
    return {
      uri: canonical,
      key: keyOf(owner),
      owner,
      name: list?.displayName ?? list?.name,
      packages: service.packages,
      resources: resources.map(({ uri: member, displayName: name }) => ({ uri: member, name })),
    }
  }

  /** Whatever changes of a user's services or of the lists that they refer to, all of his are told of. */
  onChange(listener: (key: string) => void): Disposable {
    return this.#deps.documents.onChange(({ account, auid }) => {
      if (auid === RLS_AUID || auid === 'resource-lists') listener(keyOf(account))
    })
  }

  async #listOf(owner: BareJid, { list }: RlsService): Promise<ResourceList | undefined> {
    return typeof list === 'string' ? await this.#deps.lists.list(owner, list) : list
  }
}

function serviceNamed(text: string, canonical: string): RlsService | undefined {
  return parseRlsServices(text).find(({ uri }) => canonicalServiceUri(uri) === canonical)
}

function keyOf(owner: BareJid): string {
  return `services of ${owner}`
}
