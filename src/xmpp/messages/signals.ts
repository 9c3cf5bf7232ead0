/**
 * What a message says beside its text, to and from the core: chat states (XEP-0085), receipts (XEP-0184), displayed
 * markers (XEP-0333) and who else was written to (XEP-0033). Between XMPP clients the stanza itself says it.
 */
import {
  type Addressee,
  type ChatState,
  type Report,
  type Signals,
  signalsOf,
  type Wanted,
} from '../../core/messaging/signals.ts'
import { type Element, xml } from '../../xml/element.ts'
import { StanzaError } from '../errors.ts'
import { NS_ADDRESS } from '../multicast/addresses.ts'

const NS_CHAT_STATES = 'http://jabber.org/protocol/chatstates'
const NS_RECEIPTS = 'urn:xmpp:receipts'
const NS_MARKERS = 'urn:xmpp:chat-markers:0'

const STATES: readonly ChatState[] = ['active', 'composing', 'paused', 'inactive', 'gone']
const COPIES = ['to', 'cc', 'bcc'] as const
/** As many as one stanza may have here at most. */
const MAX_ADDRESSEES = 100

/** `undefined` where the stanza says nothing that others have words for. */
export function readSignals(stanza: Element): Signals | undefined {
  const state = STATES.find((name) => stanza.child(name, NS_CHAT_STATES))
  const wants = readWants(stanza)
  const report = readReport(stanza)
  const addressees = readAddressees(stanza)
  return signalsOf({
    ...(state && { state }),
    ...(wants.length > 0 && { wants }),
    ...(report && { report }),
    ...(addressees.length > 0 && { addressees }),
  })
}

/** A message without an id cannot be told of (XEP-0184 §5.2, XEP-0333 §3.2). */
function readWants(stanza: Element): Wanted[] {
  if (stanza.attr('id') === undefined) return []
  return [
    ...(stanza.child('request', NS_RECEIPTS) ? (['delivered', 'failed'] as const) : []),
    ...(stanza.child('markable', NS_MARKERS) ? (['displayed'] as const) : []),
  ]
}

function readReport(stanza: Element): Report | undefined {
  const delivered = stanza.child('received', NS_RECEIPTS) ?? stanza.child('received', NS_MARKERS)
  const displayed =
    stanza.child('displayed', NS_MARKERS) ?? stanza.child('acknowledged', NS_MARKERS)
  const id = (displayed ?? delivered)?.attr('id')
  return id === undefined ? undefined : { fate: displayed ? 'displayed' : 'delivered', id }
}

function readAddressees(stanza: Element): Addressee[] {
  const header = stanza.child('addresses', NS_ADDRESS)
  if (!header) return []
  const addressees: Addressee[] = []
  for (const element of header.elements()) {
    const copy = COPIES.find((one) => one === element.attr('type'))
    const address = element.attr('jid') ?? element.attr('uri')
    if (element.is('address', NS_ADDRESS) && copy && address !== undefined) {
      addressees.push({ copy, address })
    }
    if (addressees.length === MAX_ADDRESSEES) break
  }
  return addressees
}

/** For a message that came in by another protocol. */
export function signalElements({ state, wants = [], report, addressees }: Signals): Element[] {
  return [
    ...(state ? [xml(state, { xmlns: NS_CHAT_STATES })] : []),
    ...(wants.includes('delivered') ? [xml('request', { xmlns: NS_RECEIPTS })] : []),
    ...(wants.includes('displayed') ? [xml('markable', { xmlns: NS_MARKERS })] : []),
    ...(report ? reportElements(report) : []),
    ...(addressees ? [addressHeader(addressees)] : []),
  ]
}

/** What only servers do with a message has no word here. */
function reportElements({ fate, id }: Report): Element[] {
  if (fate === 'delivered') return [xml('received', { xmlns: NS_RECEIPTS, id })]
  if (fate === 'displayed') return [xml('displayed', { xmlns: NS_MARKERS, id })]
  if (fate !== 'failed') return []
  // RFC 6120 §8.3: an error that comes late is an error all the same.
  return [new StanzaError('cancel', 'recipient-unavailable').toElement()]
}

/** XEP-0033 §4.5: everybody in it has got it, or is about to. Those whose names are not shown are not in it. */
function addressHeader(addressees: readonly Addressee[]): Element {
  const shown = addressees.filter(({ anonymous }) => anonymous === undefined)
  return xml(
    'addresses',
    { xmlns: NS_ADDRESS },
    ...shown.map(({ copy, address }) => {
      const isUri = /^[a-z][a-z0-9+.-]*:/i.test(address)
      const where = isUri ? { uri: address } : { jid: address }
      return xml('address', { type: copy, ...where, delivered: 'true' })
    }),
  )
}
