/** XEP-0199: XMPP Ping, answered for a domain and for the sender's own account. */
import { serviceUnavailable } from '../errors.ts'
import { defineModule } from '../module.ts'

const NS_PING = 'urn:xmpp:ping'

export const ping = defineModule({
  name: 'ping',
  specs: [{ xep: 199, version: '2.0.1', status: 'complete' }],
  features: [NS_PING],
  accountFeatures: [NS_PING],

  setup({ iq }) {
    iq.server.get(NS_PING, 'ping', () => undefined)
    iq.account.get(NS_PING, 'ping', ({ from, to }) => {
      // An answer for somebody else would tell that his account exists.
      if (from.bare !== to) throw serviceUnavailable()
      return undefined
    })
  },
})
