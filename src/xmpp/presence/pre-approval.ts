/** Approving subscriptions before they are asked for (RFC 6121 §3.4): the work is in `subscriptions.ts`. */
import { xml } from '../../xml/element.ts'
import { defineModule } from '../module.ts'

const NS_PRE_APPROVAL = 'urn:xmpp:features:pre-approval'

export const subscriptionApproval = defineModule({
  name: 'presence-subscriptions',
  specs: [{ rfc: 6121, sections: '3, 4, appendix A', status: 'complete' }],
  streamFeatures: () => [xml('sub', { xmlns: NS_PRE_APPROVAL })],
})
