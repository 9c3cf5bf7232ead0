/** What the routes call. A route parses, calls one of these, and renders; it decides nothing itself. */
import type { BareJid } from '../core/address.ts'
import type { AccessControl } from '../core/presence/access/access-control.ts'
import type { Contacts } from '../core/presence/contacts.ts'
import type { ManualPresence } from '../core/presence/manual-presence.ts'
import type { PresenceService } from '../core/presence/presence.ts'
import type { Subscriptions } from '../core/presence/subscriptions.ts'
import type { Watchers } from '../core/presence/watchers.ts'
import type { Sessions } from '../core/sessions.ts'
import type { Directory } from '../directory/directory.ts'
import type { Clock } from '../util/clock.ts'
import type { Log } from '../util/log.ts'
import type { Audit } from './audit.ts'
import type { SignIn } from './sign-in.ts'

/** One socket that the server accepts on, as `status` shows it. */
export interface ListenerStatus {
  readonly name: string
  readonly address: string
  readonly port: number
  readonly detail: string
}

/** A file that a user shares. Times in milliseconds since the epoch. */
export interface SharedFile {
  readonly id: string
  readonly name: string
  readonly contentType: string
  /** Bytes. */
  readonly size: number
  readonly purpose: string
  readonly createdAt: number
  /** `undefined` where it stays as long as its user. */
  readonly expiresAt: number | undefined
  readonly url: string
}

export interface SharedFiles {
  /** In order of arrival; `after` is the id of the last one before. */
  list(
    account: BareJid,
    page: { readonly after?: string | undefined; readonly limit: number },
  ): Promise<readonly SharedFile[]>
  /** False where the user has no such file. */
  remove(account: BareJid, id: string): Promise<boolean>
  removeAll(account: BareJid): Promise<void>
}

/** What became of a file of XEP-0227. */
export interface PortableReport {
  added: number
  updated: number
  /** Users who exist and were left as they are. */
  unchanged: number
  /** Users who were not taken. */
  failed: number
  /** In order of the file; the first 1,000. `account` may be empty, or a domain. */
  problems: { account: string; code: string; reason: string }[]
  problemsTotal: number
  /** Sections that this server does not keep, as `{namespace}name`; the first 100 kinds. */
  skipped: { section: string; count: number }[]
}

/** Accounts as XEP-0227 writes them. */
export interface PortableAccounts {
  /** Throws `DirectoryError` `NO_SUCH_DOMAIN`. */
  export(domain: string | undefined): AsyncIterable<string>
  import(
    source: AsyncIterable<Uint8Array>,
    options: {
      readonly dryRun: boolean
      readonly overwrite: boolean
      readonly signal: AbortSignal
    },
  ): Promise<PortableReport>
}

export interface Services {
  readonly directory: Directory
  readonly presence: PresenceService
  readonly access: AccessControl
  readonly subscriptions: Subscriptions
  readonly contacts: Contacts
  readonly watchers: Watchers
  readonly manual: ManualPresence
  readonly sessions: Sessions
  readonly signIn: SignIn
  readonly audit: Audit
  readonly clock: Clock
  readonly log: Log
  /** Absent where users share none. */
  readonly files?: SharedFiles | undefined
  /** Absent where accounts do not move. */
  readonly portable?: PortableAccounts | undefined
  /** Asked when somebody wants to know: listeners open one after the other. */
  readonly listeners: () => readonly ListenerStatus[]
  /** For how long a state that an application put without an end is believed. */
  readonly apiLifetimeMs: number
  readonly version: string
}
