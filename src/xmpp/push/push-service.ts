/** Where a user's devices are to be woken, and how that is kept (XEP-0357 §5, §6). */

import type { BareJid } from '../../core/address.ts'
import { parseJid } from '../../core/address.ts'
import type { Element } from '../../xml/element.ts'
import { badRequest, notAcceptable } from '../errors.ts'
import { NS_FORM, oneOf, submitted } from '../forms/form.ts'

export const NS_PUSH = 'urn:xmpp:push:0'
export const PUBLISH_OPTIONS = 'http://jabber.org/protocol/pubsub#publish-options'

export interface PushService {
  readonly jid: string
  /** Empty where the client named none. */
  readonly node: string
  /** A submitted form (XEP-0004), as XML, that goes with each publication. */
  readonly options: string | undefined
}

export interface PushStore {
  /** Rejects where the database does. */
  list(account: BareJid): Promise<readonly PushService[]>
  /** In place of the same one. Of more than `max` the one goes that was enabled longest ago. */
  put(account: BareJid, service: PushService, max: number): Promise<void>
  /** All of the service's where no node is given; answers how many. */
  remove(account: BareJid, jid: string, node?: string): Promise<number>
}

const MAX_NODE_CHARS = 1_023
const MAX_OPTIONS_CHARS = 4_096

/** Of `<enable/>`. Throws `StanzaError`. */
export function parseEnable(element: Element): PushService {
  const form = element.child('x', NS_FORM)
  if (form && oneOf(submitted(form), 'FORM_TYPE') !== PUBLISH_OPTIONS) {
    throw badRequest('the form is not one of publish-options')
  }
  const options = form?.toString()
  if ((options?.length ?? 0) > MAX_OPTIONS_CHARS) throw notAcceptable('the form is too large')
  return { jid: requireService(element), node: parseNode(element) ?? '', options }
}

/** Of `<disable/>`: the service, and the node where it is about one. Throws `StanzaError`. */
export function parseDisable(element: Element): { jid: string; node: string | undefined } {
  return { jid: requireService(element), node: parseNode(element) }
}

function requireService(element: Element): string {
  const jid = parseJid(element.attr('jid') ?? '')
  if (!jid) throw badRequest('jid: the address of the push service')
  return jid.full
}

function parseNode(element: Element): string | undefined {
  const node = element.attr('node')
  if ((node?.length ?? 0) > MAX_NODE_CHARS) throw notAcceptable('the node is too long')
  return node
}
