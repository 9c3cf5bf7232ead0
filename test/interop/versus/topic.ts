/** A dialogue that is written once, and what the two servers answer to it in comparable words. */
import type { Element } from '../../../src/xml/element.ts'
import type { XmppClient } from '../../support/xmpp-client.ts'
import type { Subject } from './rig.ts'

/** What a server said, by what it was asked. */
export type Answers = Record<string, unknown>

export interface Difference {
  readonly theirs: unknown
  readonly ours: unknown
  /** The section that says so first. */
  readonly why: string
}

export interface Topic {
  readonly title: string
  readonly specs: string
  readonly dialogue: (subject: Subject) => Promise<Answers>
  /** By what was asked. */
  readonly differences: Readonly<Record<string, Difference>>
}

/** Random, or for people to read: no specification says what is in them. */
const OPEN_ATTRIBUTES = new Set(['id', 'xml:lang', 'by', 'code', 'ver'])
const NS_STANZAS = 'urn:ietf:params:xml:ns:xmpp-stanzas'
const NS_STREAMS = 'urn:ietf:params:xml:ns:xmpp-streams'
const NS_SASL = 'urn:ietf:params:xml:ns:xmpp-sasl'

/** An element without what is random, in one order of its attributes. */
export function shape(element: Element, around = 'jabber:client'): string {
  const names = Object.keys(element.attrs).filter((name) => !isOpenAttribute(name, element))
  const attributes = names.sort().map((name) => ` ${name}='${value(name, element.attr(name))}'`)
  const namespace = element.ns === around ? '' : ` xmlns='${element.ns}'`
  const inside = element.children
    .filter((child) => typeof child === 'string' || !isOpen(child))
    .map((child) => (typeof child === 'string' ? child.trim() : shape(child, element.ns)))
    .join('')
  const open = `${element.name}${namespace}${attributes.join('')}`
  return inside === '' ? `<${open}/>` : `<${open}>${inside}</${element.name}>`
}

export function shapes(elements: readonly Element[]): string[] {
  return elements.map((element) => shape(element))
}

/** Where no specification says in which order they come. */
export function unordered(elements: readonly Element[]): string[] {
  return shapes(elements).sort()
}

/** `error TYPE CONDITION`, or the type of the stanza where it is no error. */
export function word(stanza: Element): string {
  const error = stanza.child('error')
  if (!error) return stanza.attr('type') ?? 'none'
  return `error ${error.attr('type')} ${error.child(undefined, NS_STANZAS)?.name}`
}

/** The condition of a stream's or SASL's error. */
export function reason(error: Element): string {
  return [...error.elements()].find(({ name }) => name !== 'text')?.name ?? 'none'
}

/** What has come to the client by the time that the server has done with this. */
export async function say(client: XmppClient, ...stanzas: string[]): Promise<Element[]> {
  for (const stanza of stanzas) client.send(stanza)
  return await client.settle()
}

/** The answer to an iq in a word; `nothing` where the server says nothing to it. */
export async function ask(
  client: XmppClient,
  type: 'get' | 'set',
  payload: string,
  to?: string,
): Promise<string> {
  const address = to === undefined ? '' : ` to='${to}'`
  const heard = await say(client, `<iq type='${type}' id='ask'${address}>${payload}</iq>`)
  const answer = heard.find((one) => one.attr('id') === 'ask')
  return answer ? word(answer) : 'nothing'
}

function value(name: string, text = ''): string {
  return name === 'stamp' ? 'T' : text
}

function isOpen(child: Element): boolean {
  // RFC 6120 §8.3.2, §4.9.2, §6.5: for people. XEP-0359: the server's choice.
  const isText = child.name === 'text' && [NS_STANZAS, NS_STREAMS, NS_SASL].includes(child.ns)
  return isText || child.is('stanza-id', 'urn:xmpp:sid:0')
}

/** RFC 6120 §8.1.2.1: the account answers in its own name or in none. */
function isOpenAttribute(name: string, { name: kind, attrs }: Element): boolean {
  if (OPEN_ATTRIBUTES.has(name)) return true
  return kind === 'iq' && name === 'from' && attrs.from === attrs.to?.split('/')[0]
}
