/** Identities of watchers: URIs in documents, bare JIDs here. */
import { type BareJid, bareJid, domainOf, localOf, parseJid } from '../../core/address.ts'

/**
 * `bob@example.com` is one person here, whatever the scheme; RFC 5025 §3.1.1.2 tells them apart.
 * `undefined` for what names no such person: another scheme, a port, parameters, a resource.
 */
export function addressOfUri(uri: string): BareJid | undefined {
  const [, rest] = /^(?:sips?|xmpp|pres):(.+)$/is.exec(uri.trim()) ?? []
  const at = rest?.lastIndexOf('@') ?? -1
  if (rest === undefined || at <= 0) return undefined
  const host = rest.slice(at + 1)
  if (/[;?#/]/.test(host) || /:\d*$/.test(host)) return undefined
  const user = decode(rest.slice(0, at))
  const domain = decode(host)
  return user && domain ? bareJid(user, domain) : undefined
}

/** Percent-encoded where a SIP URI wants it (RFC 3261 §25.1). */
export function uriOfAddress(address: BareJid): string {
  const domain = domainOf(address)
  const host = domain.startsWith('[') ? domain : encodeURIComponent(domain)
  return `sip:${encodeURIComponent(localOf(address))}@${host}`
}

/** RFC 4745 §7.1.3: percent-encoding is translated before domains are compared. */
export function domainOfText(text: string): string | undefined {
  const jid = parseJid(decode(text.trim()) ?? '')
  return jid && jid.local === '' && jid.resource === '' ? jid.domain : undefined
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
