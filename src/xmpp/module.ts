/** What a protocol extension says about itself: disco, stream features and reference pages come from the record. */

import type { Messaging } from '../core/messaging/messaging.ts'
import type { AccessControl } from '../core/presence/access/access-control.ts'
import type { PresenceService } from '../core/presence/presence.ts'
import type { Sessions } from '../core/sessions.ts'
import type { Directory } from '../directory/directory.ts'
import type { Clock } from '../util/clock.ts'
import type { Log } from '../util/log.ts'
import type { Element } from '../xml/element.ts'
import type { CommandAudit } from './commands/administration-task.ts'
import type { Invitations } from './invitations/invitations.ts'
import type { DiscoNodes } from './iq/disco-nodes.ts'
import type { IqHandlers } from './iq/iq-handlers.ts'
import type { LocalSessions } from './local-sessions.ts'
import type { Notices } from './notices/notices.ts'
import type { Sight } from './presence/sight.ts'
import type { XmppSubscriptions } from './presence/subscriptions.ts'
import type { Pushes } from './push/pushes.ts'
import type { Rosters } from './roster/rosters.ts'
import type { ServiceHosts } from './service-hosts.ts'
import type { BindFeature } from './session.ts'
import type { Uploads } from './upload/uploads.ts'
import type { XmppConfig } from './xmpp-config.ts'

export type Spec =
  | { readonly xep: number; readonly version: string; readonly status: 'complete' | 'partial' }
  | { readonly rfc: number; readonly sections: string; readonly status: 'complete' | 'partial' }

/** What modules may use. Each takes what it needs. */
export interface ModuleContext {
  readonly iq: IqHandlers
  /** Of service discovery (XEP-0030). */
  readonly nodes: DiscoNodes
  /** What has an address of its own, beside that of a domain. */
  readonly services: ServiceHosts
  /** Files that users share; `undefined` where they do not. */
  readonly uploads: Uploads | undefined
  /** `undefined` where nobody is woken. */
  readonly pushes: Pushes | undefined
  /** `undefined` where nobody invites anybody. */
  readonly invitations: Invitations | undefined
  /** What users are told; `undefined` where nothing is kept of it. */
  readonly notices: Notices | undefined
  readonly messaging: Messaging
  readonly presence: PresenceService
  readonly directory: Directory
  readonly access: AccessControl
  readonly rosters: Rosters
  readonly sight: Sight
  readonly subscriptions: XmppSubscriptions
  readonly sessions: LocalSessions
  /** Sessions of every protocol and account. */
  readonly everybody: Pick<Sessions, 'all'>
  /** Where it is written down who did what; `undefined` where nowhere. */
  readonly audit: CommandAudit | undefined
  readonly config: XmppConfig
  readonly clock: Clock
  readonly log: Log
  readonly server: ServerIdentity
}

export interface ServerIdentity {
  readonly name: string
  readonly version: string
  /** Of all modules, sorted: what `disco#info` of a domain and of an account say. */
  features(of: 'server' | 'account'): readonly string[]
  /** Of all modules: what `disco#info` of a domain says besides (XEP-0128). */
  readonly forms: readonly Element[]
}

export interface XmppModule {
  readonly name: string
  readonly specs: readonly Spec[]
  /** Namespaces that `disco#info` of a domain lists. */
  readonly features?: readonly string[]
  /** Namespaces that `disco#info` of an account lists. */
  readonly accountFeatures?: readonly string[]
  /** Forms of `disco#info` of a domain (XEP-0128), each of a type of its own. */
  forms?(config: XmppConfig): readonly Element[]
  /** Left out of everything where it answers false. */
  enabled?(config: XmppConfig): boolean
  /** Registers what the module answers; disposing of the answer ends what else it began. */
  setup?(context: ModuleContext): Disposable | undefined
  /** What a client may have turned on together with its resource (XEP-0386). */
  readonly bindFeatures?: readonly BindFeature[]
  /** Offered to a client that has signed in (RFC 6120 §4.3.2). */
  streamFeatures?(server: ServerIdentity): readonly Element[]
}

export function defineModule(module: XmppModule): XmppModule {
  return module
}
