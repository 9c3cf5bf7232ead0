/** What changes of the directory mean to those who are signed in. */
import type { BareJid } from '../core/address.ts'
import type { Directory } from '../directory/directory.ts'
import type { UserRemoved } from '../directory/events.ts'
import { StreamError } from './errors.ts'
import type { LocalSessions } from './local-sessions.ts'
import type { Broadcaster } from './presence/broadcaster.ts'
import { removedItem } from './roster/roster-stanza.ts'
import type { Rosters } from './roster/rosters.ts'
import type { XmppSession } from './session.ts'

export interface AccountChangesDeps {
  directory: Directory
  sessions: LocalSessions
  rosters: Rosters
  broadcaster: Broadcaster
}

export function watchAccounts(deps: AccountChangesDeps): Disposable {
  const { directory } = deps
  const watching = new DisposableStack()
  watching.use(
    directory.onUserRemoved((event) => {
      forget(deps, event)
      // XEP-0077 §3.2 names the condition; RFC 6120 §4.9.3.12 for an account that may do nothing any more.
      close(deps, event.account, new StreamError('not-authorized', 'the account was removed'))
    }),
  )
  watching.use(
    directory.onUserDisabled((account) =>
      close(deps, account, new StreamError('not-authorized', 'the account was disabled')),
    ),
  )
  watching.use(
    directory.onPasswordChanged((account) =>
      // RFC 6120 §4.9.3.16: what the stream was secured with holds no longer; sign in again.
      close(deps, account, new StreamError('reset', 'the password was changed')),
    ),
  )
  watching.use(
    directory.devices.onRemoved(({ account, device }) => {
      const error = new StreamError('not-authorized', 'the device was removed')
      close(deps, account, error, ({ client }) =>
        device === undefined ? client !== undefined : client === device,
      )
    }),
  )
  return watching
}

/** He leaves the lists and the screens of his contacts. */
function forget({ broadcaster, rosters }: AccountChangesDeps, event: UserRemoved): void {
  for (const { account: contact, version, removed } of event.affected) {
    const { subscription, inRoster } = removed
    if (subscription === 'to' || subscription === 'both') {
      broadcaster.end(event.account, contact)
    }
    if (inRoster) rosters.push(contact, version, removedItem(event.account))
  }
}

/** One turn later, so that a client that asked for the change gets its answer first (XEP-0077 §3.2). */
function close(
  { sessions }: AccountChangesDeps,
  account: BareJid,
  error: StreamError,
  ends: (session: XmppSession) => boolean = () => true,
): void {
  setImmediate(() => {
    for (const session of sessions.connected(account).filter(ends)) session.close(error)
  })
}
