/** Whom a MESSAGE is from: the one who was authenticated, whatever its body says. */
import { type Jid, parseJid, requireJid } from '../../core/address.ts'
import type { SipIdentity } from '../auth/identity.ts'
import { SipError } from '../errors.ts'
import { addressIn, aorOf, type ResolveResource } from '../events/resources.ts'
import { parseSipUri } from '../message/uri.ts'

/** A sender who is no user of ours is known by the address in his URI. */
export function senderOf({ address, uri }: SipIdentity): Jid {
  if (address) return requireJid(address)
  const parsed = parseSipUri(aorOf(uri))
  const user = parsed?.user
  const jid = parsed && parseJid(user === undefined ? parsed.host : `${user}@${parsed.host}`)
  if (!jid) throw new SipError(403, 'Bad Sender')
  return jid
}

/**
 * RFC 3862 §4.1: From of a CPIM message names its sender. Throws `SipError` 403 where that is another than he who was
 * authenticated. Who names nobody, in either place, is who was authenticated.
 */
export async function requireSameSender(
  uri: string | undefined,
  identity: SipIdentity,
  resolve: ResolveResource,
): Promise<void> {
  if (uri === undefined || isAnonymous(uri)) return
  const named = await accountOf(uri, resolve)
  const isSame =
    identity.address === undefined
      ? addressIn(uri) !== undefined && addressIn(uri) === addressIn(identity.uri)
      : named === identity.address
  if (!isSame) throw new SipError(403, 'CPIM From Is Not the Sender')
}

/** RFC 3323 §4.1.1.3. */
function isAnonymous(uri: string): boolean {
  return parseSipUri(uri)?.host.toLowerCase() === 'anonymous.invalid'
}

async function accountOf(uri: string, resolve: ResolveResource) {
  try {
    return await resolve(uri)
  } catch (error) {
    if (error instanceof SipError) return undefined
    throw error
  }
}
