/**
 * XEP-0054: vcard-temp. Users of this system may read each other's, as in a staff directory, unless blocked; who may see
 * whom is about presence. Where a user has none, his name in the directory stands for it.
 */
import type { BareJid } from '../../core/address.ts'
import { type Element, xml } from '../../xml/element.ts'
import { forbidden, itemNotFound, notAcceptable, serviceUnavailable } from '../errors.ts'
import { defineModule, type ModuleContext } from '../module.ts'
import { storedElement } from '../stored-element.ts'

export const NS_VCARD = 'vcard-temp'
/** Characters, a photo included: what clients of the field keep to. */
const MAX_LENGTH = 131_072

export const vcard = defineModule({
  name: 'vcard',
  specs: [{ xep: 54, version: '1.3.0', status: 'complete' }],
  features: [NS_VCARD],
  accountFeatures: [NS_VCARD],

  setup(context) {
    const { iq, directory } = context
    iq.account.get(NS_VCARD, 'vCard', ({ to, from }) => read(context, to, from.bare))
    iq.account.set(NS_VCARD, 'vCard', async ({ to, from, payload }) => {
      if (to !== from.bare) throw forbidden()
      const text = payload.toString()
      if (text.length > MAX_LENGTH) throw notAcceptable(`at most ${MAX_LENGTH} characters`)
      await directory.personal.putVcard(to, text)
      return undefined
    })
    iq.server.get(NS_VCARD, 'vCard', ({ to }) =>
      xml('vCard', { xmlns: NS_VCARD }, xml('FN', {}, to), xml('ROLE', {}, 'server')),
    )
  },
})

async function read(
  { directory }: ModuleContext,
  account: BareJid,
  asker: BareJid,
): Promise<Element> {
  const kept = await directory.personal.vcard(account)
  if (kept !== undefined) return storedElement(kept)
  const user = await directory.user(account)
  if (user?.name) return xml('vCard', { xmlns: NS_VCARD }, xml('FN', {}, user.name))
  // RFC 6121 §8.5.1: others learn nothing of who exists.
  throw account === asker ? itemNotFound() : serviceUnavailable()
}
