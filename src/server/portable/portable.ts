/** Accounts that move from server to server in the format of XEP-0227, for the API. */
import type { PortableAccounts } from '../../admin/services.ts'
import type { Messaging } from '../../core/messaging/messaging.ts'
import type { AccessControl } from '../../core/presence/access/access-control.ts'
import type { Directory } from '../../directory/directory.ts'
import type { Database } from '../../storage/database.ts'
import type { Log } from '../../util/log.ts'
import { exportAccounts } from './export-accounts.ts'
import { importAccounts } from './import-accounts.ts'

export interface PortableDeps {
  readonly directory: Directory
  readonly database: Database
  readonly access: AccessControl
  readonly messaging: Pick<Messaging, 'mailbox'>
  readonly log: Log
}

export interface PortableLimits {
  readonly maxVcardSize: number
  readonly maxPrivateData: number
}

export function portableAccounts(deps: PortableDeps, limits: PortableLimits): PortableAccounts {
  return {
    export: (domain) => told(deps, exportAccounts(deps, domain)),
    import: (source, options) => importAccounts(deps, source, { ...limits, ...options }),
  }
}

/** Who gets the file learns only that it ends early. */
async function* told({ log }: PortableDeps, pieces: AsyncIterable<string>): AsyncIterable<string> {
  try {
    yield* pieces
  } catch (err) {
    log.error({ what: 'accounts_export_failed', err })
    throw err
  }
}
