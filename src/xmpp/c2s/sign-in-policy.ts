import type { ScramMechanism } from '../sasl/mechanism.ts'

/** What one listener asks of those who sign in; listeners may differ. */
export interface SignInPolicy {
  /** Names of mechanisms that are taken, their -PLUS variants with them, `HT-SHA-256` for tokens; all, where absent. */
  readonly mechanisms?: readonly string[] | undefined
  /** Nobody signs in without TLS. */
  readonly isTlsRequired: boolean
  /** Of DIGEST-MD5 (RFC 2831 §2.1.1); the domain, where absent. */
  readonly realm?: string | undefined
}

/** Tasks of XEP-0480 that add the keys of a mechanism. */
export function upgradeTask(mechanism: ScramMechanism): string {
  return `UPGR-${mechanism}`
}
