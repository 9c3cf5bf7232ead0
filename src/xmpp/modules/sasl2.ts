/**
 * XEP-0388: Extensible SASL Profile, as the server speaks of it. What it does comes before any stanza: `../c2s/sasl2.ts`;
 * its offers, `../c2s/features.ts`.
 */
import { defineModule } from '../module.ts'

export const sasl2 = defineModule({
  name: 'sasl2',
  specs: [
    { xep: 388, version: '1.0.4', status: 'complete' },
    { xep: 440, version: '1.0.0', status: 'complete' },
    { xep: 474, version: '0.5.0', status: 'partial' }, // for SASL2 only: older clients do not take what they do not know
  ],
})
