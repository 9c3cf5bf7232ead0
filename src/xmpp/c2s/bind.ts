/** Resource binding (RFC 6120 §7). */
import { randomBytes } from 'node:crypto'
import { type BareJid, type Jid, withResource } from '../../core/address.ts'
import type { Session, Sessions } from '../../core/sessions.ts'
import { type Element, xml } from '../../xml/element.ts'
import { badRequest, notAllowed, resourceConstraint, StanzaError, StreamError } from '../errors.ts'
import { NS_BIND, NS_CLIENT } from '../namespaces.ts'
import { XmppSession } from '../session.ts'
import type { C2sConfig } from './config.ts'

export interface BindDeps {
  readonly sessions: Sessions
  readonly config: Pick<C2sConfig, 'resourceConflict' | 'maxResourcesPerUser'>
}

/**
 * The full JID that this request gets; a session that has to make room is closed.
 * Throws `StanzaError`.
 */
export function chooseResource(deps: BindDeps, account: BareJid, iq: Element): Jid {
  const { sessions, config } = deps
  const bind = iq.child('bind', NS_BIND)
  if (iq.name !== 'iq' || iq.attr('type') !== 'set' || !bind)
    throw notAllowed('bind a resource first')
  if (!iq.attr('id')) throw badRequest('an iq has an id')
  const wanted = bind.child('resource')?.text() ?? ''
  const jid = withResource(account, wanted === '' ? generated() : wanted)
  // §7.7.2.1
  if (!jid) throw badRequest('that is no resource')
  const holder = sessions.get(account, jid.resource)
  const chosen = holder ? resolveConflict(config.resourceConflict, holder, jid) : jid
  if (sessions.of(account).length >= config.maxResourcesPerUser) {
    throw resourceConstraint('too many resources are bound')
  }
  return chosen
}

export function bindResult(iq: Element, jid: Jid): string {
  const bound = xml('bind', { xmlns: NS_BIND }, xml('jid', {}, jid.full))
  const result = xml('iq', { xmlns: NS_CLIENT, type: 'result', id: iq.attr('id') }, bound)
  return result.toString(NS_CLIENT)
}

/** §7.7.2.2. A resource of another protocol is not ours to close. */
function resolveConflict(policy: C2sConfig['resourceConflict'], holder: Session, jid: Jid): Jid {
  if (policy === 'refuse') throw new StanzaError('modify', 'conflict')
  if (policy === 'replace' && holder instanceof XmppSession) {
    holder.close(new StreamError('conflict', 'another client took the resource'))
    return jid
  }
  return withResource(jid.bare, `${jid.resource.slice(0, 900)}-${generated()}`) ?? jid
}

/** §7.6: hard to guess, since whoever knows a full JID can send to it. */
function generated(): string {
  return randomBytes(12).toString('base64url')
}
