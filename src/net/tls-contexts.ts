/** Which certificate a TLS server shows to whom, and whose it asks for. */
import { createHash, X509Certificate } from 'node:crypto'
import { createSecureContext, type SecureContext } from 'node:tls'
import { domainToASCII } from 'node:url'
import type { TlsIdentities, TlsIdentity } from './link.ts'

interface Shown {
  readonly identity: TlsIdentity
  readonly leaf: X509Certificate
  readonly context: SecureContext
  /** By the authorities whose certificates are asked for. */
  readonly asking: Map<string, SecureContext>
}

/** Names asked for whose answer is remembered: anybody may ask for any. */
const MAX_NAMES = 10_000

export class TlsContexts {
  readonly #main: Shown
  readonly #others: readonly Shown[]
  readonly #byListener: ReadonlyMap<string, Shown>
  readonly #byName = new Map<string, Shown>()

  /** Throws OpenSSL's error where an identity cannot be used. */
  constructor({ main, others, byListener = {} }: TlsIdentities) {
    this.#main = shown(main)
    this.#others = others.map(shown)
    this.#byListener = new Map(
      Object.entries(byListener).map(([name, identity]) => [name, shown(identity)]),
    )
  }

  /**
   * What the listener shows, where it has its own; otherwise for the server name that a client asks for (RFC 6066 §3), wildcards
   * included (RFC 9525 §6.3); the main one for all else.
   */
  for(domain: string | undefined, authorities?: string, listener?: string): SecureContext {
    const own = listener === undefined ? undefined : this.#byListener.get(listener)
    const found = own ?? this.#shownTo(domain)
    return authorities === undefined ? found.context : asking(found, authorities)
  }

  #shownTo(domain: string | undefined): Shown {
    if (domain === undefined || this.#others.length === 0) return this.#main
    const known = this.#byName.get(domain)
    if (known) return known
    const name = domainToASCII(domain)
    const own = this.#others.find(({ leaf }) => name !== '' && leaf.checkHost(name) !== undefined)
    const found = own ?? this.#main
    if (this.#byName.size < MAX_NAMES) this.#byName.set(domain, found)
    return found
  }
}

function shown(identity: TlsIdentity): Shown {
  const context = createSecureContext(identity)
  return { identity, leaf: new X509Certificate(identity.cert), context, asking: new Map() }
}

/** A session that was begun where others were asked for, or nobody, is not resumed with these: it would have its own idea of who the client is. */
function asking({ identity, asking: known }: Shown, authorities: string): SecureContext {
  const made = known.get(authorities)
  if (made) return made
  const sessionIdContext = createHash('sha256').update(authorities).digest('hex').slice(0, 32)
  const context = createSecureContext({ ...identity, ca: authorities, sessionIdContext })
  known.set(authorities, context)
  return context
}
