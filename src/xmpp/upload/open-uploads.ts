/** Shared files on a database and a directory. */
import { randomBytes } from 'node:crypto'
import type { Directory } from '../../directory/directory.ts'
import type { Database } from '../../storage/database.ts'
import { initSetting } from '../../storage/stores/settings.ts'
import { UploadRecords } from '../../storage/stores/uploads.ts'
import type { Clock } from '../../util/clock.ts'
import type { Log } from '../../util/log.ts'
import { FileStore } from './file-store.ts'
import { SlotUrls } from './slot-urls.ts'
import type { UploadConfig } from './upload-config.ts'
import { Uploads } from './uploads.ts'

export interface OpenUploadsDeps {
  readonly clock: Clock
  readonly log: Log
  readonly directory: Directory
  readonly database: Database
  readonly config: UploadConfig
  /** For the files; nobody else uses it. */
  readonly path: string
  /** Where files of this domain's users are found; without a slash at its end. */
  readonly baseUrl: (domain: string) => string
}

const KEY = 'upload.key'
const KEY_BYTES = 32

/** Throws `OperatorError` `DATA_UNWRITABLE`. */
export async function openUploads({ database, path, ...deps }: OpenUploadsDeps): Promise<Uploads> {
  const { kysely } = database
  const key = await initSetting(kysely, KEY, {
    value: randomBytes(KEY_BYTES).toString('base64'),
    now: deps.clock.now(),
  })
  return await Uploads.open({
    ...deps,
    records: new UploadRecords(kysely),
    files: await FileStore.open(path),
    urls: new SlotUrls(Buffer.from(String(key), 'base64')),
  })
}
