/** Files that users share: where they are kept, and by which address they are found. */
import { join } from 'node:path'
import type { Config } from '../config/schema.ts'
import type { Directory } from '../directory/directory.ts'
import type { Listener } from '../ops/listeners.ts'
import type { Database } from '../storage/database.ts'
import type { Clock } from '../util/clock.ts'
import type { Log } from '../util/log.ts'
import { UPLOAD_PATH } from '../xmpp/upload/http/upload-part.ts'
import { openUploads } from '../xmpp/upload/open-uploads.ts'
import type { Uploads } from '../xmpp/upload/uploads.ts'
import { httpAddress } from './http-address.ts'

export interface SharedFilesDeps {
  readonly clock: Clock
  readonly log: Log
  readonly directory: Directory
  readonly database: Database
  /** Those that accept by now: asked when somebody is told an address. */
  readonly listeners: () => readonly Listener[]
}

const FOLDER = 'uploads'

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
  const baseUrl = (domain: string) => httpAddress(domain, http.publicUrl, listeners()) + UPLOAD_PATH
  return await openUploads({ ...deps, config: upload, path: join(data, FOLDER), baseUrl })
}
