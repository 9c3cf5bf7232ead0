/** The wrapper of BOSH requests and responses (XEP-0124 §6), read and written. */
import { Element, escapeAttr } from '../../../xml/element.ts'
import { type XmlLimits, XmlStreamParser, XmlSyntaxError } from '../../../xml/tokenizer.ts'
import { NS_CLIENT, NS_STREAM } from '../../namespaces.ts'
import { withNamespace } from '../standalone.ts'

export const NS_BOSH = 'http://jabber.org/protocol/httpbind'
export const NS_XBOSH = 'urn:xmpp:xbosh'

export interface BoshBody {
  readonly wrapper: Element
  readonly payloads: readonly Element[]
}

/** Throws `XmlSyntaxError` for what is no such document. */
export function parseBody(bytes: Uint8Array, limits: XmlLimits): BoshBody {
  const reader = new BodyReader()
  const parser = new XmlStreamParser(reader, limits)
  parser.write(bytes)
  const { wrapper, payloads } = reader
  if (!wrapper || !parser.isComplete) throw new XmlSyntaxError('not-well-formed', 'it ends early')
  if (!wrapper.is('body', NS_BOSH)) throw new XmlSyntaxError('not-well-formed', 'it is no body')
  return { wrapper, payloads }
}

class BodyReader {
  wrapper: Element | undefined
  readonly payloads: Element[] = []

  onOpen(root: Element): void {
    this.wrapper = root
  }

  onElement(element: Element): void {
    this.payloads.push(element.ns === NS_BOSH ? asClient(element) : element)
  }

  onClose(): void {}
}

/** XEP-0206 §2: many clients name no namespace, and mean that of stanzas. */
function asClient({ name, ns, attrs, children }: Element): Element {
  if (ns !== NS_BOSH) return new Element(name, ns, attrs, children)
  return new Element(
    name,
    NS_CLIENT,
    attrs,
    children.map((child) => (typeof child === 'string' ? child : asClient(child))),
  )
}

/** An attribute of XEP-0206's namespace. */
export function xbosh({ wrapper }: BoshBody, name: string): string | undefined {
  return wrapper.attr(`{${NS_XBOSH}}${name}`)
}

export type BodyAttributes = Readonly<Record<string, string | undefined>>

/** `payloads` as streams write them. */
export function renderBody(attrs: BodyAttributes, payloads: readonly string[] = []): string {
  let head = `<body xmlns='${NS_BOSH}'`
  for (const [name, value] of Object.entries(attrs)) {
    if (value !== undefined) head += ` ${name}='${escapeAttr(value)}'`
  }
  if (payloads.length === 0) return `${head}/>`
  // XEP-0206 §2: where there are features or an error.
  if (payloads.some((payload) => payload.startsWith('<stream:'))) {
    head += ` xmlns:stream='${NS_STREAM}'`
  }
  return `${head}>${payloads.map(withNamespace).join('')}</body>`
}
