/** XEP-0334: Message Processing Hints, which decide in `../messages/payloads.ts` what is kept and what is copied. */
import { defineModule } from '../module.ts'

export const hints = defineModule({
  name: 'hints',
  specs: [{ xep: 334, version: '1.0.0', status: 'complete' }],
})
