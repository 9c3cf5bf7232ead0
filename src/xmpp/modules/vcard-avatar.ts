/** XEP-0153: vCard-Based Avatars. Where presence passes, `../presence/avatars.ts` does it. */
import { defineModule } from '../module.ts'

export const vcardAvatar = defineModule({
  name: 'vcard-avatar',
  specs: [{ xep: 153, version: '1.1.1', status: 'complete' }],
})
