/**
 * XEP-0359: Unique and Stable Stanza IDs, by the accounts that messages are for.
 *
 * Only a message that is kept or copied has one, until there is an archive that a client could ask for it.
 * Those that somebody made up are taken out of every message.
 */
import { defineModule } from '../module.ts'
import { NS_SID } from '../namespaces.ts'

export const stanzaIds = defineModule({
  name: 'stanza-ids',
  specs: [{ xep: 359, version: '0.7.0', status: 'complete' }],
  features: [NS_SID],
  accountFeatures: [NS_SID],
})
