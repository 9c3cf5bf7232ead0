/** XEP-0357: Push Notifications. What is pushed, and when: `../push/pushes.ts`. */

import { parseJid } from '../../core/address.ts'
import { forbidden, notAllowed } from '../errors.ts'
import type { IqRequest } from '../iq/iq-handlers.ts'
import { defineModule } from '../module.ts'
import { NS_PUSH, parseDisable, parseEnable } from '../push/push-service.ts'

export const push = defineModule({
  name: 'push',
  specs: [{ xep: 357, version: '0.4.1', status: 'partial' }], // affiliation changes (§8) are not heard: the next push finds out
  accountFeatures: [NS_PUSH],
  enabled: ({ push: content }) => content !== undefined && content !== 'off',

  setup({ iq, directory, pushes }) {
    if (!pushes) return undefined
    iq.account.set(NS_PUSH, 'enable', async (request) => {
      requireOwner(request)
      const service = parseEnable(request.payload)
      // A person is no push service, and is not to be written to in the server's name.
      if (directory.isLocal(parseJid(service.jid)?.domain ?? '')) {
        throw notAllowed('a push service has an address of its own')
      }
      await pushes.enable(request.to, service)
      return undefined
    })
    iq.account.set(NS_PUSH, 'disable', async (request) => {
      requireOwner(request)
      const { jid, node } = parseDisable(request.payload)
      await pushes.disable(request.to, jid, node)
      return undefined
    })
    return undefined
  },
})

function requireOwner({ from, to }: IqRequest): void {
  if (from.bare !== to) throw forbidden()
}
