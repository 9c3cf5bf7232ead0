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
  readonly kind: string
  readonly algorithm: DigestAlgorithm
  readonly hash: string
}

/** As it is kept of another realm than the account's domain. */
export function kindWithRealm(kind: DigestKind, realm: string): string {
  return `${kind}:${realm}`
}

/**
 * Those that the domain's settings ask for. The user is the local part, or the account, and the realm is the domain;
 * for DIGEST-MD5 those of `realms`, too.
 */
export function digestHashes(
  domain: Domain,
  account: BareJid,
  password: string,
  realms: readonly string[] = [],
): DigestHash[] {
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
    const made = (inRealm: string) => hash('md5', xmppOctets(user, inRealm, password))
    hashes.push({ kind: 'xmpp', algorithm: 'MD5', hash: made(realm) })
    for (const other of realms) {
      const kind = kindWithRealm('xmpp', other)
      if (other !== realm) hashes.push({ kind, algorithm: 'MD5', hash: made(other) })
    }
  }
  return hashes
}

/** RFC 2831 §2.1.2.1: each part goes in as ISO 8859-1 where it fits, and as UTF-8 otherwise. */
function xmppOctets(...parts: readonly string[]): Buffer {
  return Buffer.from(parts.map((part) => latin1OrUtf8(part).toString('latin1')).join(':'), 'latin1')
}

function hash(algorithm: string, input: string | Buffer): string {
  return createHash(algorithm).update(input).digest('hex')
}

function latin1OrUtf8(text: string): Buffer {
  return Buffer.from(text, /^[\u0000-\u00ff]*$/.test(text) ? 'latin1' : 'utf8')
}
