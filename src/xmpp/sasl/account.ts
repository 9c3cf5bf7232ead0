import { type BareJid, bareJid, parseJid } from '../../core/address.ts'
import { SaslError } from '../errors.ts'

/** The account that a user name means on a stream to `domain`: RFC 6120 §6.3.7 has the local part as the simple user name. */
export function accountOf(user: string, domain: string): BareJid | undefined {
  return bareJid(user, domain)
}

/** RFC 6120 §6.3.8: an authorization identity may be given, and must be the account's own bare JID. */
export function checkAuthzid(authzid: string, account: BareJid): void {
  if (authzid !== '' && parseJid(authzid)?.full !== account) throw new SaslError('invalid-authzid')
}
