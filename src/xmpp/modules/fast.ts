/** XEP-0484: Fast Authentication Streamlining Tokens, as the server speaks of them. What they do comes before any stanza: `../sasl/fast`. */
import { defineModule } from '../module.ts'

export const fast = defineModule({
  name: 'fast',
  specs: [{ xep: 484, version: '0.2.0', status: 'complete' }],
})
