/** RLS services (RFC 4826 §4): lists that can be subscribed to, each by a URI that no other has. */
import { randomBytes } from 'node:crypto'
import type { BareJid } from '../../core/address.ts'
import type { Directory } from '../../directory/directory.ts'
import { NS_RESOURCE_LISTS } from '../../formats/resource-lists.ts'
import { NS_RLS_SERVICES, RLS_SERVICES } from '../../formats/rls-services.ts'
import { canonicalServiceUri } from '../../formats/service-uri.ts'
import type { XcapDocumentRows } from '../../storage/stores/xcap-documents.ts'
import { parseDocument } from '../../xml/document.ts'
import { type Element, xml } from '../../xml/element.ts'
import { type ApplicationUsage, type Claim, defineUsage } from '../application-usage.ts'
import { limitsOf } from '../document-body.ts'
import type { ListReader } from '../lists/list-reader.ts'
import { parseDocumentSelector } from '../request-uri.ts'
import { childrenOf, invalid, requireAttribute, requireRoot } from '../schema.ts'
import { type Conflict, conflict, notUnique } from '../xcap-refusal.ts'
import { requireMembers } from './resource-lists.ts'

export interface RlsServicesDeps {
  readonly directory: Pick<Directory, 'resolve' | 'isLocal'>
  readonly rows: Pick<XcapDocumentRows, 'ofUsage'>
  readonly lists: ListReader
}

export const RLS_AUID = 'rls-services'
/** §4.4.7: the document whose services are served. */
export const SERVED_NAME = 'index'
const FIELD = 'rls-services/service/@uri'
const MAX_BYTES = 16 * 1024 ** 2

export function rlsServices(deps: RlsServicesDeps): ApplicationUsage {
  return defineUsage({
    auid: RLS_AUID,
    specs: ['RFC 4826'],
    mimeType: RLS_SERVICES,
    defaultNs: NS_RLS_SERVICES,
    namespaces: [NS_RLS_SERVICES, NS_RESOURCE_LISTS],
    async check({ account, root }) {
      const services = requireServices(root)
      for (const service of services) await requireService(deps, account, service)
      requireDifferent(claimsOf(root))
    },
    claims: ({ root }) => claimsOf(root),
    // §4.4.8, §4.4.9: the union of all, for the server's own alone.
    made: {
      tree: 'global',
      name: 'index',
      isPrivate: true,
      async make() {
        const rows = (await deps.rows.ofUsage(RLS_AUID)).filter(({ name }) => name === SERVED_NAME)
        const services = rows.flatMap(({ text }) => [
          ...parseDocument(text, limitsOf(MAX_BYTES)).elements(),
        ])
        const root = xml('rls-services', { xmlns: NS_RLS_SERVICES }, ...services)
        return `<?xml version="1.0" encoding="UTF-8"?>\n${root}`
      },
    },
  })
}

/** §4.2. Throws `Conflict`. */
function requireServices(root: Element): Element[] {
  requireRoot(root, 'rls-services', NS_RLS_SERVICES)
  return childrenOf(root, { names: ['service'], others: false })
}

/** §4.4.5. Throws `Conflict`. */
async function requireService(
  { directory, lists }: RlsServicesDeps,
  account: BareJid,
  service: Element,
): Promise<void> {
  const uri = requireAttribute(service, 'uri')
  const [list, packages, more] = childrenOf(service, {
    names: ['resource-list', 'list', 'packages'],
  })
  if (!list || list.name === 'packages') throw invalid(`The service ${uri} has no list`)
  if (more || (packages && packages.name !== 'packages')) {
    throw invalid(`The service ${uri} has more than one list`)
  }
  if (packages) childrenOf(packages, { names: ['package'] })
  if (list.name === 'list') requireMembers(list)
  else await requireOwnList(lists, account, list.text().trim())
  const host = canonicalServiceUri(uri)?.split('@').at(-1)
  if (host === undefined || !directory.isLocal(host)) {
    throw conflict('constraint-failure', `${uri} is no SIP URI at a domain of this system`)
  }
  if ((await directory.resolve(uri)).kind === 'user') throw taken([claimOf(uri)])
}

/** By what the URI says, wherever it leads. */
async function requireOwnList(lists: ListReader, account: BareJid, uri: string): Promise<void> {
  const path = /^https?:\/\//i.test(uri) ? lists.pathOf(uri)?.split('/~~')[0] : undefined
  const document = path === undefined ? undefined : parseDocumentSelector(path)
  if (document?.auid !== 'resource-lists' || !(await lists.isOwn(account, document))) {
    const text = `${uri} is no absolute URI of a list of the same user below this XCAP root`
    throw conflict('constraint-failure', text)
  }
}

function claimsOf(root: Element): Claim[] {
  return [...root.elements()].map((service) => claimOf(service.attr('uri') ?? ''))
}

function claimOf(uri: string): Claim {
  const value = canonicalServiceUri(uri) ?? uri
  const random = () => value.replace('@', `-${randomBytes(4).toString('hex')}@`)
  return { value, field: FIELD, alternatives: [random(), random()] }
}

function requireDifferent(claims: readonly Claim[]): void {
  const seen = new Set<string>()
  const twice = claims.filter(({ value }) => seen.size === seen.add(value).size)
  if (twice.length > 0) throw taken(twice)
}

function taken(claims: readonly Claim[]): Conflict {
  return notUnique(claims, `${claims.map(({ value }) => value).join(', ')} is taken`)
}
