/** Which certificate a TLS server shows to whom. */
import { X509Certificate } from 'node:crypto'
import { createSecureContext, type SecureContext } from 'node:tls'
import { domainToASCII } from 'node:url'
import type { TlsIdentities, TlsIdentity } from './link.ts'

interface Shown {
  readonly leaf: X509Certificate
  readonly context: SecureContext
}

/** Names asked for whose answer is remembered: anybody may ask for any. */
const MAX_NAMES = 10_000

export class TlsContexts {
  readonly #main: Shown
  readonly #others: readonly Shown[]
  readonly #byName = new Map<string, SecureContext>()

  /** Throws OpenSSL's error where an identity cannot be used. */
  constructor({ main, others }: TlsIdentities) {
    this.#main = shown(main)
    this.#others = others.map(shown)
  }

  /** For the server name that a client asks for (RFC 6066 §3), wildcards included (RFC 9525 §6.3); the main one for all else. */
  for(domain: string | undefined): SecureContext {
    if (domain === undefined || this.#others.length === 0) return this.#main.context
    const known = this.#byName.get(domain)
    if (known) return known
    const name = domainToASCII(domain)
    const own = this.#others.find(({ leaf }) => name !== '' && leaf.checkHost(name) !== undefined)
    const { context } = own ?? this.#main
    if (this.#byName.size < MAX_NAMES) this.#byName.set(domain, context)
    return context
  }
}

function shown(identity: TlsIdentity): Shown {
  return { leaf: new X509Certificate(identity.cert), context: createSecureContext(identity) }
}
