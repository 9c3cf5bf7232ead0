/** Every table, one file each (or one for tables that are only ever used together). */
import type { AccessLevelsTable, AccessRulesTable } from './access.ts'
import type { AddressesTable, HandlesTable } from './addresses.ts'
import type { AdministratorsTable } from './administrators.ts'
import type { AuditLogTable } from './audit-log.ts'
import type { CredentialsTable, DigestHashesTable } from './credentials.ts'
import type { DomainsTable } from './domains.ts'
import type { FastTokensTable } from './fast-tokens.ts'
import type { InvitationsTable } from './invitations.ts'
import type { LastActivityTable } from './last-activity.ts'
import type { NoticesSeenTable, NoticesTable } from './notices.ts'
import type { OfflineMessagesTable } from './offline-messages.ts'
import type { PersonalDataTable } from './personal-data.ts'
import type { PresenceManualTable } from './presence-manual.ts'
import type { PushServicesTable } from './push-services.ts'
import type { RosterItemsTable, RosterRemovalsTable, RosterVersionsTable } from './rosters.ts'
import type { SettingsTable } from './settings.ts'
import type { SipBindingsTable, SipPublicationsTable, SipSubscriptionsTable } from './sip.ts'
import type { UploadsTable } from './uploads.ts'
import type { UsersTable } from './users.ts'
import type { XcapClaimsTable, XcapDocumentsTable } from './xcap.ts'

export interface Schema {
  heliograph_migrations: { name: string; applied_at: number }
  domains: DomainsTable
  users: UsersTable
  credentials: CredentialsTable
  digest_hashes: DigestHashesTable
  addresses: AddressesTable
  handles: HandlesTable
  roster_versions: RosterVersionsTable
  roster_items: RosterItemsTable
  roster_removals: RosterRemovalsTable
  offline_messages: OfflineMessagesTable
  settings: SettingsTable
  administrators: AdministratorsTable
  audit_log: AuditLogTable
  sip_publications: SipPublicationsTable
  sip_subscriptions: SipSubscriptionsTable
  sip_bindings: SipBindingsTable
  presence_manual: PresenceManualTable
  personal_data: PersonalDataTable
  last_activity: LastActivityTable
  access_levels: AccessLevelsTable
  access_rules: AccessRulesTable
  fast_tokens: FastTokensTable
  invitations: InvitationsTable
  notices: NoticesTable
  notices_seen: NoticesSeenTable
  push_services: PushServicesTable
  uploads: UploadsTable
  xcap_documents: XcapDocumentsTable
  xcap_claims: XcapClaimsTable
}
