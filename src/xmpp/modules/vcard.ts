/**
 * XEP-0054: vcard-temp. Users of this system may read each other's, as in a staff directory; people elsewhere may read
 * those of whom they may see; who is blocked reads none. Where a user has none, his name in the directory stands for it.
 */
import { type BareJid, domainOf } from '../../core/address.ts'
import { type Element, xml } from '../../xml/element.ts'
import { forbidden, itemNotFound, notAcceptable, serviceUnavailable } from '../errors.ts'
import type { IqRequest } from '../iq/iq-handlers.ts'
import { defineModule, type ModuleContext } from '../module.ts'
import { avatarOf } from '../presence/avatars.ts'
import { storedElement } from '../stored-element.ts'

export const NS_VCARD = 'vcard-temp'

export const vcard = defineModule({
  name: 'vcard',
  specs: [{ xep: 54, version: '1.3.0', status: 'complete' }],
  features: [NS_VCARD],
  accountFeatures: [NS_VCARD],

  setup(context) {
    const { iq } = context
    iq.account.get(NS_VCARD, 'vCard', (request) => read(context, request))
    iq.account.set(NS_VCARD, 'vCard', async (request) => {
      await write(context, request)
      return undefined
    })
    iq.server.get(NS_VCARD, 'vCard', ({ to }) =>
      xml('vCard', { xmlns: NS_VCARD }, xml('FN', {}, to), xml('ROLE', {}, 'server')),
    )
  },
})

async function read(context: ModuleContext, { from, to }: IqRequest): Promise<Element> {
  const { directory } = context
  if (await mayRead(context, to, from.bare)) {
    const kept = await directory.personal.vcard(to)
    if (kept !== undefined) return storedElement(kept)
    const user = await directory.user(to)
    if (user?.name) return xml('vCard', { xmlns: NS_VCARD }, xml('FN', {}, user.name))
  }
  // §3.3: others learn nothing of who exists.
  throw to === from.bare ? itemNotFound() : serviceUnavailable()
}

/** The router keeps those away who are blocked. */
async function mayRead(
  { directory, sight }: ModuleContext,
  account: BareJid,
  asker: BareJid,
): Promise<boolean> {
  return directory.isLocal(domainOf(asker)) || (await sight.ofClients(account, asker))
}

async function write(
  { directory, config }: ModuleContext,
  { from, to, payload }: IqRequest,
): Promise<void> {
  if (to !== from.bare) throw forbidden()
  const text = payload.toString()
  if (Buffer.byteLength(text) > config.maxVcardSize) {
    throw notAcceptable(`a vCard has at most ${config.maxVcardSize} bytes`)
  }
  await directory.personal.putVcard(to, { xml: text, avatar: avatarOf(payload) })
}
