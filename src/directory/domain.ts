/** A domain that this system serves. */
import { parseJid } from '../core/address.ts'
import { DirectoryError } from './errors.ts'

export const SIP_DIGESTS = ['off', 'md5', 'sha-256', 'both'] as const
export type SipDigest = (typeof SIP_DIGESTS)[number]

/** By which table the states of a domain's people are composed. */
export const COMPOSITION_TABLES = ['enterprise', 'microsoft'] as const
export type CompositionTable = (typeof COMPOSITION_TABLES)[number]

/** The digest settings apply to passwords set from then on; turning one off deletes the hashes it had kept. */
export interface DomainSettings {
  /** Offer XMPP DIGEST-MD5, and keep the hashes it needs. */
  readonly digestMd5: boolean
  /** Algorithms of SIP digest authentication whose hashes are kept. */
  readonly sipDigest: SipDigest
  readonly composition: CompositionTable
}

export interface Domain extends DomainSettings {
  readonly name: string
  /** Milliseconds since the epoch. */
  readonly createdAt: number
}

export const DEFAULT_DOMAIN_SETTINGS: DomainSettings = {
  digestMd5: false,
  sipDigest: 'off',
  composition: 'enterprise',
}

/** The prepared name. Throws `DirectoryError` `BAD_DOMAIN`. */
export function requireDomainName(text: string): string {
  const jid = parseJid(text.trim())
  if (jid && jid.local === '' && jid.resource === '') return jid.domain
  throw new DirectoryError('BAD_DOMAIN', 'that is not a domain name')
}
