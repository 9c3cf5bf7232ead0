/** Who a certificate speaks for, in SIP (RFC 5922). */
import type { PeerCertificate } from 'node:tls'

/**
 * The SIP domain names that a certificate holds (RFC 5922 §7.1): `sip:` URIs of subjectAltName without a user;
 * where there is none, its DNS names; where there is no subjectAltName of either kind, the common name.
 */
export function certificateNames(certificate: PeerCertificate): readonly string[] {
  const { uris, dns, addresses } = subjectAltNames(certificate.subjectaltname)
  const sip = uris.flatMap((uri) => /^sip:([^@;?]+)$/i.exec(uri)?.[1]?.toLowerCase() ?? [])
  if (sip.length > 0) return [...sip, ...addresses]
  if (dns.length > 0 || addresses.length > 0) return [...dns, ...addresses]
  const common: unknown = certificate.subject?.CN
  return typeof common === 'string' ? [common.toLowerCase()] : []
}

/** RFC 5922 §7.2: the whole name, no wildcards. */
export function provesDomain(names: readonly string[], domain: string): boolean {
  return names.includes(domain.toLowerCase())
}

function subjectAltNames(text = '') {
  const uris: string[] = []
  const dns: string[] = []
  const addresses: string[] = []
  // Node joins entries with commas and quotes, as JSON strings, those that hold one themselves.
  for (const [, kind, quoted, plain] of text.matchAll(
    /(\w[\w ]*):(?:("(?:[^"\\]|\\.)*")|([^,]*))(?:, |$)/g,
  )) {
    const value = quoted ? String(JSON.parse(quoted)) : (plain ?? '')
    if (kind === 'URI') uris.push(value)
    else if (kind === 'DNS') dns.push(value.toLowerCase())
    else if (kind === 'IP Address') addresses.push(value.toLowerCase())
  }
  return { uris, dns, addresses }
}
