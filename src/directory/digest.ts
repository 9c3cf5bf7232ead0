/**
 * H(user:realm:password), which HTTP-style digests need on the server (`HA1`): SIP's (RFC 7616 §3.4.2,
 * RFC 8760) and XMPP's DIGEST-MD5 (RFC 2831 §2.1.2.1). As good as the password to whoever reads it,
 * so kept only where the operator asked for it.
 */
import { createHash } from 'node:crypto'
import { type BareJid, domainOf, localOf } from '../core/address.ts'
import type { Domain } from './domain.ts'

export type DigestAlgorithm = 'MD5' | 'SHA-256'
/** `sip-address`: for SIP clients that give the whole address as user name. */
export type DigestKind = 'sip' | 'sip-address' | 'xmpp'

export interface DigestHash {
  readonly kind: DigestKind
  readonly algorithm: DigestAlgorithm
  readonly hash: string
}

/** Those that the domain's settings ask for. The user is the local part, or the account, and the realm is the domain. */
export function digestHashes(domain: Domain, account: BareJid, password: string): DigestHash[] {
  const user = localOf(account)
  const realm = domainOf(account)
  const hashes: DigestHash[] = []
  for (const [kind, username] of [
    ['sip', user],
    ['sip-address', account],
  ] as const) {
    const text = `${username}:${realm}:${password}`
    if (domain.sipDigest === 'md5' || domain.sipDigest === 'both') {
      hashes.push({ kind, algorithm: 'MD5', hash: hash('md5', text) })
    }
    if (domain.sipDigest === 'sha-256' || domain.sipDigest === 'both') {
      hashes.push({ kind, algorithm: 'SHA-256', hash: hash('sha256', text) })
    }
  }
  if (domain.digestMd5) {
    // RFC 2831 §2.1.2.1: each part goes in as ISO 8859-1 where it fits, and as UTF-8 otherwise.
    const parts = [user, realm, password].map(latin1OrUtf8)
    const [first = '', second = '', third = ''] = parts.map((part) => part.toString('latin1'))
    const octets = Buffer.from(`${first}:${second}:${third}`, 'latin1')
    hashes.push({ kind: 'xmpp', algorithm: 'MD5', hash: hash('md5', octets) })
  }
  return hashes
}

function hash(algorithm: string, input: string | Buffer): string {
  return createHash(algorithm).update(input).digest('hex')
}

function latin1OrUtf8(text: string): Buffer {
  return Buffer.from(text, /^[\u0000-\u00ff]*$/.test(text) ? 'latin1' : 'utf8')
}
