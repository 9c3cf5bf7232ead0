/** Whom a rule is about: any address of a user, an address elsewhere, or a pattern. */
import { type BareJid, domainOf, parseJid } from '../core/address.ts'
import { ANYBODY, EXTERNAL } from '../core/presence/access/rule.ts'
import type { Directory } from '../directory/directory.ts'
import { ApiError } from './api-error.ts'
import { requireAccount } from './resolve.ts'

/** Throws `ApiError` BAD_ADDRESS, UNKNOWN_ADDRESS, AMBIGUOUS_ADDRESS. */
export async function requirePresentity(directory: Directory, text: string): Promise<string> {
  return isPattern(text) ? preparePattern(text) : requireAccount(directory, text)
}

/**
 * For a new rule: `external` says that the watcher is meant to be nobody of this system, so that a
 * slip of the pen does not make a rule about a stranger.
 * Throws `ApiError` BAD_ADDRESS, UNKNOWN_ADDRESS, AMBIGUOUS_ADDRESS.
 */
export async function requireWatcher(
  directory: Directory,
  { watcher, external = false }: { watcher: string; external?: boolean | undefined },
): Promise<string> {
  if (isPattern(watcher)) return preparePattern(watcher)
  if (!external) return requireAccount(directory, watcher)
  const address = externalAddress(directory, watcher)
  if (address) return address
  throw new ApiError('BAD_ADDRESS', `${watcher} is not user@domain at another system`)
}

/**
 * One who asks, or whose rules are looked for: a user by any of his addresses, or else an address of
 * another system. Throws `ApiError` BAD_ADDRESS, UNKNOWN_ADDRESS, AMBIGUOUS_ADDRESS.
 */
export async function findWatcher(
  directory: Directory,
  { watcher, external = false }: { watcher: string; external?: boolean | undefined },
): Promise<string> {
  if (isPattern(watcher)) return preparePattern(watcher)
  const stranger = externalAddress(directory, watcher)
  if (external && stranger) return stranger
  const found = await directory.resolve(watcher)
  if (found.kind === 'user') return found.account
  return stranger ?? requireAccount(directory, watcher)
}

/** As `findWatcher`, for one person. Throws `ApiError` BAD_ADDRESS, too, where it is a pattern. */
export async function requirePerson(
  directory: Directory,
  asked: { watcher: string; external?: boolean | undefined },
): Promise<BareJid> {
  const jid = parseJid(await findWatcher(directory, asked))
  if (!jid || jid.local === '') throw new ApiError('BAD_ADDRESS', `${asked.watcher} is nobody`)
  return jid.bare
}

function isPattern(text: string): boolean {
  return text === ANYBODY || text.startsWith('@')
}

function preparePattern(text: string): string {
  if (text === ANYBODY || text === EXTERNAL) return text
  const jid = parseJid(text.slice(1))
  if (jid && jid.local === '' && jid.resource === '') return `@${jid.domain}`
  throw new ApiError('BAD_ADDRESS', `${text} is neither an address nor @domain, @* or *`)
}

function externalAddress(directory: Directory, text: string): BareJid | undefined {
  const jid = parseJid(text.replace(/^(sips?|xmpp|pres|im):/i, ''))
  if (!jid || jid.local === '' || jid.resource !== '') return undefined
  return directory.isLocal(domainOf(jid.bare)) ? undefined : jid.bare
}
