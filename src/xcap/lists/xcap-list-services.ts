/** The RLS services of all users, for whoever serves them (RFC 4826 §4.5). */
import type { BareJid } from '../../core/address.ts'
import type { ListServices, ServedList } from '../../core/presence/list-services.ts'
import { flatten } from '../../formats/flat-list.ts'
import type { ResourceList } from '../../formats/resource-lists.ts'
import { parseRlsServices, type RlsService } from '../../formats/rls-services.ts'
import { canonicalServiceUri } from '../../formats/service-uri.ts'
import type { XcapDocumentRows } from '../../storage/stores/xcap-documents.ts'
import type { Log } from '../../util/log.ts'
import { RLS_AUID, SERVED_NAME } from '../usages/rls-services.ts'
import type { DocumentKey, XcapDocuments } from '../xcap-documents.ts'
import type { ListReader } from './list-reader.ts'

export interface XcapListServicesDeps {
  readonly rows: Pick<XcapDocumentRows, 'claimant' | 'claims' | 'find'>
  readonly lists: ListReader
  readonly documents: Pick<XcapDocuments, 'onChange'>
  readonly log: Log
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
      owner,
      name: list?.displayName ?? list?.name,
      packages: service.packages,
      resources: resources.map(({ uri: member, displayName: name }) => ({ uri: member, name })),
    }
  }

  onChange(listener: (uri: string | undefined) => void): Disposable {
    return this.#deps.documents.onChange((key) => {
      this.#tell(key, listener).catch((err: unknown) => {
        this.#deps.log.error({ what: 'list_services_not_told', account: key.account, err })
      })
    })
  }

  /** A list that is gone is no list of its owner's any more: nobody but those who watch know of it. */
  async #tell(
    { account, auid }: DocumentKey,
    listener: (uri: string | undefined) => void,
  ): Promise<void> {
    if (auid === RLS_AUID) listener(undefined)
    if (auid !== 'resource-lists') return
    for (const uri of await this.#deps.rows.claims(account, RLS_AUID)) listener(uri)
  }

  async #listOf(owner: BareJid, { list }: RlsService): Promise<ResourceList | undefined> {
    return typeof list === 'string' ? await this.#deps.lists.list(owner, list) : list
  }
}

function serviceNamed(text: string, canonical: string): RlsService | undefined {
  return parseRlsServices(text).find(({ uri }) => canonicalServiceUri(uri) === canonical)
}
