/**
 * The certificate that every TLS listener shows: the operator's, or one that the server makes itself
 * from an authority of its own in `<data>/tls`. Either is replaced while the server runs.
 */
import { X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import type { SecureContext } from 'node:tls'
import { domainToASCII } from 'node:url'
import type { Config } from '../config/schema.ts'
import { reason } from '../config/sources.ts'
import type { TlsIdentities, TlsIdentity } from '../net/link.ts'
import { TlsContexts } from '../net/tls-contexts.ts'
import type { Clock, Timer } from '../util/clock.ts'
import type { Log } from '../util/log.ts'
import {
  attempt,
  type CertificateFiles,
  fingerprintOf,
  pairsIn,
  readIdentity,
  readPem,
} from './certificate-files.ts'
import { type OwnFiles, requireOwnCertificate } from './own-certificate.ts'

const CHECK_MS = 60_000
const MAIN = { certificate: 'tls.certificate', key: 'tls.key' }

export interface CertificatesDeps {
  clock: Clock
  log: Log
}

/** What `tls.createServer` and `https.createServer` take. */
export interface TlsServerOptions extends TlsIdentity {
  readonly SNICallback: (
    name: string,
    done: (error: Error | null, context?: SecureContext) => void,
  ) => void
}

export type CertificatesConfig = Pick<Config, 'data' | 'tls'> & {
  readonly listeners: readonly Pick<Config['listeners'][number], 'name' | 'certificate' | 'key'>[]
}

interface Loaded {
  readonly identities: TlsIdentities
  readonly contexts: TlsContexts
}

export class Certificates implements Disposable {
  /** Authorities (PEM) whose certificates SIP peers may show; `undefined` where none is asked for. */
  readonly clientCa: string | undefined
  readonly #deps: CertificatesDeps
  readonly #config: CertificatesConfig
  readonly #own: OwnFiles | undefined
  readonly #listeners = new Set<(identities: TlsIdentities) => void>()
  readonly #domains: () => readonly string[]
  #loaded: Loaded
  /** What the operator's files looked like when they were read. */
  #seen: string
  /** Domains that a certificate was last wanted for, had or not: one that failed waits for the next minute. */
  #tried: ReadonlySet<string>
  #timer: Timer | undefined
  #renewing: Promise<void> = Promise.resolve()

  /** `domains` tells those of now. Throws `OperatorError` `TLS_BAD_CERTIFICATE`, `DATA_UNWRITABLE`. */
  static async open(
    deps: CertificatesDeps,
    config: CertificatesConfig,
    domains: () => readonly string[],
  ): Promise<Certificates> {
    const own = config.tls.certificate === undefined ? ownFiles(config.data) : undefined
    if (own) await requireOwnCertificate(deps, own, domains())
    return new Certificates(deps, config, own, domains)
  }

  private constructor(
    deps: CertificatesDeps,
    config: CertificatesConfig,
    own: OwnFiles | undefined,
    domains: () => readonly string[],
  ) {
    this.#deps = deps
    this.#config = config
    this.#own = own
    this.#domains = domains
    this.#tried = new Set(domains())
    const files = this.#files
    this.#seen = fingerprintOf(files)
    this.#loaded = this.#load(files)
    const { clientCa } = config.tls
    this.clientCa = clientCa === undefined ? undefined : readClientCa('tls.clientCa', clientCa)
    this.#warnOfDefects()
    this.#arm()
  }

  /** The authority that clients have to trust, where the server made it; `undefined` with the operator's certificate. */
  get caPath(): string | undefined {
    return this.#own?.ca
  }

  get identity(): TlsIdentity {
    return this.#loaded.identities.main
  }

  get identities(): TlsIdentities {
    return this.#loaded.identities
  }

  /**
   * For `tls.createServer` and `https.createServer`: a changed certificate is shown to who names the server; to others once
   * `onChange` was followed. `listener`: its name, for a certificate of its own.
   */
  serverOptions(listener?: string): TlsServerOptions {
    return {
      ...this.shownBy(listener),
      SNICallback: (name, done) => done(null, this.secureContext(name, undefined, listener)),
    }
  }

  /** To those who name nobody. */
  shownBy(listener = ''): TlsIdentity {
    const { main, byListener = {} } = this.identities
    return byListener[listener] ?? main
  }

  /**
   * For the server name that a client asks for (RFC 6066 §3), or for none. The server's own certificate has all
   * names; a domain that was added since has its name in it a moment later. `authorities` (PEM): those whose certificates
   * clients are asked for. `listener` may have a certificate of its own.
   */
  secureContext(domain?: string, authorities?: string, listener?: string): SecureContext {
    if (domain !== undefined && this.#own && this.#isMissing(domain)) void this.refresh()
    return this.#loaded.contexts.for(domain, authorities, listener)
  }

  /** Tells when other certificates are to be shown, for servers that took `identities`. */
  onChange(listener: (identities: TlsIdentities) => void): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }

  /** Looks for changed files and new domains at once; resolves when what has to be done about them is done. */
  refresh(): Promise<void> {
    this.#renewing = this.#renewing.then(() => this.#renew())
    return this.#renewing
  }

  [Symbol.dispose](): void {
    this.#timer?.cancel()
    this.#listeners.clear()
  }

  #arm(): void {
    this.#timer = this.#deps.clock.after(CHECK_MS, () => {
      void this.refresh().finally(() => this.#arm())
    })
  }

  #isMissing(domain: string): boolean {
    return !this.#tried.has(domain) && this.#domains().includes(domain)
  }

  /** A certificate that cannot be replaced is kept: the log says why until it can. */
  async #renew(): Promise<void> {
    this.#tried = new Set(this.#domains())
    try {
      if (this.#own) await requireOwnCertificate(this.#deps, this.#own, this.#domains())
      const files = this.#files
      const seen = fingerprintOf(files)
      if (seen === this.#seen) return
      this.#loaded = this.#load(files)
      this.#seen = seen
    } catch (error) {
      this.#deps.log.error({ what: 'tls_certificate_not_renewed', reason: reason(error) })
      return
    }
    this.#deps.log.info({ what: 'tls_certificate_changed' })
    for (const listener of this.#listeners) listener(this.#loaded.identities)
  }

  get #files(): CertificateFiles[] {
    const { tls, listeners } = this.#config
    const { certificate = this.#own?.certificate ?? '', key = this.#own?.key ?? '' } = tls
    const main = { certificate, key, options: MAIN }
    const domains = tls.domains === undefined ? [] : pairsIn(tls.domains)
    return [main, ...domains, ...listeners.flatMap(filesOf)]
  }

  #load(files: readonly CertificateFiles[]): Loaded {
    const minVersion = this.#config.tls.minVersion === '1.3' ? 'TLSv1.3' : 'TLSv1.2'
    const byListener: Record<string, TlsIdentity> = {}
    const others: TlsIdentity[] = []
    for (const each of files) {
      const identity = readIdentity(each, minVersion)
      if (each.listener === undefined) others.push(identity)
      else byListener[each.listener] = identity
    }
    const main = others.shift()
    if (!main) throw new Error('there is always a main certificate')
    const identities = { main, others, byListener }
    return { identities, contexts: new TlsContexts(identities) }
  }

  #warnOfDefects(): void {
    const { log, clock } = this.#deps
    const { main, others, byListener = {} } = this.identities
    const leaves = [main, ...others, ...Object.values(byListener)].map(
      ({ cert }) => new X509Certificate(cert),
    )
    for (const leaf of leaves) {
      if (leaf.validToDate.getTime() >= clock.now()) continue
      const { subjectAltName: names, validToDate } = leaf
      log.warn({ what: 'tls_certificate_expired', until: validToDate.toISOString(), names })
    }
    const missing = this.#domains().filter((domain) =>
      leaves.every((leaf) => leaf.checkHost(domainToASCII(domain)) === undefined),
    )
    if (missing.length > 0) log.warn({ what: 'tls_certificate_lacks_domains', domains: missing })
  }
}

function filesOf({
  name: listener,
  certificate,
  key,
}: CertificatesConfig['listeners'][number]): CertificateFiles[] {
  if (listener === undefined || certificate === undefined || key === undefined) return []
  const option = `listeners: ${listener}`
  const options = { certificate: `${option}: certificate`, key: `${option}: key` }
  return [{ certificate, key, listener, options }]
}

function ownFiles(data: string): OwnFiles {
  const file = (name: string) => join(data, 'tls', name)
  return {
    ca: file('ca.pem'),
    caKey: file('ca-key.pem'),
    certificate: file('server.pem'),
    key: file('server-key.pem'),
  }
}

/** Authorities, in PEM. Throws `OperatorError` `TLS_BAD_CERTIFICATE`. */
export function readClientCa(option: string, path: string): string {
  const pem = readPem(option, path)
  attempt(`${option}: ${path} is not a certificate`, () => new X509Certificate(pem))
  return pem
}
