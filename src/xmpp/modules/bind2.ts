/** XEP-0386: Bind 2, as the server speaks of it. What it does comes before any stanza: `../c2s/bind2.ts`. */
import { defineModule } from '../module.ts'

export const bind2 = defineModule({
  name: 'bind2',
  specs: [{ xep: 386, version: '1.1.0', status: 'partial' }], // no message archive yet: offline messages come as ever, and nothing is told of it
})
