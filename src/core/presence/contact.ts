/** What a contact list shows and takes, whatever the form of an address, and how it refuses. */
import type { BareJid } from '../address.ts'
import type { RosterItem } from './roster-item.ts'
import type { SubscriptionErrorCode } from './subscriptions.ts'

export type ContactErrorCode =
  | 'BAD_ADDRESS'
  | 'AMBIGUOUS_ADDRESS'
  | 'BAD_CONTACT'
  | 'NO_SUCH_CONTACT'
  | 'NO_SUCH_USER'
  | 'TOO_MANY_CONTACTS'
  | 'BUSY'

export class ContactError extends Error {
  readonly code: ContactErrorCode

  constructor(code: ContactErrorCode, message: string) {
    super(message)
    this.name = 'ContactError'
    this.code = code
  }
}

export interface Contact {
  readonly item: RosterItem
  /** A user of this system. Who is not has neither presence nor messages, until he is. */
  readonly matched: boolean
  /** At a domain that is not of this system. */
  readonly external: boolean
}

/** What is not given stays as it is. */
export interface ContactPut {
  /** At most 1,023 bytes, without control characters. */
  readonly name?: string | undefined
  /** At most 50, different, none empty, each as a name. */
  readonly groups?: readonly string[] | undefined
  /** Whether the user is to see the contact's presence: where not given, that of a new contact. */
  readonly presence?: boolean | undefined
}

export interface ContactPage {
  readonly contacts: readonly Contact[]
  /** On the whole list. */
  readonly total: number
}

export interface ContactPeople {
  isLocal(domain: string): boolean
  exists(account: BareJid): boolean | Promise<boolean>
  resolve(address: string): Promise<ContactResolution>
  /** Where an address that is nobody's stands on a list; `undefined` where it cannot. */
  placeOf(address: string, owner: BareJid): ContactPlace | undefined
}

export type ContactResolution =
  | { readonly kind: 'user'; readonly account: BareJid }
  | { readonly kind: 'unknown' | 'ambiguous' | 'malformed' }

export interface ContactPlace {
  readonly contact: BareJid
  /** See `RosterItem.awaits`. */
  readonly awaits: string
}

/** As of roster sets over XMPP (RFC 6121 §2.3.3). */
const MAX_TEXT_BYTES = 1_023
const MAX_GROUPS = 50
/** What XML cannot carry (XML 1.0 §2.2), and line breaks. */
const UNWRITABLE = /[\p{Cc}\p{Cs}\ufffe\uffff]/u

/** What lists and subscriptions refuse. */
export const REFUSALS: Readonly<Record<SubscriptionErrorCode, ContactErrorCode>> = {
  self: 'BAD_CONTACT',
  'not-served': 'BAD_CONTACT',
  'not-a-user': 'BAD_CONTACT',
  'no-such-user': 'NO_SUCH_USER',
  'no-such-contact': 'NO_SUCH_CONTACT',
  'list-full': 'TOO_MANY_CONTACTS',
  busy: 'BUSY',
}

/** Throws `ContactError` BAD_CONTACT. */
export function requireTexts({ name, groups }: ContactPut): void {
  for (const text of [name ?? '', ...(groups ?? [])]) {
    if (Buffer.byteLength(text) > MAX_TEXT_BYTES || UNWRITABLE.test(text)) {
      throw new ContactError('BAD_CONTACT', 'a name is too long or has control characters')
    }
  }
  if (!groups) return
  if (groups.length > MAX_GROUPS) throw new ContactError('BAD_CONTACT', 'too many groups')
  if (groups.includes('') || new Set(groups).size < groups.length) {
    throw new ContactError('BAD_CONTACT', 'a group has a name, and is named once')
  }
}
