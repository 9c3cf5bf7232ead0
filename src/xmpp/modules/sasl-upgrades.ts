/** XEP-0480: SASL Upgrade Tasks, for accounts that came from another server. What they do comes before any stanza: `../sasl/scram-upgrade.ts`. */
import { defineModule } from '../module.ts'

export const saslUpgrades = defineModule({
  name: 'sasl-upgrades',
  specs: [{ xep: 480, version: '0.2.0', status: 'complete' }],
})
