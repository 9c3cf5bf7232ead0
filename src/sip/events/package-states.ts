/** What the event packages know that tell of other things than presence. */
import type { Mailbox } from '../../core/messaging/mailbox.ts'
import type { PresenceService } from '../../core/presence/presence.ts'
import type { Clock } from '../../util/clock.ts'
import type { Log } from '../../util/log.ts'
import { DialogPresence } from './dialogs/dialog-presence.ts'
import { DialogStates } from './dialogs/dialog-states.ts'
import type { DialogDetails } from './dialogs/dialog-view.ts'
import { MailboxStates } from './message-summaries/mailbox-states.ts'
import { ContactStates, type ContactStatesDeps } from './reg/contact-states.ts'

export interface PackageStates {
  readonly dialogs: {
    readonly states: DialogStates
    readonly presence: DialogPresence
    /** For watchers who are not the user himself. */
    readonly details: DialogDetails
    /** Never more than one dialog in a document. */
    readonly single: boolean
  }
  readonly registrations: {
    readonly states: ContactStates
    /** Addresses that may watch everybody's. */
    readonly watchers: ReadonlySet<string>
  }
  readonly mailboxes: MailboxStates
}

export interface PackageStatesDeps extends Pick<ContactStatesDeps, 'isWatched'> {
  readonly clock: Clock
  readonly log: Log
  readonly presence: PresenceService
  readonly mailbox: Pick<Mailbox, 'count' | 'onChange'>
}

export interface PackageOptions {
  readonly dialogDetails: DialogDetails
  readonly singleDialog: boolean
  readonly registrationWatchers: readonly string[]
}

export function packageStates(deps: PackageStatesDeps, options: PackageOptions): PackageStates {
  return {
    dialogs: {
      states: new DialogStates(),
      presence: new DialogPresence(deps),
      details: options.dialogDetails,
      single: options.singleDialog,
    },
    registrations: {
      states: new ContactStates(deps),
      watchers: new Set(options.registrationWatchers),
    },
    mailboxes: new MailboxStates(deps.mailbox),
  }
}
