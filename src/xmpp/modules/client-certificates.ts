/**
 * XEP-0178: Best Practices for Use of SASL EXTERNAL with Certificates, as far as clients go. What it does comes before any
 * stanza: `../sasl/external.ts`.
 */
import { defineModule } from '../module.ts'

export const clientCertificates = defineModule({
  name: 'client-certificates',
  specs: [{ xep: 178, version: '1.2', status: 'partial' }], // clients only; servers come with federation
})
