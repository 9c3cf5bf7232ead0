/** Clients that ask something before they sign in. */
import type { Log } from '../../util/log.ts'
import { type Element, xml } from '../../xml/element.ts'
import { errorReply, internalServerError, StanzaError } from '../errors.ts'
import { NS_CLIENT } from '../namespaces.ts'
import type { Guest, GuestHandler } from '../session.ts'
import { checkStanza } from './stanza-checks.ts'

export interface GuestDeps {
  readonly guests: GuestHandler | undefined
  readonly log: Log
}

/** The answer to an iq; `undefined` where there is none to give. */
export async function answerGuest(
  { guests, log }: GuestDeps,
  guest: Guest,
  iq: Element,
): Promise<Element | undefined> {
  try {
    checkStanza(iq)
    const type = iq.attr('type')
    if (type === 'result' || type === 'error') return undefined
    const payload = await guests?.iq(guest, iq)
    const attrs = { xmlns: NS_CLIENT, type: 'result', id: iq.attr('id'), from: guest.domain }
    return xml('iq', attrs, payload)
  } catch (error) {
    const refusal = error instanceof StanzaError ? error : internalServerError()
    if (refusal !== error) log.error({ what: 'xmpp_guest_failed', err: error })
    return errorReply(iq, refusal)
  }
}
