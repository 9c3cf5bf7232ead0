/**
 * Application servers: peers that act for users whose passwords they do not know, each within what
 * it may do (docs/adr/0017-application-servers.md). Known by certificate or address, over TLS unless an operator says otherwise.
 */
import { type BareJid, domainOf, parseJid } from '../../core/address.ts'
import type { SipIdentity } from '../auth/identity.ts'
import { TrustedPeers } from '../auth/trusted-peers.ts'
import { SipError } from '../errors.ts'
import type { Identify } from '../events/resources.ts'
import type { SipRequest } from '../message/message.ts'
import { parseEvent, parseNameAddr } from '../message/values.ts'
import type { Peer } from '../transport/transport.ts'
import type { ServerTransaction } from '../user-agent.ts'

export interface ApplicationServer {
  readonly name: string
  readonly peers: readonly string[]
  readonly watch: boolean
  readonly publish: boolean
  readonly decide: boolean
  /** Of all domains, where it is empty. */
  readonly domains: readonly string[]
  readonly tls: boolean
}

type Right = 'watch' | 'publish' | 'decide'

export type AccountOf = (uri: string) => Promise<SipIdentity['address']>

interface Known {
  readonly server: ApplicationServer
  readonly peers: TrustedPeers
}

const SCHEME = 'application:'

export class ApplicationServers {
  readonly #known: readonly Known[]

  constructor(servers: readonly ApplicationServer[]) {
    this.#known = servers.map((server) => ({
      server,
      peers: new TrustedPeers(server.peers.length > 0 ? server.peers : [server.name]),
    }))
  }

  /** By what its connection proves, or where its packets come from. */
  at({ transport, host, flow }: Peer): ApplicationServer | undefined {
    if (this.#known.length === 0) return undefined
    return this.#known.find(
      ({ server, peers }) =>
        (transport === 'tls' || !server.tls) && peers.trusts(host, flow?.provenNames ?? []),
    )?.server
  }

  /** By the address that it goes by as a watcher: its lists are its own, under its name. */
  called(address: string): { domain: BareJid; mayWatch(user: BareJid): boolean } | undefined {
    const server = this.#known.find((one) => SCHEME + one.server.name === address)?.server
    const domain = server && parseJid(server.name)?.bare
    return domain && { domain, mayWatch: (user) => server.watch && isWithin(server, user) }
  }

  /**
   * Who asks: an application server for itself or for a user, within its rights; whoever else as `identify` has it.
   * One that brings a user's digest is that user's client. Throws `SipError` 403.
   */
  identify(identify: Identify, accountOf: AccountOf): Identify {
    if (this.#known.length === 0) return identify
    return async (tx) => {
      const server = tx.trusted ? undefined : this.at(tx.source)
      if (!server || tx.request.headers.has('Authorization')) return identify(tx)
      const right = rightFor(tx)
      if (!right) return identify(tx)
      const user = assertedUser(tx.request)
      if (user === undefined) {
        if (right !== 'watch') return identify(tx)
        requireRight(server, 'watch')
        return { address: undefined, uri: SCHEME + server.name, trusted: false }
      }
      // Watching as a user would be out of sight of the rights and limits of its lists.
      if (right === 'watch') throw new SipError(403, 'Watches by Lists Only')
      requireRight(server, right)
      const account = await accountOf(user)
      if (account === undefined || !isWithin(server, account)) {
        throw new SipError(403, 'Not for This User')
      }
      // As if he had asked himself: what trusted peers may do besides is not for it.
      return { address: account, uri: user, trusted: false }
    }
  }
}

/** Whether it may act for users of the account's domain. */
export function isWithin({ domains }: ApplicationServer, account: BareJid): boolean {
  return domains.length === 0 || domains.includes(domainOf(account))
}

/** What a request takes; `undefined` for what is nobody's to do for others. */
function rightFor({ request: { method, headers } }: ServerTransaction): Right | undefined {
  const event = parseEvent(headers.get('Event') ?? '')?.package
  if (method === 'PUBLISH') return event === 'presence.wauth' ? 'decide' : 'publish'
  if (method !== 'SUBSCRIBE') return undefined
  return event === 'presence.winfo' ? 'decide' : 'watch'
}

function requireRight(server: ApplicationServer, right: Right): void {
  if (!server[right]) throw new SipError(403, `Not Allowed to ${right} for Users`)
}

/** RFC 3325 §9.1. */
function assertedUser({ headers }: SipRequest): string | undefined {
  return parseNameAddr(headers.getAll('P-Asserted-Identity')[0] ?? '')?.uri
}
