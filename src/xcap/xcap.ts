/** Starts XCAP (RFC 4825): the documents, and what answers for them over HTTP. */
import type { Config } from '../config/schema.ts'
import { domainOf } from '../core/address.ts'
import type { AccessControl } from '../core/presence/access/access-control.ts'
import type { Contacts } from '../core/presence/contacts.ts'
import type { ListServices } from '../core/presence/list-services.ts'
import type { PresenceService } from '../core/presence/presence.ts'
import type { Directory } from '../directory/directory.ts'
import { Callers } from '../net/callers.ts'
import type { HttpPart } from '../net/http-part.ts'
import type { Database } from '../storage/database.ts'
import { XcapDocumentRows } from '../storage/stores/xcap-documents.ts'
import type { Clock } from '../util/clock.ts'
import type { Log } from '../util/log.ts'
import type { ApplicationUsage } from './application-usage.ts'
import { type CheckAuthorization, XcapAuthentication } from './authentication.ts'
import { XcapDirectory } from './authorization.ts'
import { XcapDiffs } from './diff/xcap-diffs.ts'
import { iconPart } from './icon-part.ts'
import { ListReader } from './lists/list-reader.ts'
import { XcapListServices } from './lists/xcap-list-services.ts'
import { StatusIcons } from './status-icons.ts'
import { ListPolicies, OMA_PRES_RULES, OMA_PRES_RULES_NAME } from './usages/oma-pres-rules.ts'
import { xcapUsages } from './usages/usages.ts'
import { type DocumentKey, XcapDocuments } from './xcap-documents.ts'
import { type XcapAudit, xcapPart } from './xcap-part.ts'

export type XcapConfig = Pick<Config, 'xcap'> & {
  readonly http: Pick<Config['http'], 'trustedProxies'>
}

export interface XcapDeps {
  readonly clock: Clock
  readonly log: Log
  readonly database: Database
  readonly directory: Directory
  readonly contacts: Contacts
  readonly access: AccessControl
  readonly presence: PresenceService
  readonly check: CheckAuthorization
  readonly audit: XcapAudit
  /** Where clients of a domain reach what is served over HTTP; without a slash at its end. */
  httpAddress(domain: string): string
}

export interface Xcap extends Disposable {
  readonly documents: XcapDocuments
  readonly lists: ListServices
  readonly diffs: XcapDiffs
  readonly httpParts: readonly HttpPart[]
  /** To be called when the listeners accept: from then on presence tells where pictures are. */
  showIcons(): Promise<void>
}

/** `more` application usages than the server has by itself. */
export async function startXcap(
  config: XcapConfig,
  deps: XcapDeps,
  more: readonly ApplicationUsage[] = [],
): Promise<Xcap> {
  const { xcap, http } = config
  const directory = new XcapDirectory(deps.directory)
  const rows = new XcapDocumentRows(deps.database)
  const policies = new ListPolicies()
  const read = (key: DocumentKey) => documents.read(key)
  const accountOf = (user: string) => directory.accountOf(user)
  const lists = new ListReader({ root: xcap.root, read, accountOf })
  const icons = new StatusIcons({
    ...{ ...deps, rows },
    urlOf: (account, id) => `${deps.httpAddress(domainOf(account))}${xcap.root}/icons/${id}`,
  })
  const usages = xcapUsages(
    {
      ...{ ...deps, rows, policies, lists, icons, read },
      list: (account) => documents.list(account),
      uriOf: (key) => uriOf(deps.httpAddress(domainOf(key.account)) + xcap.root, key),
    },
    more,
  )
  const documents: XcapDocuments = new XcapDocuments({
    ...deps,
    rows,
    usages,
    limits: limits(xcap),
  })
  await documents.restore()
  const watches = new DisposableStack()
  watches.use(documents)
  watches.use(followLists(documents, policies, deps.log))
  watches.use(deps.directory.onUserRemoved(({ account }) => documents.forget(account)))
  const diffs = watches.use(new XcapDiffs({ ...deps, root: xcap.root, documents, accountOf }))
  const authentication = new XcapAuthentication(deps)
  const callers = new Callers(http.trustedProxies)
  return {
    documents,
    lists: new XcapListServices({ rows, lists, documents }),
    diffs,
    httpParts: [
      xcapPart(xcap, { ...deps, documents, directory, authentication, callers }),
      iconPart(xcap.root, rows),
    ],
    showIcons: () => icons.show(),
    [Symbol.dispose]: () => watches.dispose(),
  }
}

function limits({ maxDocument, maxDocuments, quota }: XcapConfig['xcap']) {
  return { documentBytes: maxDocument, documents: maxDocuments, characters: quota }
}

function uriOf(root: string, { account, auid, name }: DocumentKey): string {
  const user = encodeURIComponent(account).replace('%40', '@')
  return `${root}/${auid}/users/sip:${user}/${encodeURI(name)}`
}

/** Rules that go by lists change with them. */
function followLists(documents: XcapDocuments, policies: ListPolicies, log: Log): Disposable {
  return documents.onChange(({ account, auid }) => {
    if (auid !== 'resource-lists' || !policies.has(account)) return
    const key = { account, auid: OMA_PRES_RULES, name: OMA_PRES_RULES_NAME }
    documents.renew(key).catch((err: unknown) => {
      log.error({ what: 'xcap_rules_not_renewed', account, err })
    })
  })
}
