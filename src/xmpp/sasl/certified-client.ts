/** Whose accounts a client's certificate names (RFC 6120 §13.7.1.4, XEP-0178 §2). */
import { X509Certificate } from 'node:crypto'
import { type BareJid, bareJid, parseJid } from '../../core/address.ts'
import type { PeerCertificate } from '../../net/link.ts'

/** What stands for the account where the certificate has no XMPP address. */
export type CertificateFallback = 'off' | 'email' | 'common-name'

export interface CertifiedClient {
  /** Accounts of the stream's domain, each once. */
  readonly accounts: readonly BareJid[]
  /** OpenSSL's code for why the certificate proves nothing. */
  readonly problem: string | undefined
}

export interface Reading {
  readonly domain: string
  readonly fallback: CertificateFallback
  /** Milliseconds since the epoch: a TLS session may be resumed when its certificate has expired. */
  readonly now: number
}

export const EXPIRED = 'CERT_HAS_EXPIRED'

export function certifiedClient(
  { raw, problem }: PeerCertificate,
  { domain, fallback, now }: Reading,
): CertifiedClient {
  const certificate = new X509Certificate(raw)
  const accounts = names(certificate, fallback).flatMap((name) => accountAt(name, domain) ?? [])
  const isOver = certificate.validToDate.getTime() <= now
  return { accounts: [...new Set(accounts)], problem: problem ?? (isOver ? EXPIRED : undefined) }
}

/** §2: only a certificate without any XMPP address is looked at further. */
function names(certificate: X509Certificate, fallback: CertificateFallback): string[] {
  const alternatives = alternativeNames(certificate.subjectAltName ?? '')
  const addresses = ofKind(alternatives, XMPP_ADDRESS)
  if (addresses.length > 0 || fallback === 'off') return addresses
  if (fallback === 'email') return ofKind(alternatives, 'email:')
  const common: unknown = certificate.toLegacyObject().subject?.CN
  return typeof common === 'string' ? [common] : []
}

const XMPP_ADDRESS = 'othername:XmppAddr:'

function ofKind(alternatives: readonly string[], kind: string): string[] {
  return alternatives.flatMap((name) => (name.startsWith(kind) ? [name.slice(kind.length)] : []))
}

/** Node joins the names with commas, and writes one that has a comma or a quote in it as a JSON string behind its kind. */
function alternativeNames(text: string): string[] {
  const found: string[] = []
  for (const [, kind = '', quoted, plain] of text.matchAll(
    /((?:othername:)?[\w ]+:)(?:("(?:[^"\\]|\\.)*")|([^,]*))(?:, |$)/g,
  )) {
    found.push(kind + (quoted === undefined ? plain : String(JSON.parse(quoted))))
  }
  return found
}

/** An address, or a user's name alone (the common name, say). */
function accountAt(name: string, domain: string): BareJid | undefined {
  const jid = name.includes('@') ? parseJid(name) : undefined
  if (!name.includes('@')) return bareJid(name, domain)
  return jid?.resource === '' && jid.domain === domain ? jid.bare : undefined
}
