/**
 * XEP-0160: Best Practices for Handling Offline Messages, stamped by XEP-0203: Delayed Delivery.
 * The core keeps and delivers them (`core/messaging`); this tells clients that it does.
 */
import { defineModule } from '../module.ts'

export const offlineMessages = defineModule({
  name: 'offline-messages',
  specs: [
    { xep: 160, version: '1.0.1', status: 'complete' },
    { xep: 203, version: '2.0', status: 'complete' },
  ],
  features: ['msgoffline'],
})
