/** Files that users share: where they are kept, and by which address they are found. */
import { join } from 'node:path'
import { domainToASCII } from 'node:url'
import type { Config } from '../config/schema.ts'
import type { Directory } from '../directory/directory.ts'
import type { Listener } from '../ops/listeners.ts'
import type { Database } from '../storage/database.ts'
import type { Clock } from '../util/clock.ts'
import type { Log } from '../util/log.ts'
import { UPLOAD_PATH } from '../xmpp/upload/http/upload-part.ts'
import { openUploads } from '../xmpp/upload/open-uploads.ts'
import type { Uploads } from '../xmpp/upload/uploads.ts'

export interface SharedFilesDeps {
  readonly clock: Clock
  readonly log: Log
  readonly directory: Directory
  readonly database: Database
  /** Those that accept by now: asked when somebody is told an address. */
  readonly listeners: () => readonly Listener[]
}

const FOLDER = 'uploads'
const HTTPS_PORT = 443

/** `undefined` where the operator does not want them, or nothing listens for them. */
export async function openSharedFiles(
  config: Config,
  { listeners, ...deps }: SharedFilesDeps,
): Promise<Uploads | undefined> {
  const { listen, http, upload, data } = config
  if (!upload.enabled) return undefined
  if (!listen.https && !listen.httpsXmpp && !listen.http) {
    deps.log.warn({ what: 'upload_without_http_listener' })
    return undefined
  }
  const baseUrl = (domain: string) => addressOf(domain, http.publicUrl, listeners()) + UPLOAD_PATH
  return await openUploads({ ...deps, config: upload, path: join(data, FOLDER), baseUrl })
}

/** Where clients reach what is served over HTTP; without a slash at its end. */
function addressOf(
  domain: string,
  publicUrl: string | undefined,
  listeners: readonly Listener[],
): string {
  if (publicUrl !== undefined) return publicUrl.replace(/\/$/, '')
  // Behind a proxy that the operator does not tell of, the usual port.
  const port = portOf('httpsXmpp', listeners) ?? portOf('https', listeners) ?? HTTPS_PORT
  return `https://${domainToASCII(domain)}${port === HTTPS_PORT ? '' : `:${port}`}`
}

function portOf(kind: Listener['kind'], listeners: readonly Listener[]): number | undefined {
  return listeners.find((listener) => listener.kind === kind)?.address.port
}
