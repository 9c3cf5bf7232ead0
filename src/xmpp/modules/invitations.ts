/** Invitations: XEP-0401, XEP-0379, XEP-0445. The commands are `../commands/inviting.ts`, the rest `../invitations`. */
import { defineModule } from '../module.ts'

export const invitations = defineModule({
  name: 'invitations',
  specs: [
    { xep: 401, version: '0.6.0', status: 'complete' },
    { xep: 379, version: '0.3.3', status: 'complete' },
    { xep: 445, version: '0.2.0', status: 'complete' },
  ],
  enabled: ({ invitations: who }) => who !== undefined && who !== 'off',
})
