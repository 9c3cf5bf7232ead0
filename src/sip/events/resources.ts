/** Who asks and about whom: request-URIs and identities, as the directory knows them. */
import { type BareJid, bareJid } from '../../core/address.ts'
import type { Watcher } from '../../core/presence/access/access.ts'
import { ownString, sharedString } from '../../util/own-string.ts'
import type { SipIdentity } from '../auth/identity.ts'
import { SipError } from '../errors.ts'
import { parseSipUri, serializeUri } from '../message/uri.ts'
import type { ServerTransaction } from '../user-agent.ts'

/** Throws `SipError` 401 with a challenge, or 403. */
export type Identify = (tx: ServerTransaction) => Promise<SipIdentity>

/** The user that an AOR names. Throws `SipError` 404 where there is none, 484 where the URI names several. */
export type ResolveResource = (uri: string) => Promise<BareJid>

/** What the SIP part asks of the directory to find people. */
export interface AddressBook {
  resolve(address: string): Promise<{ kind: string; account?: BareJid }>
}

/**
 * The AOR in a URI: without port, parameters, headers and password, the host in lower case.
 * Throws `SipError` 416 for schemes that name no presentity (RFC 3856 §5, RFC 3428 §4), 400 for what is no URI.
 */
export function aorOf(uri: string): string {
  const parsed = parseSipUri(uri)
  if (!parsed) throw new SipError(400, 'Bad Request-URI')
  if (!['sip', 'sips', 'pres', 'im', 'tel'].includes(parsed.scheme)) throw new SipError(416)
  // A local number means nothing without its phone-context (RFC 3966 §5.1.5).
  if (parsed.scheme === 'tel') return serializeUri(parsed)
  const { scheme, user, host } = parsed
  return sharedString(serializeUri({ scheme, user, host }))
}

/**
 * The resource that a URI names: its AOR, and that its user part is a telephone number where it says so
 * (RFC 3261 §19.1.6), which makes it another name than the same without. Throws as `aorOf` does.
 */
export function resourceOf(uri: string): string {
  const aor = aorOf(uri)
  if (!aor.startsWith('sip')) return aor
  const isPhone = parseSipUri(uri)?.params.get('user')?.toLowerCase() === 'phone'
  return isPhone ? sharedString(`${aor};user=phone`) : aor
}

/** RFC 3323 §4.1.1.3: who hides his name has none that rules could be about. */
const ANONYMOUS_HOST = 'anonymous.invalid'

/** Somebody of another system goes by the address in his URI; by the URI where there is none. */
export function watcherOf({ address, uri }: SipIdentity): Watcher {
  const name = address ?? addressIn(uri) ?? uri
  const known = watchers.get(name)
  if (known && known.account === address) return known
  const watcher: Watcher = { address: ownString(name), account: address, protocol: 'sip' }
  if (watchers.size >= SHARED_WATCHERS) watchers.clear()
  watchers.set(watcher.address, watcher)
  return watcher
}

/** Who watches one person watches others, too; whom they are about is said once for all of them. */
const SHARED_WATCHERS = 4_096
const watchers = new Map<string, Watcher>()

/** The `user@host` of a sip, sips, pres or im URI. */
export function addressIn(uri: string): BareJid | undefined {
  const parsed = parseSipUri(uri)
  if (!parsed?.user || !parsed.host || parsed.host === ANONYMOUS_HOST) return undefined
  return bareJid(parsed.user, parsed.host)
}

export function resourceResolver(directory: AddressBook): ResolveResource {
  return async (uri) => {
    const found = await directory.resolve(resourceOf(uri))
    if (found.kind === 'user' && found.account) return found.account
    throw new SipError(found.kind === 'ambiguous' ? 484 : 404)
  }
}
