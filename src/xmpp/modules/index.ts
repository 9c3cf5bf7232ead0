/** Every extension, in the order in which stream features are offered and modules set up. */
import type { XmppModule } from '../module.ts'
import { subscriptionApproval } from '../presence/pre-approval.ts'
import { roster } from '../roster/roster.ts'
import { adHocCommands } from './ad-hoc-commands.ts'
import { amp } from './amp.ts'
import { bind2 } from './bind2.ts'
import { blocking } from './blocking.ts'
import { caps } from './caps.ts'
import { caps2 } from './caps2.ts'
import { carbons } from './carbons.ts'
import { clientCertificates } from './client-certificates.ts'
import { clientState } from './client-state.ts'
import { components } from './components.ts'
import { contactAddresses } from './contact-addresses.ts'
import { disco } from './disco.ts'
import { entityTime } from './entity-time.ts'
import { externalServices } from './external-services.ts'
import { fast } from './fast.ts'
import { flexibleOffline } from './flexible-offline.ts'
import { hints } from './hints.ts'
import { httpUpload } from './http-upload.ts'
import { invitations } from './invitations.ts'
import { lastActivity } from './last-activity.ts'
import { legacySession } from './legacy-session.ts'
import { messagePayloads } from './message-payloads.ts'
import { multicast } from './multicast.ts'
import { offlineMessages } from './offline-messages.ts'
import { ping } from './ping.ts'
import { privacyLists } from './privacy-lists.ts'
import { privateStorage } from './private-storage.ts'
import { push } from './push.ts'
import { registration } from './registration.ts'
import { saslUpgrades } from './sasl-upgrades.ts'
import { sasl2 } from './sasl2.ts'
import { serviceOutage } from './service-outage.ts'
import { stanzaIds } from './stanza-ids.ts'
import { streamManagement } from './stream-management.ts'
import { vcard } from './vcard.ts'
import { vcardAvatar } from './vcard-avatar.ts'
import { version } from './version.ts'

export const xmppModules: readonly XmppModule[] = [
  sasl2,
  bind2,
  fast,
  saslUpgrades,
  clientCertificates,
  roster,
  subscriptionApproval,
  streamManagement,
  clientState,
  push,
  blocking,
  privacyLists,
  legacySession,
  offlineMessages,
  flexibleOffline,
  carbons,
  stanzaIds,
  hints,
  messagePayloads,
  amp,
  disco,
  caps,
  caps2,
  ping,
  version,
  entityTime,
  lastActivity,
  privateStorage,
  vcard,
  vcardAvatar,
  contactAddresses,
  components,
  serviceOutage,
  externalServices,
  httpUpload,
  multicast,
  registration,
  invitations,
  adHocCommands,
]
