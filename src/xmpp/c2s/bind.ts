/** Resource binding (RFC 6120 §7). */
import { randomBytes } from 'node:crypto'
import { type BareJid, domainOf, type Jid, parseJid, withResource } from '../../core/address.ts'
import type { Sessions } from '../../core/sessions.ts'
import { type Element, xml } from '../../xml/element.ts'
import { badRequest, notAllowed, resourceConstraint, StanzaError, StreamError } from '../errors.ts'
import { NS_BIND, NS_CLIENT } from '../namespaces.ts'
import { XmppSession } from '../session.ts'
import type { C2sConfig } from './config.ts'
import { checkStanza } from './stanza-checks.ts'

export interface BindDeps {
  readonly sessions: Sessions
  readonly config: Pick<C2sConfig, 'resourceConflict' | 'maxResourcesPerUser'>
}

/** What a client asks for. */
export interface Wanted {
  /** Empty for one of the server's making. */
  readonly resource: string
  /** Which of the account's clients it is, where it said so: it takes the place of the session that it had (XEP-0386 §3.2). */
  readonly client?: string | undefined
}

export interface Requested {
  readonly jid: Jid
  /** Has to go first. */
  readonly displaced: XmppSession | undefined
}

/** The resource that a client asks for by iq. Throws `StanzaError`; `StreamError` for what is no request at all. */
export function wantedByIq(account: BareJid, iq: Element): Wanted {
  return { resource: bindElement(iq, account).child('resource')?.text() ?? '' }
}

/** The full JID that it is to get. Throws `StanzaError`. */
export function requestedResource(deps: BindDeps, account: BareJid, wanted: Wanted): Requested {
  const { sessions, config } = deps
  const { resource, client } = wanted
  const jid = withResource(account, resource === '' ? generatedResource() : resource)
  if (!jid) throw badRequest('that is no resource') // §7.7.2.1
  const streams = sessions.of(account).filter((session) => session instanceof XmppSession)
  const before = client && streams.find((session) => session.client === client)
  if (before) return { jid, displaced: before }
  const requested = resolveConflict(deps, jid)
  if (!requested.displaced && streams.length >= config.maxResourcesPerUser) {
    throw resourceConstraint('too many resources are bound')
  }
  return requested
}

export function bindResult(iq: Element, jid: Jid): string {
  const bound = xml('bind', { xmlns: NS_BIND }, xml('jid', {}, jid.full))
  const result = xml('iq', { xmlns: NS_CLIENT, type: 'result', id: iq.attr('id') }, bound)
  return result.toString(NS_CLIENT)
}

/** §7.1: nothing goes to others before a resource is bound; the server itself may be asked, and refuses. */
function bindElement(iq: Element, account: BareJid): Element {
  const to = iq.attr('to')
  const recipient = to === undefined ? account : parseJid(to)?.full
  const isHere = recipient === account || recipient === domainOf(account)
  if (!iq.is('iq', NS_CLIENT) || !isHere) throw new StreamError('not-authorized')
  checkStanza(iq)
  const bind = iq.child('bind', NS_BIND)
  if (iq.attr('type') !== 'set' || !bind) throw notAllowed('bind a resource first')
  return bind
}

/** §7.7.2.2. A resource of another protocol is not ours to close. */
function resolveConflict({ sessions, config }: BindDeps, jid: Jid): Requested {
  const holder = sessions.get(jid.bare, jid.resource)
  if (!holder) return { jid, displaced: undefined }
  if (config.resourceConflict === 'refuse') throw new StanzaError('modify', 'conflict')
  if (config.resourceConflict === 'replace' && holder instanceof XmppSession) {
    return { jid, displaced: holder }
  }
  const suffix = generatedResource()
  const renamed = withResource(jid.bare, `${jid.resource}-${suffix}`)
  const other = renamed ?? withResource(jid.bare, suffix) // too long with the suffix
  if (!other) throw new StanzaError('modify', 'conflict')
  return { jid: other, displaced: undefined }
}

/** §7.6: hard to guess, since whoever knows a full JID can send to it. */
export function generatedResource(): string {
  return randomBytes(12).toString('base64url')
}
