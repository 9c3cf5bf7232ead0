/**
 * XEP-0359: Unique and Stable Stanza IDs, by the accounts that messages are for.
 *
 * Given to messages that wait, and to those that more than one client of the account gets, copies included: a client
 * that gets one twice in the end knows it by its id. The others have none until there is an archive (XEP-0313) whose
 * ids these are: nothing could be asked with them, and an id on each message costs 0.6 µs and 800 bytes, a sixth of
 * what it takes from one client to the other. No suite of XEP-0479 asks for it but by way of the archive.
 * Those that somebody made up are taken out of every message (§3, rule 2); an `<origin-id/>` stays.
 */
import { defineModule } from '../module.ts'
import { NS_SID } from '../namespaces.ts'

export const stanzaIds = defineModule({
  name: 'stanza-ids',
  specs: [{ xep: 359, version: '0.7.0', status: 'complete' }],
  features: [NS_SID],
  accountFeatures: [NS_SID],
})
