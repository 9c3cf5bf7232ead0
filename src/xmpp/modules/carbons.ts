/**
 * XEP-0280: Message Carbons, forwarded as XEP-0297: Stanza Forwarding has it. Who gets copies of what is the core's to
 * say (`core/messaging/copies.ts`) and `../messages/payloads.ts`'s; here clients ask for them.
 */
import { serviceUnavailable } from '../errors.ts'
import { type IqRequest, requireSession } from '../iq/iq-handlers.ts'
import { defineModule } from '../module.ts'
import { NS_CARBONS } from '../namespaces.ts'

const RULES = 'urn:xmpp:carbons:rules:0'

export const carbons = defineModule({
  name: 'carbons',
  specs: [
    { xep: 280, version: '1.0.1', status: 'complete' },
    { xep: 297, version: '1.0', status: 'complete' },
  ],
  features: [NS_CARBONS, RULES],
  accountFeatures: [NS_CARBONS, RULES],
  bindFeatures: [
    {
      ns: NS_CARBONS,
      enable(session) {
        session.takesCopies = true
        return undefined
      },
    },
  ],

  setup({ iq }) {
    iq.account.set(NS_CARBONS, 'enable', (request) => take(request, true))
    iq.account.set(NS_CARBONS, 'disable', (request) => take(request, false))
    return undefined
  },
})

/** §10.1: as often as it likes. */
function take(request: IqRequest, takesCopies: boolean): undefined {
  const { from, to } = request
  // What others have is none of one's business, and that they exist neither.
  if (from.bare !== to) throw serviceUnavailable()
  requireSession(request).takesCopies = takesCopies
}
