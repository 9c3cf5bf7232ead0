/** What a push service is told (XEP-0357 §7). */
import { type Element, xml } from '../../xml/element.ts'
import { NS_FORM } from '../forms/form.ts'
import { storedElement } from '../stored-element.ts'
import { NS_PUSH, type PushService } from './push-service.ts'

const NS_PUBSUB = 'http://jabber.org/protocol/pubsub'
const SUMMARY = 'urn:xmpp:push:summary'
/** What shows a person that something has come need not hold all of it. */
const MAX_BODY_CHARS = 200

/** How much a push service learns: that something waits, who wrote, or what. */
export type PushContent = 'count' | 'sender' | 'body'

export interface Summary {
  /** Messages that wait for the user. */
  readonly messages: number
  /** People who wait for his word. */
  readonly requests: number
  readonly sender: string | undefined
  readonly body: string | undefined
}

export function publication({ node, options }: PushService, summary: Element): Element {
  return xml(
    'pubsub',
    { xmlns: NS_PUBSUB },
    xml(
      'publish',
      { node: node === '' ? undefined : node },
      xml('item', {}, xml('notification', { xmlns: NS_PUSH }, summary)),
    ),
    options === undefined ? undefined : xml('publish-options', {}, storedElement(options)),
  )
}

/** §11: what the operator does not let out is not in it. */
export function summaryForm(summary: Summary, content: PushContent): Element {
  const { messages, requests, sender, body } = summary
  const hasSender = content !== 'count'
  return xml(
    'x',
    { xmlns: NS_FORM, type: 'submit' },
    field('FORM_TYPE', SUMMARY, 'hidden'),
    field('message-count', String(messages)),
    requests > 0 ? field('pending-subscription-count', String(requests)) : undefined,
    hasSender && sender !== undefined ? field('last-message-sender', sender) : undefined,
    content === 'body' && body !== undefined ? field('last-message-body', brief(body)) : undefined,
  )
}

function field(name: string, value: string, type?: string): Element {
  return xml('field', { var: name, type }, xml('value', {}, value))
}

function brief(body: string): string {
  const characters = [...body.slice(0, 2 * MAX_BODY_CHARS)]
  return characters.length > MAX_BODY_CHARS
    ? `${characters.slice(0, MAX_BODY_CHARS).join('')}…`
    : body
}
