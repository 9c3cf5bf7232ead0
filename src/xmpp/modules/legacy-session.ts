/** The session that RFC 3921 §3 had clients begin: old ones still ask, and nothing is to be done. */
import { defineModule } from '../module.ts'
import { NS_SESSION } from '../namespaces.ts'

export const legacySession = defineModule({
  name: 'legacy-session',
  specs: [{ rfc: 3921, sections: '3', status: 'complete' }],

  setup({ iq }) {
    iq.server.set(NS_SESSION, 'session', () => undefined)
    iq.account.set(NS_SESSION, 'session', () => undefined)
  },
})
