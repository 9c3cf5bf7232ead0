/** The address header of a stanza for many (XEP-0033 §4), and the copy that each of them gets (§6). */
import { type Jid, parseJid } from '../../core/address.ts'
import { Element } from '../../xml/element.ts'
import { badRequest, notAcceptable, StanzaError } from '../errors.ts'

export const NS_ADDRESS = 'http://jabber.org/protocol/address'

const RECEIVING = ['to', 'cc', 'bcc']
/** §4.6; those of the second line are for clients only. */
const TYPES = new Set([...RECEIVING, 'replyto', 'replyroom', 'noreply', 'ofrom'])

const URI = /^[a-z][a-z0-9+.-]*:\S+$/i

/** Somebody who is to have a copy. */
export interface Recipient {
  readonly to: Jid
  /** His own address in the header, where nobody else may see it. */
  readonly blind: Element | undefined
}

export interface Header {
  /** Each address once; those that have the stanza already are left out (§4.5). */
  readonly recipients: readonly Recipient[]
  copyFor(recipient: Recipient): Element
}

/** Of a stanza with `<addresses/>`. Throws `StanzaError` in the words of §8. */
export function readHeader(stanza: Element, maxAddresses: number): Header {
  const header = requireOneHeader(stanza)
  const addresses = [...header.elements()].filter(isAddress)
  if (addresses.length === 0) throw badRequest('a header needs an address')
  if (addresses.length > maxAddresses) {
    throw notAcceptable(`not more than ${maxAddresses} addresses`)
  }
  const recipients = recipientsOf(addresses)
  const shared = headerFor(header, undefined)
  return {
    recipients,
    copyFor: ({ to, blind }) =>
      withHeader(stanza, to, header, blind ? headerFor(header, blind) : shared),
  }
}

/** A second one could have addresses in it that its recipients are not to see. */
function requireOneHeader(stanza: Element): Element {
  const [header, second] = [...stanza.elements()].filter((child) =>
    child.is('addresses', NS_ADDRESS),
  )
  if (!header || second) throw badRequest('one header of addresses')
  return header
}

function isAddress(element: Element): boolean {
  return element.is('address', NS_ADDRESS)
}

function recipientsOf(addresses: readonly Element[]): Recipient[] {
  const recipients = new Map<string, Recipient>()
  let isForSomebody = false
  for (const address of addresses) {
    const type = address.attr('type') ?? ''
    const to = checkAddress(address, type)
    if (!RECEIVING.includes(type)) continue
    isForSomebody = true
    if (address.attr('delivered') === 'true') continue
    if (!to) throw malformed('no URI is understood here')
    const isBlind = type === 'bcc'
    // Whoever is named in the open, too, gets what all get.
    if (isBlind && recipients.has(to.full)) continue
    recipients.set(to.full, { to, blind: isBlind ? address : undefined })
  }
  if (!isForSomebody) throw badRequest('an address of type to, cc or bcc is needed')
  return [...recipients.values()]
}

/** §4: answers the JID where there is one. */
function checkAddress(address: Element, type: string): Jid | undefined {
  if (!TYPES.has(type)) throw badRequest('an address needs a known type')
  const jid = address.attr('jid')
  const uri = address.attr('uri')
  if (uri !== undefined) {
    if (jid !== undefined || address.attr('node') !== undefined) {
      throw badRequest('an address with a URI has no jid and no node')
    }
    if (!URI.test(uri)) throw malformed('not a URI')
    return undefined
  }
  if (jid === undefined) {
    if (type !== 'noreply') throw badRequest('an address needs a jid')
    return undefined
  }
  const parsed = parseJid(jid)
  if (!parsed) throw malformed('not a JID')
  return parsed
}

function malformed(text: string): StanzaError {
  return new StanzaError('modify', 'jid-malformed', text)
}

/**
 * §6: all addresses are marked, the blind ones are gone, but for the recipient's own, which is not marked. What is
 * not of this namespace stays (§4.7).
 */
function headerFor(header: Element, blind: Element | undefined): Element {
  const children: Element[] = []
  for (const child of header.elements()) {
    if (!isAddress(child)) children.push(child)
    else if (child.attr('type') !== 'bcc') children.push(child.withAttrs({ delivered: 'true' }))
    else if (child === blind) children.push(child)
  }
  return new Element(header.name, header.ns, header.attrs, children)
}

function withHeader(stanza: Element, to: Jid, old: Element, header: Element): Element {
  const { name, ns, attrs } = stanza.withAttrs({ to: to.full })
  const children = stanza.children.map((child) => (child === old ? header : child))
  return new Element(name, ns, attrs, children)
}
