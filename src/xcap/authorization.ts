/** Whose documents a URI names, and who may touch them (RFC 4825 §5.7, §6.2). */
import type { BareJid } from '../core/address.ts'
import type { Directory } from '../directory/directory.ts'
import type { XcapCaller } from './authentication.ts'
import { XcapRefusal } from './xcap-refusal.ts'

export class XcapDirectory {
  readonly #directory: Pick<Directory, 'resolve' | 'domains' | 'isLocal'>

  constructor(directory: Pick<Directory, 'resolve' | 'domains' | 'isLocal'>) {
    this.#directory = directory
  }

  /** An XUI is any address of the user: `sip:alice@example.com`, `alice@example.com`, `tel:+4930…`. */
  async accountOf(user: string): Promise<BareJid | undefined> {
    const found = await this.#directory.resolve(user)
    return found.kind === 'user' ? found.account : undefined
  }

  /** The domain that the XUI names, or else the host of the request, or the first there is. */
  realmOf(user: string | undefined, host: string | undefined): string {
    const named = [user?.slice(user.lastIndexOf('@') + 1), host?.replace(/:\d+$/, '')]
    const local = named.map((name) => name?.toLowerCase() ?? '')
    const [first] = this.#directory.domains()
    return local.find((name) => this.#directory.isLocal(name)) ?? first?.name ?? 'localhost'
  }
}

/**
 * The user whose tree it is; `undefined` in the global tree, which every user may read. Throws
 * `XcapRefusal` 404 for nobody of ours, 403 for somebody else.
 */
export async function authorize(
  directory: XcapDirectory,
  caller: XcapCaller,
  user: string | undefined,
): Promise<BareJid | undefined> {
  if (user === undefined) return undefined
  const account = await directory.accountOf(user)
  if (!account) throw new XcapRefusal(404, 'There is no such user')
  if (caller.role === 'user' && caller.account !== account) {
    throw new XcapRefusal(403, 'These are somebody else’s documents')
  }
  return account
}
