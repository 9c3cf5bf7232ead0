/** What access control needs of the rest of the system. */
import type { Clock } from '../../../util/clock.ts'
import type { Log } from '../../../util/log.ts'
import type { BareJid } from '../../address.ts'
import type { SourceClass } from '../observation.ts'
import type { AccessLevel } from './access-level.ts'
import type { Rule } from './rule.ts'
import type { StoredAccess } from './rule-book.ts'
import type { Fallback } from './rule-index.ts'

export interface AccessStore {
  load(): Promise<StoredAccess>
  putLevel(level: AccessLevel): Promise<void>
  removeLevel(name: string): Promise<void>
  /** In one transaction; rules are known by presentity, watcher, level and `enforced`. */
  changeRules(change: { remove: readonly Rule[]; put: readonly Rule[] }): Promise<void>
  /** `undefined` where nobody has switched it. */
  crossDomain(): Promise<boolean | undefined>
  setCrossDomain(on: boolean): Promise<void>
}

/** What contact lists say: who was granted a subscription (RFC 6121 §3.1.5). */
export interface Grants {
  isGranted(presentity: BareJid, watcher: string): boolean | Promise<boolean>
}

export interface People {
  isLocal(domain: string): boolean
  /** Accounts with an address of another system in this domain. */
  accountsWithAddressIn(domain: string): Promise<readonly BareJid[]>
}

export interface AccessControlDeps {
  readonly store: AccessStore
  readonly grants: Grants
  readonly people: People
  readonly clock: Clock
  readonly log: Log
  /** Every class that a source may have. */
  readonly classes: readonly SourceClass[]
  /** Where no rule speaks about a user of this system; strangers need a confirmation. */
  readonly sameSystem: Fallback
  /** Until somebody switches it. */
  readonly crossDomain: boolean
}
