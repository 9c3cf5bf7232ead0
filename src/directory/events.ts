/** What the directory tells, each after the change is committed. */
import type { BareJid } from '../core/address.ts'
import type { Log } from '../util/log.ts'
import type { AffectedList } from './contact-lists.ts'
import { Signal } from './signal.ts'

export interface UserRemoved {
  readonly account: BareJid
  /** Lists that he was on, for pushes to those who are signed in. */
  readonly affected: readonly AffectedList[]
}

export class DirectoryEvents {
  readonly userAdded: Signal<BareJid>
  readonly userRemoved: Signal<UserRemoved>
  readonly userDisabled: Signal<BareJid>
  readonly passwordChanged: Signal<BareJid>
  readonly addressesChanged: Signal<BareJid>
  readonly domainChanged: Signal<string>
  readonly domainRemoved: Signal<string>

  constructor(log: Log) {
    this.userAdded = new Signal('user-added', log)
    this.userRemoved = new Signal('user-removed', log)
    this.userDisabled = new Signal('user-disabled', log)
    this.passwordChanged = new Signal('password-changed', log)
    this.addressesChanged = new Signal('addresses-changed', log)
    this.domainChanged = new Signal('domain-changed', log)
    this.domainRemoved = new Signal('domain-removed', log)
  }
}
