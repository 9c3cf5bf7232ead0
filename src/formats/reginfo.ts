/** Registration information (RFC 3680 §5): the contacts of an address of record; GRUUs as RFC 5628 tells them. */
import { escapeAttr, escapeText } from '../xml/element.ts'

/** The media type (RFC 3680 §8.2). */
export const REGINFO = 'application/reginfo+xml'
export const NS_REGINFO = 'urn:ietf:params:xml:ns:reginfo'
export const NS_GRUUINFO = 'urn:ietf:params:xml:ns:gruuinfo'

/** §4.7.1: what brought a contact into its state; the first four leave it active. */
export type RegistrationEvent =
  | 'registered'
  | 'created'
  | 'refreshed'
  | 'shortened'
  | 'expired'
  | 'deactivated'
  | 'probation'
  | 'unregistered'
  | 'rejected'

export interface TemporaryGruu {
  readonly uri: string
  /** CSeq of the REGISTER that was given the oldest one that is still good. */
  readonly firstCseq: number
}

/** Times are whole seconds. */
export interface ContactEntry {
  /** The same for as long as the contact is reported. */
  readonly id: string
  readonly uri: string
  readonly displayName?: string | undefined
  readonly state: 'active' | 'terminated'
  readonly event: RegistrationEvent
  readonly durationRegistered?: number | undefined
  /** Until the contact ends by itself. */
  readonly expires?: number | undefined
  /** After which a client on probation may register again. */
  readonly retryAfter?: number | undefined
  /** 0…1 */
  readonly q?: number | undefined
  readonly callId?: string | undefined
  readonly cseq?: number | undefined
  /** Contact parameters that RFC 3261 does not know, as in the header field. */
  readonly params?: readonly (readonly [name: string, value: string])[] | undefined
  readonly publicGruu?: string | undefined
  readonly temporaryGruu?: TemporaryGruu | undefined
}

export interface Registration {
  /** The address of record. */
  readonly aor: string
  readonly id: string
  readonly state: 'init' | 'active' | 'terminated'
  readonly contacts: readonly ContactEntry[]
}

export interface RegInfo {
  /** From 0, one more in each document of a subscription. */
  readonly version: number
  readonly state: 'full' | 'partial'
  readonly registrations: readonly Registration[]
}

export function renderRegInfo({ version, state, registrations }: RegInfo): string {
  const hasGruus = registrations.some(({ contacts }) =>
    contacts.some((contact) => contact.publicGruu ?? contact.temporaryGruu),
  )
  const gruus = hasGruus ? ` xmlns:gr="${NS_GRUUINFO}"` : ''
  return (
    '<?xml version="1.0" encoding="UTF-8"?>\n' +
    `<reginfo xmlns="${NS_REGINFO}"${gruus} version="${version}" state="${state}">` +
    registrations.map(renderRegistration).join('') +
    '</reginfo>\n'
  )
}

function renderRegistration({ aor, id, state, contacts }: Registration): string {
  return (
    `<registration aor="${escapeAttr(aor)}" id="${escapeAttr(id)}" state="${state}">` +
    contacts.map(renderContact).join('') +
    '</registration>'
  )
}

function renderContact(contact: ContactEntry): string {
  const { id, state, event, uri, displayName, params = [], publicGruu, temporaryGruu } = contact
  return (
    `<contact id="${escapeAttr(id)}" state="${state}" event="${event}"` +
    attribute('duration-registered', contact.durationRegistered) +
    attribute('expires', contact.expires) +
    attribute('retry-after', contact.retryAfter) +
    attribute('q', contact.q) +
    attribute('callid', contact.callId) +
    attribute('cseq', contact.cseq) +
    `><uri>${escapeText(uri)}</uri>` +
    (displayName === undefined ? '' : `<display-name>${escapeText(displayName)}</display-name>`) +
    params.map(renderParam).join('') +
    (publicGruu === undefined ? '' : `<gr:pub-gruu${attribute('uri', publicGruu)}/>`) +
    renderTemporary(temporaryGruu) +
    '</contact>'
  )
}

function renderParam([name, value]: readonly [string, string]): string {
  return `<unknown-param${attribute('name', name)}>${escapeText(value)}</unknown-param>`
}

function renderTemporary(gruu: TemporaryGruu | undefined): string {
  if (!gruu) return ''
  return `<gr:temp-gruu${attribute('uri', gruu.uri)}${attribute('first-cseq', gruu.firstCseq)}/>`
}

function attribute(name: string, value: string | number | undefined): string {
  return value === undefined ? '' : ` ${name}="${escapeAttr(String(value))}"`
}
