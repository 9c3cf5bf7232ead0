/** Starts XCAP (RFC 4825): the documents, and what answers for them over HTTP. */
import type { Config } from '../config/schema.ts'
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
import { xcapUsages } from './usages/usages.ts'
import { XcapDocuments } from './xcap-documents.ts'
import { xcapPart } from './xcap-part.ts'

export type XcapConfig = Pick<Config, 'xcap'> & {
  readonly http: Pick<Config['http'], 'trustedProxies'>
}

export interface XcapDeps {
  readonly clock: Clock
  readonly log: Log
  readonly database: Database
  readonly directory: Directory
  readonly check: CheckAuthorization
}

export interface Xcap extends Disposable {
  readonly documents: XcapDocuments
  readonly httpPart: HttpPart
}

/** `more` application usages than the server has by itself. */
export function startXcap(
  { xcap, http }: XcapConfig,
  deps: XcapDeps,
  more: readonly ApplicationUsage[] = [],
): Xcap {
  const { maxDocument, maxDocuments, quota } = xcap
  const documents = new XcapDocuments({
    ...deps,
    rows: new XcapDocumentRows(deps.database),
    usages: xcapUsages(more),
    limits: { documentBytes: maxDocument, documents: maxDocuments, characters: quota },
  })
  const httpPart = xcapPart(xcap, {
    ...deps,
    documents,
    directory: new XcapDirectory(deps.directory),
    authentication: new XcapAuthentication(deps),
    callers: new Callers(http.trustedProxies),
  })
  return { documents, httpPart, [Symbol.dispose]: () => documents[Symbol.dispose]() }
}
