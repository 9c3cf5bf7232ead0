/**
 * What people's clients say to each other about messages. The server routes it, keeps it for those who are away and copies
 * it to their other clients as each of these asks: `../messages/payloads.ts`. None of them is the server's to announce.
 */
import { defineModule } from '../module.ts'

export const messagePayloads = defineModule({
  name: 'message-payloads',
  specs: [
    { xep: 85, version: '2.1', status: 'complete' },
    { xep: 184, version: '1.4.0', status: 'complete' },
    { xep: 308, version: '1.2.1', status: 'complete' },
    { xep: 333, version: '1.0.0', status: 'complete' },
    { xep: 424, version: '0.4.2', status: 'partial' }, // no archive yet that would keep retractions
    { xep: 428, version: '0.2.1', status: 'complete' },
    { xep: 444, version: '0.2.1', status: 'complete' },
    { xep: 461, version: '0.2.1', status: 'complete' },
  ],
})
