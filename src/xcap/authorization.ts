/** Whose documents a URI names, and who may touch them (RFC 4825 §5.7, §6.2). */
import type { BareJid } from '../core/address.ts'
import type { Directory } from '../directory/directory.ts'
import type { ApplicationUsage } from './application-usage.ts'
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

export interface Authorizing {
  readonly caller: XcapCaller
  readonly user: string | undefined
  readonly usage: ApplicationUsage
  readonly isReading: boolean
}

/**
 * The user whose tree it is; `undefined` in the global tree, which every user may read but for what
 * is the server’s own. Throws `XcapRefusal` 404 for nobody of ours, 403.
 */
export async function authorize(
  directory: XcapDirectory,
  { caller, user, usage, isReading }: Authorizing,
): Promise<BareJid | undefined> {
  const isUser = caller.role === 'user'
  if (user === undefined) {
    if (isUser && usage.made?.isPrivate) throw new XcapRefusal(403, 'This is not for users')
    return undefined
  }
  const account = await directory.accountOf(user)
  if (!account) throw new XcapRefusal(404, 'There is no such user')
  if (isUser && caller.account !== account && !(isReading && usage.isReadByAll)) {
    throw new XcapRefusal(403, 'These are somebody else’s documents')
  }
  return account
}
