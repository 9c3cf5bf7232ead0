import type { ComponentConfig } from './components/component.ts'
import type { ContactAddresses } from './modules/contact-addresses.ts'
import type { ExternalService } from './modules/external-services.ts'
import type { MulticastConfig } from './multicast/multicast-config.ts'
import type { PaceConfig } from './multicast/pace.ts'
import type { PushContent } from './push/publication.ts'

/** What instant messaging and presence need to know. */
export interface XmppConfig extends PaceConfig {
  /** By `invite` whoever has an invitation may make an account (XEP-0445). */
  readonly registration: 'off' | 'invite' | 'open'
  /** Who may invite (XEP-0401): nobody, those of `admins`, or everybody. */
  readonly invitations?: 'off' | 'admins' | 'users'
  /** How long an invitation is good, milliseconds. */
  readonly invitationLifetime?: number
  /** Of a page that shows an invitation, with `{uri}` where its address is to stand. */
  readonly invitationPage?: string | undefined
  /** Accounts that one network address may make in an hour. */
  readonly registrationsPerHour: number
  /** Addresses that one client may send directed presence to. */
  readonly maxDirectedPresence: number
  /** What watchers see of somebody who is busy, in a meeting or on a call. */
  readonly busyShow: 'dnd' | 'none'
  /** Whether users may change their passwords over XMPP (XEP-0077 §3.3). */
  readonly passwordChange: boolean
  /** Bare JIDs of those who administer over XMPP (XEP-0133). */
  readonly admins: readonly string[]
  /** Bytes of a vCard, its picture included. */
  readonly maxVcardSize: number
  /** Bytes of all private XML of one user. */
  readonly maxPrivateData: number
  /** Whether clients of old are shown the block list as a privacy list (XEP-0016). */
  readonly privacyLists: boolean
  readonly contactAddresses: ContactAddresses
  /** Where it is said what is wrong with the service (XEP-0455). */
  readonly outageUrls: readonly string[]
  readonly externalServices: readonly ExternalService[]
  /** What push services are told (XEP-0357); there are none where it is absent. */
  readonly push?: PushContent | 'off'
  /** Stanzas for many (XEP-0033); nobody may send any where it is absent. */
  readonly multicast?: MulticastConfig
  /** External components (XEP-0114). */
  readonly components?: readonly ComponentConfig[]
}
