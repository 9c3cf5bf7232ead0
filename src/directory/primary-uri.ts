/** The one URI that each protocol is given for a presentity. */
import { domainToASCII } from 'node:url'
import { domainOf } from '../core/address.ts'
import { type AddressType, numberOf, parseAddress } from './handles.ts'
import type { User } from './user.ts'

export type PrimaryProtocol = 'xmpp' | 'sip' | 'tel' | 'mailto'

/** The first address of its kind that he was given; without a SIP address the account serves. */
export function primaryUri(user: User, protocol: PrimaryProtocol): string | undefined {
  switch (protocol) {
    case 'xmpp':
      return `xmpp:${encodeAddress(user.account)}`
    case 'sip':
      return `sip:${encodeAddress(firstHandle(user, 'sip') ?? user.account)}`
    case 'tel':
      return telUri(firstHandle(user, 'e164'))
    case 'mailto': {
      const mailbox = firstHandle(user, 'exchange') ?? firstHandle(user, 'notes')
      // A Notes name may be no mail address.
      return mailbox?.includes('@') ? `mailto:${encodeAddress(mailbox)}` : undefined
    }
  }
}

function firstHandle(user: User, type: AddressType): string | undefined {
  const address = user.addresses.find((one) => one.type === type)
  return address && parseAddress(type, address.value, domainOf(user.account))
}

/** RFC 3966 §3: a number that is not global names the domain in which it holds. */
function telUri(handle: string | undefined): string | undefined {
  if (handle === undefined) return undefined
  const number = numberOf(handle)
  const at = handle.lastIndexOf('@')
  return at < 0
    ? `tel:${number}`
    : `tel:${number};phone-context=${domainToASCII(handle.slice(at + 1))}`
}

/** What both RFC 3261 §25.1 and RFC 5122 §2.2 let stand in a user part; the rest is percent-encoded. */
const PLAIN = /[^A-Za-z0-9\-_.!~*'()&=+$,;]+/g

function encodeAddress(handle: string): string {
  const at = handle.lastIndexOf('@')
  const user = handle.slice(0, at).replace(PLAIN, encodeURIComponent)
  const host = handle.slice(at + 1)
  return `${user}@${host.startsWith('[') ? host : domainToASCII(host)}`
}
